"""Where the events of runs go: to the queue that anybody may read, and to the webhooks."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.application.events.subscriptions import Subscriptions
from polysync_core.application.ports import Queue
from polysync_core.domain.runs.events import RunEvent, encode_message


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPublisher:
    """The application's `Publisher`."""

    events: Queue
    deliveries: Queue
    subscriptions: Subscriptions

    def publish(self, event: RunEvent) -> None:
        """Put the event into its queues; raises as `Queue.send` does."""
        # Found out first: where the webhooks cannot be read, nothing is sent that will be repeated.
        deliveries = self.subscriptions.deliveries_of(event)
        self.events.send(encode_message(event.as_json()))
        for delivery in deliveries:
            self.deliveries.send(delivery.encode())
