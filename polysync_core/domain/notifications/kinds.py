"""Defines the kinds of notification, and selects the kind for a run event."""

from __future__ import annotations

from enum import StrEnum

from polysync_core.domain.deadlines.kinds import DeadlineChange
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.status import RunStatus

DEADLINE = "deadline"
"""The field of an event with the change of a deadline."""


class NotificationKind(StrEnum):
    """The kinds of notification, under the names that the API uses."""

    FAILED = "Failed"
    LATE = "Late"
    RECOVERED = "Recovered"
    """The first success of a Task after a failure that was notified."""
    SKIPPED = "Skipped"
    WAITING_TOO_LONG = "WaitingTooLong"

    @property
    def words(self) -> str:
        """The kind as the predicate of one run, such as `failed`."""
        return _WORDS[self][0]

    @property
    def plural_words(self) -> str:
        """The kind as the predicate of several runs."""
        return _WORDS[self][1]


_WORDS = {
    NotificationKind.FAILED: ("failed", "failed"),
    NotificationKind.LATE: ("is late", "are late"),
    NotificationKind.RECOVERED: ("succeeded again", "succeeded again"),
    NotificationKind.SKIPPED: ("was skipped", "were skipped"),
    NotificationKind.WAITING_TOO_LONG: ("waits too long", "wait too long"),
}

_OF_STATUS = {
    RunStatus.FAILED: NotificationKind.FAILED,
    RunStatus.QUEUED: NotificationKind.WAITING_TOO_LONG,
    RunStatus.SKIPPED: NotificationKind.SKIPPED,
    RunStatus.SUCCEEDED: NotificationKind.RECOVERED,
}


def kind_of(event: JsonObject) -> NotificationKind | None:
    """Return the kind of notification that an event may cause; None for no kind.

    A success only causes one after a failure, and a waiting run only after its threshold.
    """
    if event.get("problem") is not None:
        return None
    deadline, status = event.get(DEADLINE), event.get("to")
    if deadline is not None:
        is_missed = deadline == DeadlineChange.MISSED
        return NotificationKind.LATE if is_missed else NotificationKind.RECOVERED
    if status == event.get("from") or status not in set(RunStatus):
        return None
    return _OF_STATUS.get(RunStatus(status))
