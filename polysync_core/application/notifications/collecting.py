"""Converts run events into notifications, and groups the notifications by receiver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from polysync_core.application.notifications.steps import GroupDelivery, NoticeStep
from polysync_core.application.ports import Queue
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.receivers import Receiver
from polysync_core.domain.notifications.kinds import DEADLINE, NotificationKind
from polysync_core.domain.notifications.notices import Notice
from polysync_core.domain.notifications.store import NotificationStore
from polysync_core.domain.notifications.streaks import FailureStreak, after_failure
from polysync_core.domain.runs.events import is_note
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.runs.stored import StoredRun

_LONGEST_DELAY = 6 * 86_400
"""Seconds; a message of Storage Queues is kept for seven days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCollector:
    """Adds notices to groups; a repeated event changes nothing."""

    store: NotificationStore
    read_run: Callable[[RunId], StoredRun | None]
    queue: Queue
    clock: Clock

    def accept(self, step: NoticeStep, receiver: Receiver) -> None:
        """Add the notice of an event, if the event still causes one."""
        if not receiver.events.wants(step.kind):
            return
        notice = Notice(kind=step.kind, event=step.event)
        match step.kind:
            case NotificationKind.FAILED:
                self._add(receiver, self._failed(receiver, notice))
            case NotificationKind.RECOVERED if DEADLINE in step.event:
                if receiver.events.wants(NotificationKind.LATE):
                    self._add(receiver, _of_deadline(notice))
            case NotificationKind.RECOVERED:
                self._recovered(receiver, notice)
            case NotificationKind.WAITING_TOO_LONG:
                self._waiting(receiver, step)
            case NotificationKind.LATE:
                self._add(receiver, _of_deadline(notice))
            case NotificationKind.SKIPPED:
                self._add(receiver, notice)

    def schedule(self, receiver: Receiver, group: str) -> None:
        """Queue the message of a group for the end of its window."""
        step = GroupDelivery(receiver=receiver.name, group=group)
        self.queue.send(step.encode(), delay_seconds=receiver.grouping.window_seconds)

    def _add(self, receiver: Receiver, notice: Notice) -> None:
        """Add a notice; the oldest one of a group schedules its message."""
        self.store.add(receiver.name, notice, at=self.clock())
        oldest = self.store.waiting(receiver.name, notice.group, limit=1)
        if oldest and oldest[0].notice.id == notice.id:
            self.schedule(receiver, notice.group)

    def _failed(self, receiver: Receiver, notice: Notice) -> Notice:
        task, run_id = notice.text("task"), notice.text("runId")
        if not task:
            return notice
        streak = self.store.change_streak(
            receiver.name, task, lambda known: after_failure(known, at=notice.at, run_id=run_id)
        )
        return replace(notice, since=streak.since)

    def _recovered(self, receiver: Receiver, notice: Notice) -> None:
        """Add the recovery first and end the streak last, so that a crash loses neither."""
        task = notice.text("task")
        streak = self.store.streak(receiver.name, task) if task else None
        if streak is None or not streak.is_ended_by(notice.at):
            return
        recovery = Notice(
            kind=notice.kind, event=notice.event, since=streak.since, former_run=streak.run_id
        )
        self._add(receiver, recovery)
        self.store.change_streak(
            receiver.name, task, lambda known: _ended(known, streak, notice.at)
        )

    def _waiting(self, receiver: Receiver, step: NoticeStep) -> None:
        """Add a notice if the run still waits; a wait that is planned does not count."""
        notice = Notice(kind=step.kind, event=step.event)
        stored = self.read_run(RunId(notice.text("runId")))
        if stored is None or not _waits_since(stored.run, notice):
            return
        begin = max(notice.at, stored.run.not_before or notice.at)
        left = begin + timedelta(seconds=receiver.events.waiting_seconds) - self.clock()
        if left > timedelta(seconds=1):
            delay = min(round(left.total_seconds()), _LONGEST_DELAY)
            self.queue.send(step.encode(), delay_seconds=delay)
            return
        event = {**step.event, "reason": stored.run.reason}
        self._add(receiver, Notice(kind=step.kind, event=event, since=begin))


def _of_deadline(notice: Notice) -> Notice:
    """Return the notice of a deadline's change; it lasts since the deadline."""
    since = notice.text("deadlineAt")
    return replace(notice, since=datetime.fromisoformat(since) if since else None)


def _ended(known: FailureStreak | None, streak: FailureStreak, success: datetime) -> FailureStreak:
    """Return the streak after a success, unless a newer failure has come meanwhile."""
    present = known or streak
    return present.ended(success) if present.is_ended_by(success) else present


def _waits_since(run: TaskRun, notice: Notice) -> bool:
    """Return whether a run is queued, without a change of its status since an event."""
    number = notice.text("eventId").rpartition("/")[2]
    later = run.history[int(number) :] if number.isdecimal() else ()
    return run.status is RunStatus.QUEUED and all(map(is_note, later))
