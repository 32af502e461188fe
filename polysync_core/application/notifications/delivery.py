"""Sends grouped notification messages to receivers, with an hourly limit and retries."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from polysync_core.application.events.retries import DeliveryQueues
from polysync_core.application.events.slots import DeliverySlots
from polysync_core.application.notifications.collecting import NoticeCollector
from polysync_core.application.notifications.steps import GroupDelivery, NoticeStep, parse_step
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.receivers import Receiver
from polysync_core.domain.definitions.recent_results import DeliveryAttempt, DeliveryResult
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.errors import Malformed, NotFound, PolysyncError
from polysync_core.domain.notifications.messages import (
    MOST_NOTICES,
    MOST_STORIES,
    Message,
    message_about,
    message_of_test,
    summary_of,
)
from polysync_core.domain.notifications.notices import Story, story_of
from polysync_core.domain.notifications.store import HELD, NotificationStore, StoredNotice
from polysync_core.domain.runs.identity import RunId, is_run_id
from polysync_core.domain.runs.stored import StoredRun

_SECOND_TRY = 3600
"""Seconds after which abandoned notices are sent once more, as a summary."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationDelivery:
    """The use case that processes the queue messages of receivers."""

    definitions: DefinitionReader
    store: NotificationStore
    collector: NoticeCollector
    send: Callable[[Message, Receiver], None]
    """Sends a message once; raises a `PolysyncError` unless the receiver accepts it."""
    read_run: Callable[[RunId], StoredRun | None]
    queues: DeliveryQueues
    slots: DeliverySlots
    clock: Clock
    record: Callable[[str, DeliveryAttempt], None]
    """Remembers an attempt of a receiver; it raises nothing."""
    base_url: str | None
    """The address of this deployment, with which links begin; None leaves them out."""

    def process(self, text: str) -> None:
        """Process one queue message; raises `Unavailable`, and the host then repeats it."""
        try:
            step = parse_step(text)
        except Malformed:
            self.queues.poison_queue.send(text)
            return
        receiver = self._receiver(step)
        if receiver is None:
            return
        if isinstance(step, NoticeStep):
            self.collector.accept(step, receiver)
            return
        with self.slots.taken(f"receiver {receiver.name}") as wait:
            if wait is None:
                self._deliver(step, receiver)
            else:
                self.queues.delivery_queue.send(text, delay_seconds=wait)

    def send_test(self, receiver: Receiver) -> str:
        """Send a test message once, to a receiver that need not be stored; return a sentence."""
        self.send(message_of_test(receiver.name, at=self.clock(), base_url=self.base_url), receiver)
        return f"The receiver ({receiver.type}) accepted the test message."

    def _receiver(self, step: NoticeStep | GroupDelivery) -> Receiver | None:
        try:
            receiver = self.definitions.receiver(step.receiver)
        except NotFound:
            _log_dropped(step, "deleted")
            return None
        if not receiver.enabled:
            _log_dropped(step, "disabled")
            return None
        return receiver

    def _deliver(self, step: GroupDelivery, receiver: Receiver) -> None:
        notices = self.store.waiting(receiver.name, step.group, limit=MOST_NOTICES)
        if not notices or self._is_early(step, receiver, notices[0]):
            return
        message_id = _message_id(receiver, step.group, notices[0])
        if not self._has_room(receiver, message_id):
            self._hold_back(step, receiver, notices)
            return
        message = self._message(step, notices, message_id)
        try:
            self.send(message, receiver)
        except PolysyncError as error:
            self._failed(step, receiver, message, notices, error)
            return
        self._accepted(step, receiver, message, notices)

    def _is_early(self, step: GroupDelivery, receiver: Receiver, oldest: StoredNotice) -> bool:
        """Return whether the window of the oldest notice is open; its own step then follows."""
        window = timedelta(seconds=max(0, receiver.grouping.window_seconds - 1))
        is_first = step.attempt == 1 and step.group != HELD
        return is_first and self.clock() < oldest.added_at + window

    def _has_room(self, receiver: Receiver, message_id: str) -> bool:
        """Count a message in the hour of its receiver, if the hour has room."""
        now, most = self.clock(), receiver.grouping.max_per_hour
        budget = self.store.change_budget(
            receiver.name, lambda known: known.after(message_id, now=now, most=most)
        )
        return message_id in budget.sent

    def _hold_back(
        self, step: GroupDelivery, receiver: Receiver, notices: Sequence[StoredNotice]
    ) -> None:
        """Keep notices for a summary, which is sent when the hour has room again."""
        now, most = self.clock(), receiver.grouping.max_per_hour
        budget = self.store.change_budget(receiver.name, lambda known: known)
        wait = budget.free_at(now=now, most=most) - now
        summary = GroupDelivery(receiver=receiver.name, group=HELD)
        # The step is queued first: a crash then repeats it, and loses no summary.
        seconds = max(1, round(wait.total_seconds()) + 1)
        self.queues.delivery_queue.send(summary.encode(), delay_seconds=seconds)
        if step.group != HELD:
            self._hold(step, receiver, notices, "the hour is full")

    def _message(
        self, step: GroupDelivery, notices: Sequence[StoredNotice], message_id: str
    ) -> Message:
        compose = summary_of if step.group == HELD else message_about
        plain = [each.notice for each in notices]
        return compose(
            plain,
            [self._story(each) for each in notices[:MOST_STORIES]],
            message_id=message_id,
            base_url=self.base_url,
        )

    def _story(self, stored: StoredNotice) -> Story:
        run_id = stored.notice.text("runId")
        found = self.read_run(RunId(run_id)) if is_run_id(run_id) else None
        return story_of(stored.notice, found and found.run, base_url=self.base_url)

    def _accepted(
        self,
        step: GroupDelivery,
        receiver: Receiver,
        message: Message,
        notices: Sequence[StoredNotice],
    ) -> None:
        self.store.remove(receiver.name, notices)
        _log.info(
            "A receiver accepted a notification.",
            extra={**_log_fields(step, "notification_sent"), "notices": len(notices)},
        )
        self._remember(step, message, DeliveryResult.ACCEPTED)
        if self.store.waiting(receiver.name, step.group, limit=1):
            self.collector.schedule(receiver, step.group)
        if step.group != HELD and self.store.waiting(receiver.name, HELD, limit=1):
            summary = GroupDelivery(receiver=receiver.name, group=HELD)
            self.queues.delivery_queue.send(summary.encode(), delay_seconds=1)

    def _failed(
        self,
        step: GroupDelivery,
        receiver: Receiver,
        message: Message,
        notices: Sequence[StoredNotice],
        error: PolysyncError,
    ) -> None:
        is_last = self.queues.is_last(step)
        _log.warning(
            "A receiver did not accept a notification.",
            extra={
                **_log_fields(step, "notification_failed"),
                "error": str(error),
                "attempt": step.attempt,
                "abandoned": is_last,
            },
        )
        result = DeliveryResult.ABANDONED if is_last else DeliveryResult.FAILED
        self._remember(step, message, result, str(error))
        self.queues.repeat(step, error)
        if is_last and step.group != HELD:
            summary = GroupDelivery(receiver=receiver.name, group=HELD)
            self.queues.delivery_queue.send(summary.encode(), delay_seconds=_SECOND_TRY)
            self._hold(step, receiver, notices, "the receiver did not accept them")

    def _hold(
        self, step: GroupDelivery, receiver: Receiver, notices: Sequence[StoredNotice], why: str
    ) -> None:
        _log.warning(
            "Notifications are held back for a summary.",
            extra={
                **_log_fields(step, "notifications_held"),
                "notices": len(notices),
                "reason": why,
            },
        )
        self.store.hold(receiver.name, notices)

    def _remember(
        self,
        step: GroupDelivery,
        message: Message,
        result: DeliveryResult,
        error: str | None = None,
    ) -> None:
        ids = message.run_ids[-1:] if message.total == 1 else ()
        attempt = DeliveryAttempt(
            at=self.clock(),
            event_id=message.id,
            kind=f"{message.kind} ({message.total})" if message.total > 1 else message.kind,
            run_id=ids[0] if ids else None,
            attempt=step.attempt,
            result=result,
            error=error,
        )
        self.record(step.receiver, attempt)


def _message_id(receiver: Receiver, group: str, oldest: StoredNotice) -> str:
    """Return an id that every attempt to send the group has."""
    text = f"{receiver.name}/{group}/{oldest.key}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _log_dropped(step: NoticeStep | GroupDelivery, state: str) -> None:
    _log.info(
        "A notification was dropped.",
        extra={**_log_fields(step, "notification_dropped"), "receiver_state": state},
    )


def _log_fields(step: NoticeStep | GroupDelivery, action: str) -> dict[str, str]:
    group = step.group if isinstance(step, GroupDelivery) else step.kind.value
    return {"action": action, "receiver": step.receiver, "group": group}
