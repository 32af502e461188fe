"""Delivering events to webhooks: signed, patiently, and never without a trace.

An attempt that fails is put into the queue again, hidden for longer each time; the host's own
repetition, which knows one distance only, is left for faults of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from polysync_core.application.events.deliveries import Delivery
from polysync_core.application.ports import Queue
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.errors import Malformed, NotFound, PolysyncError, Unavailable
from polysync_core.domain.runs.events import encode_message
from polysync_core.domain.secrets import Secret
from polysync_core.outbound.references import Secrets

_LONGEST_DELAY = 3600.0
_GROWTH = 3.0
_REFUSALS_OF_A_SIGNATURE = frozenset({401, 403})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Persistence:
    """How long a receiver that fails is tried: eight times within two hours."""

    attempts: int = 8
    first_delay: float = 10.0
    """Seconds; each later one is three times as long, up to an hour."""

    def delay_after(self, attempt: int, wish: float | None) -> int:
        """Return the seconds until the next attempt; a receiver may ask for more."""
        own = self.first_delay * _GROWTH ** (attempt - 1)
        return round(max(1.0, min(max(own, wish or 0.0), _LONGEST_DELAY)))


class Post(Protocol):
    """Posts a body; returns if the receiver took it, raises a `PolysyncError` otherwise."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """The use case behind the queue of deliveries."""

    definitions: DefinitionReader
    secrets: Secrets
    post: Post
    again: Queue
    """The queue of deliveries itself."""
    given_up: Queue
    """Its poison queue."""
    clock: Clock
    persistence: Persistence = Persistence()

    def deliver(self, text: str) -> None:
        """Handle one message; when this returns it is delivered, put off, dropped or given up.

        Raises `Unavailable` where the queues are away: then the host repeats the message.
        """
        try:
            delivery = Delivery.parse(text)
        except Malformed:
            self.given_up.send(text)
            return
        try:
            self._attempt(delivery)
        except PolysyncError as error:
            self._failed(delivery, error)

    def _attempt(self, delivery: Delivery) -> None:
        try:
            webhook = self.definitions.webhook(delivery.webhook)
        except NotFound:
            _dropped(delivery, "deleted")
            return
        if not webhook.enabled:
            _dropped(delivery, "disabled")
            return
        secret = self.secrets.resolve(webhook.secret)
        body = encode_message(delivery.event).encode()
        try:
            self.post(webhook.url, self._headers(delivery, secret, body), body)
        except PolysyncError as error:
            if getattr(error, "status", None) in _REFUSALS_OF_A_SIGNATURE:
                # The secret may have been exchanged: read it anew for the next attempt.
                self.secrets.forget(webhook.secret)
            raise
        _log.info("A webhook took an event.", extra=_facts(delivery, "webhook_delivered"))

    def _headers(self, delivery: Delivery, secret: Secret, body: bytes) -> dict[str, str]:
        timestamp = str(int(self.clock().timestamp()))
        return {
            "X-Polysync-Event": f"run.{str(delivery.event['to']).lower()}",
            "X-Polysync-Delivery": delivery.id,
            "X-Polysync-Timestamp": timestamp,
            "X-Polysync-Signature": f"v1={signature(secret, timestamp, body)}",
        }

    def _failed(self, delivery: Delivery, error: PolysyncError) -> None:
        following = delivery.after(str(error))
        last = delivery.attempt >= self.persistence.attempts
        _log.warning(
            "A webhook did not take an event.",
            extra={
                **_facts(delivery, "webhook_failed"),
                "error": str(error),
                "attempt": delivery.attempt,
                "abandoned": last,
            },
        )
        if last:
            self.given_up.send(following.encode())
            return
        wish = error.retry_after if isinstance(error, Unavailable) else None
        delay = self.persistence.delay_after(delivery.attempt, wish)
        self.again.send(following.encode(), delay_seconds=delay)


def signature(secret: Secret, timestamp: str, body: bytes) -> str:
    """Return HMAC-SHA256 over `<timestamp>.<body>` in hexadecimal digits."""
    key = secret.reveal().encode()
    return hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _dropped(delivery: Delivery, why: str) -> None:
    _log.info(
        "An event for a webhook was dropped.",
        extra={**_facts(delivery, "webhook_dropped"), "webhook_is": why},
    )


def _facts(delivery: Delivery, action: str) -> dict[str, str]:
    return {"action": action, "webhook": delivery.webhook, "delivery": delivery.id}
