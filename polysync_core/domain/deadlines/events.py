"""Defines the event that reports a missed or recovered deadline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from polysync_core.domain.clock import rfc3339
from polysync_core.domain.deadlines.kinds import DeadlineChange, DeadlineKind, MissCause
from polysync_core.domain.event_texts import cut, fitting_tags
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.identity import RunId

_LONGEST_REASON = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineEvent:
    """A missed or recovered deadline of a Task."""

    event_id: str
    """Equal for every delivery: one for each deadline and change."""
    change: DeadlineChange
    kind: DeadlineKind
    task: str | None
    """None for a run of a Job without a Task."""
    job: str
    platform: str
    deadline: datetime
    at: datetime
    """The time of the check that found the change."""
    scheduled_time: datetime | None = None
    """The first fire time that missed the deadline."""
    run_id: RunId | None = None
    runs: int = 1
    """The number of fire times that missed the deadline; of deadlines, in a summary."""
    cause: MissCause
    reason: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def as_json(self) -> JsonObject:
        """Return the event as sent: bounded in size, without parameters and outputs."""
        scheduled = self.scheduled_time
        run, task = f"/api/task-runs/{self.run_id}", f"/api/tasks/{self.task}"
        return {
            "eventId": self.event_id,
            "deadline": self.change.value,
            "kind": self.kind.value,
            "task": self.task,
            "job": self.job,
            "platform": self.platform,
            "at": rfc3339(self.at),
            "deadlineAt": rfc3339(self.deadline),
            "scheduledTime": None if scheduled is None else rfc3339(scheduled),
            "runId": self.run_id,
            "count": self.runs,
            "cause": self.cause.value,
            "reason": cut(self.reason, _LONGEST_REASON),
            "tags": dict(fitting_tags(self.tags)),
            "statusUrl": task if self.run_id is None else run,
        }
