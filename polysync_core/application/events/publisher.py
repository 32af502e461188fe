"""Puts the events of runs into the public queue and the queue of webhook deliveries."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from polysync_core.application.events.deliveries import Delivery
from polysync_core.application.ports import Queue
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.runs.events import RunEvent, encode_message
from polysync_core.domain.timed_cache import TimedCache


class Subscriptions:
    """The enabled webhooks, cached; safe for threads.

    An edit of a webhook takes effect after at most `DEFINITION_TTL` seconds.
    """

    def __init__(
        self,
        webhooks: Callable[[], Sequence[Webhook]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        def load_enabled(_: None) -> Sequence[Webhook]:
            return [webhook for webhook in webhooks() if webhook.enabled]

        self._enabled = TimedCache(load_enabled, monotonic=monotonic)

    def deliveries_of(self, event: RunEvent) -> list[Delivery]:
        """Return one delivery for each subscribed webhook; may raise `Unavailable`."""
        subscribed = [
            webhook
            for webhook in self._enabled.get(None)
            if webhook.events.accepts(
                event.task, event.status, event.tags, is_problem=event.is_problem
            )
        ]
        if not subscribed:
            return []
        content = event.as_json()
        return [Delivery(webhook=webhook.name, event=content) for webhook in subscribed]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPublisher:
    """Puts run events into the public queue and the delivery queue; implements `Publisher`."""

    events: Queue
    deliveries: Queue
    subscriptions: Subscriptions

    def publish(self, event: RunEvent) -> None:
        """Send the event to its queues; raises as `Queue.send` does."""
        # Read the webhooks first. If that fails, nothing was sent, so a retry sends no
        # duplicate.
        deliveries = self.subscriptions.deliveries_of(event)
        self.events.send(encode_message(event.as_json()))
        for delivery in deliveries:
            self.deliveries.send(delivery.encode())
