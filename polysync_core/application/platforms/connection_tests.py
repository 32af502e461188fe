"""Trying out a vault or a platform before anything depends on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import PolysyncError
from polysync_core.platforms.connector import Connector
from polysync_core.vaults.source import SecretSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTestResult:
    """What came of a test; a target that fails is an answer, not an error."""

    __test__ = False  # pytest would take it for a test class

    ok: bool
    message: str
    latency_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTests:
    """The connection tests; each opens its target anew, so that nothing remembered helps it."""

    vault_named: Callable[[str], Vault]
    """Return a Vault, or raise `NotFound`."""
    platform_named: Callable[[str], Platform]
    open_vault: Callable[[Vault], SecretSource]
    open_connector: Callable[[Platform], Connector]

    def test_vault(self, name: str) -> ConnectionTestResult:
        """Make one cheap call to a vault; raises `NotFound` where none is defined."""
        vault = self.vault_named(name)
        return _timed(lambda: self.open_vault(vault).test())

    def test_platform(self, name: str) -> ConnectionTestResult:
        """Make one cheap authenticated call to a platform; raises `NotFound` as above."""
        platform = self.platform_named(name)
        return _timed(lambda: self.open_connector(platform).test())


def _timed(test: Callable[[], str]) -> ConnectionTestResult:
    began = time.monotonic()
    try:
        ok, message = True, test()
    except PolysyncError as error:
        ok, message = False, str(error)
    latency = round((time.monotonic() - began) * 1000)
    return ConnectionTestResult(ok=ok, message=message, latency_ms=latency)
