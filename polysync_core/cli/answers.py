"""What the API answers, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from polysync_core.cli.json import JsonObject, Reader

SUCCEEDED = "Succeeded"
CANCELLED = "Cancelled"
REDACTED: JsonObject = {"redacted": True}
"""What stands in the place of an output that is sensitive."""
TERMINAL = frozenset({SUCCEEDED, CANCELLED, "Failed", "Skipped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a run on its platform."""

    number: int
    status: str
    external_run_id: str | None
    monitor_url: str | None
    started_at: datetime | None
    """When the platform started it or, while that is not known, when it was submitted."""
    finished_at: datetime | None
    cause: str | None
    error: str | None

    @property
    def duration(self) -> timedelta | None:
        """How long the platform took, once it is over."""
        return _between(self.started_at, self.finished_at)

    @classmethod
    def decode(cls, answer: JsonObject) -> Attempt:
        """Read an attempt.

        Raises:
            UnexpectedAnswer: it is not one.
        """
        reader = Reader("the attempt", answer)
        return cls(
            number=reader.number("number"),
            status=reader.text("status") or "?",
            external_run_id=reader.text("externalRunId"),
            monitor_url=reader.text("monitorUrl"),
            started_at=reader.time("startedAt") or reader.time("submittedAt"),
            finished_at=reader.time("finishedAt"),
            cause=reader.text("cause"),
            error=reader.text("error"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A run whose outcome a run consumed."""

    task: str
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One task run."""

    run_id: str
    task: str | None
    """None for a run of a job without a task."""
    job: str
    platform: str
    status: str
    reason: str | None
    trigger: str
    graph_run_id: str | None
    priority: int
    cancel_requested: bool
    scheduled_time: datetime | None
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    next_attempt_at: datetime | None
    """While a run waits for another attempt: when that may start at the earliest."""
    rerun_of: str | None
    parameters: JsonObject
    outputs: JsonObject
    outputs_not_kept: JsonObject
    """Why an output that there was is not among them."""
    parents: Sequence[Parent]
    attempts: Sequence[Attempt]
    answer: JsonObject
    """The run as the API sent it."""

    @property
    def title(self) -> str:
        """What it is a run of: its task, or its job where it has none."""
        return self.task or self.job

    @property
    def is_terminal(self) -> bool:
        """Whether the status can no longer change."""
        return self.status in TERMINAL

    @property
    def succeeded(self) -> bool:
        """Whether the run did what it was for."""
        return self.status == SUCCEEDED

    @property
    def duration(self) -> timedelta | None:
        """From start to end; for a run that never started, from its queueing."""
        return _between(self.started_at or self.queued_at, self.finished_at)

    @property
    def last_attempt(self) -> Attempt | None:
        """The attempt with the highest number, if there has been one."""
        return max(self.attempts, key=lambda attempt: attempt.number, default=None)

    @classmethod
    def decode(cls, answer: JsonObject) -> Run:
        """Read a run.

        Raises:
            UnexpectedAnswer: it is not one.
        """
        reader = Reader("the run", answer)
        return cls(
            run_id=reader.text("runId") or "?",
            task=reader.text("task"),
            job=reader.text("job") or "?",
            platform=reader.text("platform") or "?",
            status=reader.text("status") or "?",
            reason=reader.text("reason"),
            trigger=reader.text("triggerType") or "?",
            graph_run_id=reader.text("graphRunId"),
            priority=reader.number("priority"),
            cancel_requested=answer.get("cancelRequested") is True,
            scheduled_time=reader.time("scheduledTime"),
            queued_at=reader.time("queuedAt"),
            started_at=reader.time("startedAt"),
            finished_at=reader.time("finishedAt"),
            next_attempt_at=reader.time("nextAttemptAt"),
            rerun_of=reader.text("rerunOf"),
            parameters=reader.object("parameters"),
            outputs=reader.object("outputs"),
            outputs_not_kept=reader.object("outputsNotKept"),
            parents=[_parent(each) for each in reader.objects("parents")],
            attempts=[Attempt.decode(each) for each in reader.objects("attempts")],
            answer=answer,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One entry of a run's history."""

    at: datetime | None
    source: str | None
    target: str | None
    reason: str | None
    actor: str | None
    attempt: int
    """The attempt it is about; 0 for none."""

    @classmethod
    def decode(cls, answer: JsonObject) -> Transition:
        """Read a history entry.

        Raises:
            UnexpectedAnswer: it is not one.
        """
        reader = Reader("the history entry", answer)
        return cls(
            at=reader.time("at"),
            source=reader.text("from"),
            target=reader.text("to"),
            reason=reader.text("reason"),
            actor=reader.text("actor"),
            attempt=reader.number("attempt"),
        )


def _parent(answer: JsonObject) -> Parent:
    reader = Reader("the parent", answer)
    return Parent(task=reader.text("task") or "?", run_id=reader.text("runId") or "?")


def _between(start: datetime | None, end: datetime | None) -> timedelta | None:
    return max(end - start, timedelta()) if start and end else None
