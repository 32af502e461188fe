"""Defines run events, which report a change of status, problem or deadline of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.clock import rfc3339
from polysync_core.domain.deadlines.events import DeadlineEvent
from polysync_core.domain.deadlines.kinds import MissCause
from polysync_core.domain.event_texts import cut, fitting_tags
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import HistoryEntry, MissedDeadline, RunStatus, TaskRun

_LONGEST_REASON = 1_000
_LONGEST_ERROR = 1_000
_LONGEST_LINK = 2_000
"""A longer link is left out, because a part of a link leads nowhere."""
_LONGEST_ACTOR = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """A change of a run's status, numbered by its history entry."""

    run_id: RunId
    sequence: int
    """The number of the history entry; equal for every delivery of the event."""
    task: str | None
    """None for a run of a Job without a Task."""
    job: str
    platform: str
    graph_run_id: RunId
    entry: HistoryEntry
    ended: Attempt | None = None
    """The attempt that ended with this change."""
    slow: MissedDeadline | None = None
    """The deadline of an entry about the normal duration."""
    scheduled_time: datetime | None = None
    tags: Mapping[str, str]

    @property
    def event_id(self) -> str:
        """The id by which receivers deduplicate events."""
        return f"{self.run_id}/{self.sequence}"

    @property
    def is_problem(self) -> bool:
        """True if a problem began or ended; the status is the same."""
        return self.entry.problem is not None

    @property
    def is_deadline(self) -> bool:
        """True if the run became slow, or recovered; the status is the same."""
        return self.entry.deadline is not None

    @property
    def status(self) -> RunStatus:
        """The new status of the run."""
        return self.entry.to_status

    def as_json(self) -> JsonObject:
        """Return the event as sent: bounded in size, without parameters and outputs."""
        deadline = self._deadline()
        if deadline is not None:
            return deadline.as_json()
        return {
            "eventId": self.event_id,
            "runId": self.run_id,
            "task": self.task,
            "job": self.job,
            "platform": self.platform,
            "graphRunId": self.graph_run_id,
            "at": rfc3339(self.entry.at),
            "from": self.entry.from_status,
            "to": self.entry.to_status,
            **({} if self.entry.problem is None else {"problem": self.entry.problem}),
            "reason": cut(self.entry.reason, _LONGEST_REASON),
            "actor": cut(self.entry.actor, _LONGEST_ACTOR),
            "attempt": self.entry.attempt,
            **_end_of(self.ended),
            "tags": dict(fitting_tags(self.tags)),
            "statusUrl": f"/api/task-runs/{self.run_id}",
        }

    def _deadline(self) -> DeadlineEvent | None:
        """Return the event about the normal duration, if it is one."""
        if self.entry.deadline is None or self.slow is None:
            return None
        return DeadlineEvent(
            event_id=self.event_id,
            change=self.entry.deadline,
            kind=self.slow.kind,
            task=self.task,
            job=self.job,
            platform=self.platform,
            deadline=self.slow.at,
            at=self.entry.at,
            scheduled_time=self.scheduled_time,
            run_id=self.run_id,
            cause=MissCause.RUNNING,
            reason=self.entry.reason,
            tags=self.tags,
        )


def events_of(run: TaskRun, *, after: int) -> Iterator[RunEvent]:
    """Yield the changes of status, problem and normal duration after the `after`-th entry.

    Other notes are not events.
    """
    for sequence, entry in enumerate(run.history[after:], start=after + 1):
        if not is_note(entry) or entry.problem is not None or entry.deadline is not None:
            yield _event(run, sequence, entry)


def is_note(entry: HistoryEntry) -> bool:
    """Return whether a history entry keeps the status."""
    return entry.from_status == entry.to_status


def encode_message(content: Mapping[str, JsonValue]) -> str:
    """Return a queue message as compact JSON; lone surrogates are escaped."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def _end_of(attempt: Attempt | None) -> JsonObject:
    """Return the cause and error of an attempt, and the link to its platform."""
    if attempt is None:
        return {"cause": None, "error": None, "monitorUrl": None}
    link = attempt.monitor_url
    return {
        "cause": attempt.cause,
        "error": None if attempt.error is None else cut(attempt.error, _LONGEST_ERROR),
        "monitorUrl": link if link is not None and len(link) <= _LONGEST_LINK else None,
    }


def _ended(run: TaskRun, entry: HistoryEntry) -> Attempt | None:
    """Return the attempt that ended with a change; its facts never change again."""
    ends = entry.from_status is RunStatus.RUNNING or entry.to_status is RunStatus.FAILED
    is_change = entry.from_status is not entry.to_status
    return run.attempts[entry.attempt - 1] if is_change and ends and entry.attempt else None


def _event(run: TaskRun, sequence: int, entry: HistoryEntry) -> RunEvent:
    return RunEvent(
        run_id=run.run_id,
        sequence=sequence,
        task=run.task,
        job=run.job.name,
        platform=run.job.platform,
        graph_run_id=run.graph_run_id,
        entry=entry,
        ended=_ended(run, entry),
        slow=run.slow_deadline,
        scheduled_time=run.scheduled_time,
        tags=run.tags,
    )
