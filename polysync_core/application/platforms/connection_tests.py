"""Tests the connection to a vault or a platform."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from polysync_core.domain.definitions.platforms import (
    Platform,
)
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.secrets import SecretReference
from polysync_core.platforms.connector import Connector
from polysync_core.vaults.source import SecretSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTestResult:
    """The outcome of a test; a failed target is an outcome, not an error."""

    ok: bool
    message: str
    latency_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTests:
    """The connection tests; each test opens a new connection, past every cache."""

    definitions: DefinitionReader
    open_vault: Callable[[Vault], SecretSource]
    open_connector: Callable[[Platform], Connector]

    def test_vault(self, name: str) -> ConnectionTestResult:
        """Make one cheap call to a vault; raises `NotFound` if the vault is not defined."""
        vault = self.definitions.vault(name)
        return _timed(lambda: self.open_vault(vault).test())

    def test_secret(self, reference: str) -> ConnectionTestResult:
        """Read one secret, and never return it; raises `Invalid` or `NotFound` for its vault."""
        named = SecretReference.parse(reference, path="reference")
        vault = self.definitions.vault(named.vault)

        def read() -> str:
            self.open_vault(vault).read(named.secret)
            return f"{named} can be read."

        return _timed(read)

    def test_platform(self, name: str) -> ConnectionTestResult:
        """Make one cheap authenticated call to a platform; raises `NotFound` likewise."""
        platform = self.definitions.platform(name)
        return _timed(lambda: self.open_connector(platform).test())


def _timed(test: Callable[[], str]) -> ConnectionTestResult:
    started_at = time.monotonic()
    try:
        ok, message = True, test()
    except PolysyncError as error:
        ok, message = False, str(error)
    latency = round((time.monotonic() - started_at) * 1000)
    return ConnectionTestResult(ok=ok, message=message, latency_ms=latency)
