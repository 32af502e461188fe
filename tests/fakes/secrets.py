"""Implements a resolver of secret references that reads a dictionary."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret


class KnownSecrets:
    """Resolves references from `known`; `forget` takes the new value from `rotated`."""

    def __init__(self, known: Mapping[str, str], rotated: Mapping[str, str] | None = None) -> None:
        self.known = dict(known)
        self.rotated = dict(rotated or {})
        self.resolved: list[str] = []
        self.forgotten: list[str] = []

    def resolve(self, reference: str) -> Secret:
        self.resolved.append(reference)
        if reference not in self.known:
            raise PlatformRefused(f"there is no {reference}", cause=FailureCause.SECRET)
        return Secret(self.known[reference])

    def forget(self, reference: str) -> None:
        self.forgotten.append(reference)
        if reference in self.rotated:
            self.known[reference] = self.rotated[reference]
