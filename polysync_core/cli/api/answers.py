"""Decodes JSON responses of the API into runs, attempts and history entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from polysync.errors import MalformedAnswer
from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.formats import format_time
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.status import TERMINAL_STATUSES, RunStatus

REDACTED: JsonObject = {"redacted": True}
"""The value that the API sends instead of a sensitive output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptAnswer:
    """One attempt of a run on its platform."""

    number: int
    status: str
    external_run_id: str | None
    monitor_url: str | None
    started_at: datetime | None
    """The start on the platform or, while that is unknown, the time of the submit."""
    finished_at: datetime | None
    cause: str | None
    error: str | None
    parameters: JsonObject
    """The values that the attempt sent; empty if nothing was sent."""

    @property
    def duration(self) -> timedelta | None:
        """Return the time from start to end, None while the attempt runs."""
        return _between(self.started_at, self.finished_at)

    @classmethod
    def decode(cls, answer: JsonObject) -> AttemptAnswer:
        """Decode an attempt.

        Raises:
            MalformedAnswer: the answer is malformed.
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
            parameters=reader.object("parameters"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentAnswer:
    """An upstream run whose outcome started the run."""

    task: str
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnswer:
    """A run of a task, or of a job without a task."""

    run_id: str
    task: str | None
    """None for a run of a job without a task."""
    job: str
    platform: str
    status: str
    reason: str | None
    """The state of the run in words; the problem while there is one."""
    problem: str | None
    """The failure that keeps the run from going on, in one sentence."""
    trigger: str
    schedule: str | None
    backfill_id: str | None
    graph_run_id: str | None
    trace_id: str | None
    priority: int
    cancel_requested: bool
    scheduled_time: datetime | None
    time_zone: str | None
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    next_attempt_at: datetime | None
    """The earliest start of the next attempt, while the run waits for it."""
    rerun_of: str | None
    parameters: JsonObject
    outputs: JsonObject
    outputs_not_kept: JsonObject
    """The reason for each output that was dropped."""
    parents: Sequence[ParentAnswer]
    mapped_inputs: Mapping[str, str]
    """The source of each mapped parameter, in words."""
    attempts: Sequence[AttemptAnswer]
    missed_deadlines: Sequence[str]
    """The deadlines that the run missed, in words."""
    warnings: Sequence[str]
    """Warnings about the run, such as a value that the artefact does not read."""
    answer: JsonObject
    """The run as the API sent it."""

    @property
    def title(self) -> str:
        """Return the name of the task, or of the job without a task."""
        return self.task or self.job

    @property
    def is_terminal(self) -> bool:
        """Return whether the status is final."""
        return self.status in TERMINAL_STATUSES

    @property
    def succeeded(self) -> bool:
        """Return whether the run ended with success."""
        return self.status == RunStatus.SUCCEEDED

    @property
    def duration(self) -> timedelta | None:
        """Return the time from the start, or else from acceptance, to the end."""
        return _between(self.started_at or self.queued_at, self.finished_at)

    @property
    def last_attempt(self) -> AttemptAnswer | None:
        """Return the attempt with the highest number, None before the first."""
        return max(self.attempts, key=lambda attempt: attempt.number, default=None)

    @classmethod
    def decode(cls, answer: JsonObject) -> RunAnswer:
        """Decode a run.

        Raises:
            MalformedAnswer: the answer is malformed.
        """
        reader = Reader("the run", answer)
        return cls(
            run_id=reader.text("runId") or "?",
            task=reader.text("task"),
            job=reader.text("job") or "?",
            platform=reader.text("platform") or "?",
            status=reader.text("status") or "?",
            reason=reader.text("reason"),
            problem=Reader("the problem", reader.object("problem")).text("text"),
            trigger=reader.text("triggerType") or "?",
            schedule=reader.text("schedule"),
            backfill_id=reader.text("backfillId"),
            graph_run_id=reader.text("graphRunId"),
            trace_id=reader.text("traceId"),
            priority=reader.number("priority"),
            cancel_requested=answer.get("cancelRequested") is True,
            scheduled_time=reader.time("scheduledTime"),
            time_zone=reader.text("timeZone"),
            queued_at=reader.time("queuedAt"),
            started_at=reader.time("startedAt"),
            finished_at=reader.time("finishedAt"),
            next_attempt_at=reader.time("nextAttemptAt"),
            rerun_of=reader.text("rerunOf"),
            parameters=reader.object("parameters"),
            outputs=reader.object("outputs"),
            outputs_not_kept=reader.object("outputsNotKept"),
            parents=[_parent(each) for each in reader.objects("parents")],
            mapped_inputs=_sources(reader.object("mappedInputs")),
            attempts=[AttemptAnswer.decode(each) for each in reader.objects("attempts")],
            missed_deadlines=[_deadline(each) for each in reader.objects("missedDeadlines")],
            warnings=reader.texts("warnings"),
            answer=answer,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One entry of a run's history."""

    at: datetime | None
    source: str | None
    target: str | None
    reason: str | None
    actor: str | None
    attempt: int
    """The number of the attempt; 0 if the entry concerns no attempt."""

    @classmethod
    def decode(cls, answer: JsonObject) -> HistoryLine:
        """Decode a history entry.

        Raises:
            MalformedAnswer: the answer is malformed.
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


def run_id_of(answer: JsonObject) -> str:
    """Return the id of the run that the API accepted.

    Raises:
        MalformedAnswer: the answer has no run id.
    """
    run_id = Reader("the answer", answer).text("runId")
    if not run_id:
        raise MalformedAnswer("The answer does not contain the run id.")
    return run_id


def _deadline(answer: JsonObject) -> str:
    """Return a missed deadline in words, such as `Late at 2026-12-01 06:00:00Z`."""
    reader = Reader("the deadline", answer)
    return f"{reader.text('kind') or '?'} at {format_time(reader.time('deadline'))}"


def _parent(answer: JsonObject) -> ParentAnswer:
    reader = Reader("the parent", answer)
    return ParentAnswer(task=reader.text("task") or "?", run_id=reader.text("runId") or "?")


def _sources(answer: JsonObject) -> dict[str, str]:
    sources: dict[str, str] = {}
    for name, source in answer.items():
        reader = Reader("the mapped input", source if isinstance(source, dict) else {})
        output, task, run_id = (reader.text(each) or "?" for each in ("output", "task", "runId"))
        sources[name] = f"output {output} of {task}, run {run_id}"
    return sources


def _between(start: datetime | None, end: datetime | None) -> timedelta | None:
    return max(end - start, timedelta()) if start and end else None
