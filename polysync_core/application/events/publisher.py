"""Puts run events into the queues for consumers and for webhook deliveries.

An event that no webhook and no receiver wants costs no message and no request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from polysync_core.application.events.deliveries import Delivery
from polysync_core.application.lineage.delivery import LineageStep, is_reported
from polysync_core.application.notifications.steps import NoticeStep
from polysync_core.application.ports import Queue
from polysync_core.domain.deadlines.events import DeadlineEvent
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.drift.events import DriftEvent
from polysync_core.domain.definitions.receivers import Receiver
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.notifications.kinds import NotificationKind, kind_of
from polysync_core.domain.runs.events import RunEvent, encode_message
from polysync_core.domain.timed_cache import TimedCache


class Subscriptions:
    """The enabled webhooks and receivers, cached; safe for threads.

    An edit by another process takes effect after at most `DEFINITION_TTL` seconds. An edit by this
    process takes effect at once.
    """

    def __init__(
        self,
        webhooks: Callable[[], Sequence[Webhook]],
        receivers: Callable[[], Sequence[Receiver]] = tuple,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        def load_enabled(_: None) -> Sequence[Webhook]:
            return [webhook for webhook in webhooks() if webhook.enabled]

        def load_receivers(_: None) -> Sequence[Receiver]:
            return [receiver for receiver in receivers() if receiver.enabled]

        self._enabled = TimedCache(load_enabled, monotonic=monotonic)
        self._receivers = TimedCache(load_receivers, monotonic=monotonic)

    def invalidate(self, changed: Iterable[Reference]) -> None:
        """Drop the cached definitions of the kinds that have changed."""
        kinds = {reference.kind for reference in changed}
        if Kind.WEBHOOK in kinds:
            self._enabled.invalidate()
        if Kind.RECEIVER in kinds:
            self._receivers.invalidate()

    def deliveries_of(self, event: RunEvent) -> list[Delivery]:
        """Return one delivery for each subscribed webhook; may raise `Unavailable`."""
        subscribed = [webhook for webhook in self._enabled.get(None) if _is_wanted(webhook, event)]
        if not subscribed:
            return []
        content = event.as_json()
        return [Delivery(webhook=webhook.name, event=content) for webhook in subscribed]

    def notices_of(self, event: RunEvent | DeadlineEvent) -> list[tuple[NoticeStep, int]]:
        """Return one notice for each receiver of notifications, with its delay in seconds.

        The queue holds the event of a waiting run back until the threshold of the receiver.
        """
        content = event.as_json()
        kind = kind_of(content)
        if kind is None:
            return []
        return [
            (
                NoticeStep(receiver=receiver.name, kind=kind, event=content),
                receiver.events.waiting_seconds if kind is NotificationKind.WAITING_TOO_LONG else 0,
            )
            for receiver in self._receivers.get(None)
            if receiver.events.accepts(
                kind, task=event.task, platform=event.platform, tags=event.tags
            )
        ]

    def deliveries_of_deadline(self, event: DeadlineEvent) -> list[Delivery]:
        """Return one delivery of a deadline's change for each subscribed webhook."""
        content = event.as_json()
        return [
            Delivery(webhook=webhook.name, event=content)
            for webhook in self._enabled.get(None)
            if webhook.events.accepts_deadline(event.task, event.tags)
        ]

    def deliveries_of_drift(self, event: DriftEvent) -> list[Delivery]:
        """Return one delivery of a Job's drift for each subscribed webhook."""
        content = event.as_json()
        return [
            Delivery(webhook=webhook.name, event=content)
            for webhook in self._enabled.get(None)
            if webhook.events.accepts_drift(event.tasks, event.tags)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPublisher:
    """Puts run events into the queues of webhooks and receivers; implements `Publisher`."""

    events: Queue | None
    """The queue for consumers; None if the settings name none."""
    deliveries: Queue
    subscriptions: Subscriptions
    has_lineage: bool = False
    """True if a lineage service receives the starts and ends of runs."""

    def publish(self, event: RunEvent) -> None:
        """Send the event to its queues; raises as `Queue.send` does."""
        # Read the definitions first. If that fails, nothing was sent, so a retry sends no
        # duplicate.
        deliveries = self.subscriptions.deliveries_of(event)
        notices = self.subscriptions.notices_of(event)
        if self.events is not None:
            self.events.send(encode_message(event.as_json()))
        self._deliver(deliveries, notices)
        if self.has_lineage and is_reported(content := event.as_json()):
            self.deliveries.send(LineageStep(event=content).encode())

    def publish_deadline(self, event: DeadlineEvent) -> None:
        """Send a deadline's change to its queues; raises as `Queue.send` does."""
        deliveries = self.subscriptions.deliveries_of_deadline(event)
        notices = self.subscriptions.notices_of(event)
        if self.events is not None:
            self.events.send(encode_message(event.as_json()))
        self._deliver(deliveries, notices)

    def publish_drift(self, event: DriftEvent) -> None:
        """Send a Job's drift to the webhooks that ask for it; raises as `Queue.send` does."""
        for delivery in self.subscriptions.deliveries_of_drift(event):
            self.deliveries.send(delivery.encode())

    def _deliver(
        self, deliveries: Sequence[Delivery], notices: Sequence[tuple[NoticeStep, int]]
    ) -> None:
        for delivery in deliveries:
            self.deliveries.send(delivery.encode())
        for notice, delay in notices:
            self.deliveries.send(notice.encode(), delay_seconds=delay)


def _is_wanted(webhook: Webhook, event: RunEvent) -> bool:
    if event.is_deadline:
        return webhook.events.accepts_deadline(event.task, event.tags)
    return webhook.events.accepts(event.task, event.status, event.tags, is_problem=event.is_problem)
