"""Reads secrets from environment variables, for development only."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from polysync_core.domain.definitions.types.catalogue import NoFields
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import PlatformRefused, Problem
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.vaults.plugin import VaultContext, VaultPlugin

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


@dataclass(frozen=True, slots=True)
class EnvironmentVariables:
    """Reads secrets from environment variables."""

    variables: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def read(self, name: str) -> Secret:
        """Return the variable of a name; an empty variable counts as missing."""
        value = self.variables.get(name) if _VARIABLE.fullmatch(name) else None
        if not value:
            raise PlatformRefused(
                f"the environment has no variable {name}: set it where the app (the Functions"
                " host) runs, and restart the app",
                cause=FailureCause.SECRET,
            )
        return Secret(value)

    def test(self) -> str:
        """Return a sentence; there is no connection to test."""
        return "Secrets are read from the environment of this process."


def check_environment(vault: Vault, development: bool) -> list[Problem]:
    """Return the problems of a definition; the provider is only for development."""
    problems = [
        Problem(f"attributes.{name}", "is not a known field: a vault of the environment has none")
        for name in vault.attributes
    ]
    if not development:
        # The environment holds the app's own settings, which authors of Tasks must not read.
        problems.append(
            Problem(
                "provider",
                "Environment is for development only: use Files, or a secret manager",
            )
        )
    return problems


def _open(vault: Vault, context: VaultContext) -> EnvironmentVariables:
    return EnvironmentVariables()


PLUGIN = VaultPlugin(
    name=VaultProvider.ENVIRONMENT,
    check=check_environment,
    attributes=NoFields,
    open=_open,
)
