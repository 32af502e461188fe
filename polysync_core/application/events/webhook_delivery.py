"""Signs and delivers events to webhooks, with retries and a poison queue.

A failed delivery returns to the queue with a growing delay. The host also repeats a message, but
with one fixed delay, so its retries are used only for faults of the app.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from polysync_core.application.events.deliveries import Delivery
from polysync_core.application.events.retries import DeliveryQueues
from polysync_core.application.events.slots import DeliverySlots
from polysync_core.domain.clock import Clock, rfc3339
from polysync_core.domain.definitions.recent_results import DeliveryAttempt, DeliveryResult
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Malformed, NotFound, PolysyncError
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.events import encode_message
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.receivers.posting import Post
from polysync_core.outbound.receivers.signatures import signed_headers
from polysync_core.outbound.references import Secrets

_SIGNATURE_REFUSED = frozenset({401, 403})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """The use case that processes the queue of deliveries."""

    definitions: DefinitionReader
    secrets: Secrets
    post: Post
    queues: DeliveryQueues
    clock: Clock
    record: Callable[[str, DeliveryAttempt], None]
    """Remembers an attempt of a webhook; it raises nothing."""
    slots: DeliverySlots

    def deliver(self, text: str) -> None:
        """Process one message: the delivery is sent, delayed, dropped or abandoned.

        A delivery to a webhook without a free slot goes back to the queue, as the same attempt.
        Raises `Unavailable` if a queue is not available. The host then repeats the message.
        """
        try:
            delivery = Delivery.parse(text)
        except Malformed:
            self.queues.poison_queue.send(text)
            return
        with self.slots.taken(delivery.webhook) as wait:
            if wait is not None:
                self.queues.delivery_queue.send(text, delay_seconds=wait)
                return
            try:
                self._attempt(delivery)
            except PolysyncError as error:
                self._failed(delivery, error)

    def _attempt(self, delivery: Delivery) -> None:
        try:
            webhook = self.definitions.webhook(delivery.webhook)
        except NotFound:
            _log_dropped(delivery, "deleted")
            return
        if not webhook.enabled:
            _log_dropped(delivery, "disabled")
            return
        secret = self.secrets.resolve(webhook.secret)
        body = encode_message(delivery.event).encode()
        try:
            headers = self._headers(_kind(delivery), delivery.id, secret, body)
            self.post(webhook.url, headers, body)
        except PolysyncError as error:
            if getattr(error, "status", None) in _SIGNATURE_REFUSED:
                # The secret may have been rotated: the next attempt reads it again.
                self.secrets.forget(webhook.secret)
            raise
        _log.info("A webhook accepted an event.", extra=_log_fields(delivery, "webhook_delivered"))
        self._remember(delivery, DeliveryResult.ACCEPTED)

    def _remember(
        self, delivery: Delivery, result: DeliveryResult, error: str | None = None
    ) -> None:
        run_id = delivery.event.get("runId")
        attempt = DeliveryAttempt(
            at=self.clock(),
            event_id=str(delivery.event["eventId"]),
            kind=_kind(delivery),
            run_id=run_id if isinstance(run_id, str) else None,
            attempt=delivery.attempt,
            result=result,
            error=error,
        )
        self.record(delivery.webhook, attempt)

    def send_test(self, webhook: Webhook) -> str:
        """Send a signed test event once, to a webhook that need not be stored.

        Return a sentence; raises a `PolysyncError` unless the webhook accepts the event.
        """
        now = self.clock()
        event: JsonObject = {
            "eventId": f"test/{int(now.timestamp() * 1000)}",
            "at": rfc3339(now),
            "test": True,
            "reason": f"A test of the webhook {webhook.name}; no run has changed.",
        }
        secret, body = self.secrets.resolve(webhook.secret), encode_message(event).encode()
        delivery = f"{event['eventId']}/{webhook.name}"
        self.post(webhook.url, self._headers("test", delivery, secret, body), body)
        return "The webhook accepted the test event."

    def _headers(self, kind: str, delivery: str, secret: Secret, body: bytes) -> dict[str, str]:
        timestamp = str(int(self.clock().timestamp()))
        return signed_headers(
            kind=kind, delivery=delivery, timestamp=timestamp, secret=secret, body=body
        )

    def _failed(self, delivery: Delivery, error: PolysyncError) -> None:
        is_last = self.queues.is_last(delivery)
        _log.warning(
            "A webhook did not accept an event.",
            extra={
                **_log_fields(delivery, "webhook_failed"),
                "error": str(error),
                "attempt": delivery.attempt,
                "abandoned": is_last,
            },
        )
        self._remember(
            delivery,
            DeliveryResult.ABANDONED if is_last else DeliveryResult.FAILED,
            str(error),
        )
        self.queues.repeat(delivery, error)


def _kind(delivery: Delivery) -> str:
    """Return the kind of an event, such as `run.failed`, `deadline.missed` or `job.drift`."""
    if delivery.event.get("drift") is not None:
        return "job.drift"
    if (change := delivery.event.get("deadline")) is not None:
        return f"deadline.{str(change).lower()}"
    if delivery.event.get("problem") is not None:
        return "run.problem"
    return f"run.{str(delivery.event['to']).lower()}"


def _log_dropped(delivery: Delivery, state: str) -> None:
    _log.info(
        "An event for a webhook was dropped.",
        extra={**_log_fields(delivery, "webhook_dropped"), "webhook_state": state},
    )


def _log_fields(delivery: Delivery, action: str) -> dict[str, str]:
    return {"action": action, "webhook": delivery.webhook, "delivery": delivery.id}
