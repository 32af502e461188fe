"""Tests connections to vaults, platforms, webhooks, receivers and the token issuer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from polysync_core.application.platforms.platform_texts import PlatformTexts
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.platforms import (
    Platform,
)
from polysync_core.domain.definitions.receivers import Receiver
from polysync_core.domain.definitions.recent_results import LastTest
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import NotFound, PolysyncError
from polysync_core.domain.security.secrets import SecretReference
from polysync_core.platforms.connector import Connector
from polysync_core.vaults.source import SecretSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTestResult:
    """The outcome of a test; a failed target is an outcome, not an error."""

    ok: bool
    message: str
    latency_ms: int
    platform_message: str | None = None
    """The platform's own words about a failure, without the secrets of its sign-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTests:
    """The connection tests; each test opens a new connection, past every cache."""

    definitions: DefinitionReader
    open_vault: Callable[[Vault], SecretSource]
    open_connector: Callable[[Platform], Connector]
    send_test_event: Callable[[Webhook], str]
    """Sends a test event to a webhook, and returns a sentence."""
    send_test_message: Callable[[Receiver], str]
    """Sends a test message to a receiver of notifications, and returns a sentence."""
    reach_issuer: Callable[[], str] | None
    """Reads the keys of the token issuer, and returns a sentence; None without an issuer."""
    texts: PlatformTexts
    record: Callable[[Reference, LastTest], None]
    """Remembers the test of a stored definition; it raises nothing."""
    clock: Clock

    def test_vault(self, name: str) -> ConnectionTestResult:
        """Make one cheap call to a vault; raises `NotFound` if the vault is not defined."""
        return self._recorded(Kind.VAULT, name, self.try_vault(self.definitions.vault(name)))

    def try_vault(self, vault: Vault) -> ConnectionTestResult:
        """Make one cheap call to a vault, which need not be stored."""
        return _timed(lambda: self.open_vault(vault).test())

    def test_secret(self, reference: str) -> ConnectionTestResult:
        """Read one secret, and never return it; raises `Invalid` or `NotFound` for its vault."""
        named = SecretReference.parse(reference, path="reference")
        vault = self.definitions.vault(named.vault)

        def read() -> str:
            self.open_vault(vault).read(named.secret)
            return f"{named} can be read."

        return _timed(read)

    def test_webhook(self, name: str) -> ConnectionTestResult:
        """Send a test event to a webhook; raises `NotFound` if the webhook is not defined."""
        return self._recorded(Kind.WEBHOOK, name, self.try_webhook(self.definitions.webhook(name)))

    def try_webhook(self, webhook: Webhook) -> ConnectionTestResult:
        """Send a test event to a webhook, which need not be stored."""
        return _timed(lambda: self.send_test_event(webhook))

    def test_receiver(self, name: str) -> ConnectionTestResult:
        """Send a test message to a receiver; raises `NotFound` if it is not defined."""
        result = self.try_receiver(self.definitions.receiver(name))
        return self._recorded(Kind.RECEIVER, name, result)

    def try_receiver(self, receiver: Receiver) -> ConnectionTestResult:
        """Send a test message to a receiver, which need not be stored."""
        return _timed(lambda: self.send_test_message(receiver))

    def test_token_issuer(self) -> ConnectionTestResult:
        """Read the keys of the token issuer; raises `NotFound` if none is configured."""
        if self.reach_issuer is None:
            raise NotFound(
                "No token issuer is configured: POLYSYNC_OIDC_ISSUER and POLYSYNC_OIDC_AUDIENCE "
                "name one."
            )
        return _timed(self.reach_issuer)

    def test_platform(self, name: str) -> ConnectionTestResult:
        """Make one cheap authenticated call to a platform; raises `NotFound` if it is undefined."""
        result = self.try_platform(self.definitions.platform(name))
        return self._recorded(Kind.PLATFORM, name, result)

    def try_platform(self, platform: Platform) -> ConnectionTestResult:
        """Make one cheap authenticated call to a platform, which need not be stored."""

        def call() -> str:
            try:
                return self.open_connector(platform).test()
            except PolysyncError as error:
                self.texts.filter_error(platform, error)
                raise

        return _timed(call, quotes_platform=True)

    def _recorded(
        self, kind: Kind, name: str, result: ConnectionTestResult
    ) -> ConnectionTestResult:
        test = LastTest(
            at=self.clock(), ok=result.ok, message=result.message, latency_ms=result.latency_ms
        )
        self.record(Reference(kind, name), test)
        return result


def _timed(test: Callable[[], str], *, quotes_platform: bool = False) -> ConnectionTestResult:
    """Make a test; the words of a platform must be free of secrets to be quoted."""
    started_at = time.monotonic()
    platform_message: str | None = None
    try:
        ok, message = True, test()
    except PolysyncError as error:
        ok, message = False, str(error)
        platform_message = error.platform_message if quotes_platform else None
    latency = round((time.monotonic() - started_at) * 1000)
    return ConnectionTestResult(
        ok=ok, message=message, latency_ms=latency, platform_message=platform_message
    )
