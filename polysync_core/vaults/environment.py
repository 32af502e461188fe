"""Provider Environment: the variables of this process. For development only."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import PlatformRefused, Problem
from polysync_core.domain.secrets import Secret

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


@dataclass(frozen=True, slots=True)
class EnvironmentVariables:
    """Secrets that the developer has put into the environment."""

    variables: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def read(self, name: str) -> Secret:
        """Return the variable of that name; an empty one counts as missing."""
        value = self.variables.get(name) if _VARIABLE.fullmatch(name) else None
        if not value:
            raise PlatformRefused(
                f"the environment has no variable {name}", cause=FailureCause.SECRET
            )
        return Secret(value)

    def test(self) -> str:
        """Say that there is nothing that could fail."""
        return "Secrets are read from the environment of this process."


def check_environment(vault: Vault, *, development: bool) -> list[Problem]:
    """Return what is wrong; when deployed, the provider itself is."""
    problems = [
        Problem(f"attributes.{name}", "there is no such attribute") for name in vault.attributes
    ]
    if vault.auth is not None:
        problems.append(Problem("auth", "the environment needs no signing in: remove it"))
    if not development:
        # The app's own settings are in its environment: any author of a Task could read them.
        problems.append(Problem("provider", "Environment is for development only"))
    return problems
