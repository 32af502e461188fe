"""Defines runs and history entries, and the functions that change a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from polysync_core.domain.arrivals.run_arrival import RunArrival
from polysync_core.domain.deadlines.kinds import DeadlineChange, DeadlineKind
from polysync_core.domain.definitions.jobs import RETRY_FROM, Job, RetryFrom
from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.errors import Broken
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.attempts import Attempt, Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.problem import RunProblem
from polysync_core.domain.runs.identity import BackfillId, RunId
from polysync_core.domain.runs.prerequisites import Prerequisite
from polysync_core.domain.runs.skip import Skip
from polysync_core.domain.runs.status import ALLOWED_TRANSITIONS, RunStatus, TriggerType

SYSTEM_ACTOR = "polysync"
"""The actor of a change that Polysync itself makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """An upstream run whose outcome started this run."""

    task: str
    run_id: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedInput:
    """The output of an upstream run that supplied an input of a run."""

    task: str
    run_id: RunId
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The root of a graph run in which the run was started."""

    run_id: RunId
    """Also the id of the graph run."""
    task: str


class ProblemChange(StrEnum):
    """The change of a run's problem that a note records."""

    BEGINS = "Begins"
    ENDS = "Ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedDeadline:
    """A mark: the run missed a deadline of its Task."""

    kind: DeadlineKind
    at: datetime
    """The deadline."""
    noticed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One line of a run's history; in a note, `from_status` equals `to_status`."""

    at: datetime
    from_status: RunStatus | None
    to_status: RunStatus
    reason: str
    actor: str
    attempt: int
    problem: ProblemChange | None = None
    """Set in a note that records the begin or end of a problem."""
    deadline: DeadlineChange | None = None
    """Set in a note that the run takes longer than normal, or has recovered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """One execution of a Task, or of a Job without one, from acceptance to outcome."""

    run_id: RunId
    task: str | None
    """None for a run of a Job without a Task."""
    job: Job
    """The Job as of the run's acceptance; a later edit does not change the run."""
    shard: str
    status: RunStatus
    reason: str
    trigger_type: TriggerType
    graph_run_id: RunId
    priority: int
    queued_at: datetime
    request_digest: str | None = None
    """The digest of a caller's request; equal for all requests with one idempotency key."""
    history: tuple[HistoryEntry, ...] = ()
    """Every transition and note, oldest first; append-only (ADR 6)."""
    born: int = 1
    """The `born` of the Task; a Task that was deleted and is defined anew has another one."""
    schedule: str | None = None
    """The schedule that started the run."""
    schedule_id: str | None = None
    """The identity of the schedule, which survives a rename."""
    scheduled_time: datetime | None = None
    starts_at: datetime | None = None
    """The planned start of a scheduled run: its fire time plus its jitter."""
    time_zone: str | None = None
    """The time zone of the run's variables, as of the run's acceptance."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested: datetime | None = None
    retry: Retry = field(default_factory=Retry)
    """The Task's policy as of the run's acceptance; the same holds for the time-out."""
    execution_timeout_seconds: int | None = None
    arrival: RunArrival | None = None
    """The events that started the run; None for another start."""
    duration_within: int | str | None = None
    """The longest normal duration of an attempt, as of the run's acceptance."""
    missed_deadlines: tuple[MissedDeadline, ...] = ()
    """The deadlines of the Task that the run missed, at most one of each kind and time."""
    backfill_id: BackfillId | None = None
    """The backfill that made the run; the runs of one backfill share `backfill_limit`."""
    backfill_limit: int | None = None
    """The maximum number of runs of the backfill that may run at once; None means no limit."""
    prerequisites: tuple[Prerequisite, ...] = ()
    """The conditions that the run must meet before its Dispatcher receives it."""
    unmet: tuple[Prerequisite, ...] = ()
    """The prerequisites that are not met yet; met ones stay met."""
    not_before: datetime | None = None
    """The end of the back-off before the next attempt."""
    rerun_of: RunId | None = None
    """The finished run that this run repeats."""
    repairs: str | None = None
    """The external run id that the first attempt repairs; None if it starts from the beginning."""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """The Task's tags as of the run's acceptance."""
    published: int = 0
    """The number of history entries that were published before this row was written."""
    parameters: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    outputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    redacted_outputs: tuple[str, ...] = ()
    """Names of sensitive outputs, whose values are not stored."""
    outputs_not_kept: Mapping[str, str] = field(default_factory=dict[str, str])
    """The reasons why outputs are not stored, by name."""
    parents: tuple[Parent, ...] = ()
    mapped_inputs: Mapping[str, MappedInput] = field(default_factory=dict[str, MappedInput])
    """The sources of the parameters that mappings supplied, by parameter."""
    origins: tuple[Origin, ...] = ()
    """The roots of a run that dependencies started; empty for a root."""
    fan_out: bool = True
    """True if the outcome is delivered to the dependents of the Task."""
    repeats: tuple[RunId, ...] = ()
    """The graph runs that this graph run repeats in part; they supply all other outcomes."""
    attempts: tuple[Attempt, ...] = ()
    problem: RunProblem | None = None
    """The failure that keeps the run from going on; None without a problem."""
    problem_notes: int = 0
    """The number of notes about problems in the history, which is bounded."""
    skip: Skip | None = None
    """The reason why the run was skipped; None for any other outcome."""
    traceparent: str | None = None
    """The W3C trace context of the run."""

    @property
    def trace_id(self) -> str | None:
        """The id of the run's trace."""
        return None if self.traceparent is None else self.traceparent[3:35]

    @property
    def variable_time(self) -> datetime:
        """The time of `${run.scheduledTime}`: the scheduled time, or that of the acceptance."""
        return self.scheduled_time or self.queued_at

    @property
    def title(self) -> str:
        """The name for display: of the Task, or of the Job without a Task."""
        return self.task or self.job.name

    @property
    def attempt(self) -> Attempt | None:
        """The attempt under way, or the last one."""
        return self.attempts[-1] if self.attempts else None

    @property
    def sequence(self) -> int:
        """The number of history entries, which is the number of the last one."""
        return len(self.history)

    @property
    def next_attempt(self) -> int:
        """The number of the next attempt of a queued run."""
        return len(self.attempts) + 1

    @property
    def start_lag(self) -> timedelta | None:
        """The time from the planned start to the start; None before the start."""
        if self.starts_at is None or self.started_at is None:
            return None
        return max(timedelta(), self.started_at - self.starts_at)

    @property
    def slow_deadline(self) -> MissedDeadline | None:
        """The mark of a run that takes longer than normal."""
        slow = (each for each in self.missed_deadlines if each.kind is DeadlineKind.SLOW)
        return next(slow, None)

    @property
    def times_out_at(self) -> datetime | None:
        """The time at which the attempt times out; None means never.

        The time-out counts from the platform's start, or from the submit until the start is known.
        """
        attempt = self.attempt
        since = attempt and (attempt.started_at or attempt.submitted_at)
        if since is None or self.execution_timeout_seconds is None:
            return None
        return since + timedelta(seconds=self.execution_timeout_seconds)

    @property
    def roots(self) -> tuple[Origin, ...]:
        """The roots of the run's graph runs; a run of a Task without any is its own root."""
        if self.origins or self.task is None:
            return self.origins
        return (Origin(run_id=self.graph_run_id, task=self.task),)

    def repaired_by(self, attempt: int) -> str | None:
        """Return the external id of the run that an attempt repairs; None for a start."""
        known = [each for each in self.attempts[: attempt - 1] if each.external_run_id]
        if not known or attempt == 1:
            return self.repairs
        is_possible = known[-1].cause is not FailureCause.LOST
        wanted = self.job.settings.get(RETRY_FROM) == RetryFrom.FAILURE
        return known[-1].external_run_id if wanted and is_possible else None

    def is_queued_for(self, attempt: int) -> bool:
        """Return whether the run waits for the start of this attempt."""
        return self.status is RunStatus.QUEUED and attempt == self.next_attempt

    def carries(self, attempt: int) -> bool:
        """Return whether this attempt is under way."""
        return self.status is RunStatus.RUNNING and attempt == len(self.attempts)


def new_run(run: TaskRun, *, actor: str) -> TaskRun:
    """Return a run with the first entry of its history, queued at a whole millisecond.

    The index has milliseconds: two requests for one run within a millisecond would share their
    index entries, and removing those of one request would remove those of the other.
    """
    queued_at = run.queued_at.replace(microsecond=run.queued_at.microsecond // 1000 * 1000)
    entry = HistoryEntry(
        at=queued_at,
        from_status=None,
        to_status=run.status,
        reason=run.reason,
        actor=actor,
        attempt=0,
    )
    return replace(run, queued_at=queued_at, history=(entry,))


def with_later_start(run: TaskRun) -> TaskRun:
    """Return a new run that waits for a planned start in the future."""
    if run.starts_at is None or run.starts_at <= run.queued_at:
        return run
    reason = f"Waits for its start at {run.starts_at:%Y-%m-%dT%H:%M:%SZ}, after its jitter."
    return replace(run, not_before=run.starts_at, reason=reason)


def with_prerequisites(run: TaskRun, prerequisites: tuple[Prerequisite, ...]) -> TaskRun:
    """Return a new run that must meet some prerequisites before it may start."""
    if not prerequisites:
        return run
    waits_for = {
        Prerequisite.PAST: "the run of the fire time before",
        Prerequisite.WINDOWS: "the outcomes of its windows",
    }
    reason = f"Waits for {' and '.join(waits_for[each] for each in prerequisites)}."
    return replace(run, prerequisites=prerequisites, unmet=prerequisites, reason=reason)


def _with_status(run: TaskRun, to: RunStatus, reason: str, *, at: datetime, actor: str) -> TaskRun:
    """Return the run in its next status, with a history entry of the transition."""
    if to not in ALLOWED_TRANSITIONS[run.status]:
        raise Broken(f"A run cannot go from {run.status} to {to}.")
    return replace(with_entry(run, to, reason, at=at, actor=actor), status=to, reason=reason)


def with_entry(run: TaskRun, to: RunStatus, reason: str, *, at: datetime, actor: str) -> TaskRun:
    """Return the run with one more line of its history."""
    entry = HistoryEntry(
        at=at,
        from_status=run.status,
        to_status=to,
        reason=reason,
        actor=actor,
        attempt=len(run.attempts),
    )
    return replace(run, history=(*run.history, entry))


def deadline_note(run: TaskRun, reason: str, change: DeadlineChange, *, at: datetime) -> TaskRun:
    """Add a line to the history about a deadline, which is an event."""
    noted = with_entry(run, run.status, reason, at=at, actor=SYSTEM_ACTOR)
    *earlier, last = noted.history
    return replace(noted, history=(*earlier, replace(last, deadline=change)))


def begin_attempt(
    run: TaskRun, *, at: datetime, actor: str, begun_at: datetime | None = None, sends: int = 1
) -> TaskRun:
    """Start the next attempt of a queued run; with `sends`, the platform may know the attempt."""
    number = run.next_attempt
    begun = replace(
        run,
        attempts=(*run.attempts, Attempt(number=number, begun_at=begun_at or at, sends=sends)),
        started_at=run.started_at or at,
        not_before=None,
    )
    repaired = run.repaired_by(number)
    repair = "" if repaired is None else f", a repair of {repaired}"
    reason = f"Submitting attempt {number}{repair}."
    return _with_status(begun, RunStatus.RUNNING, reason, at=at, actor=actor)


def with_attempt(run: TaskRun, attempt: Attempt) -> TaskRun:
    """Return the run with its last attempt replaced."""
    return replace(run, attempts=(*run.attempts[:-1], attempt))


def finish(run: TaskRun, outcome: Outcome, *, at: datetime, actor: str) -> TaskRun:
    """End the run, and its attempt under way."""
    outputs = outcome.outputs
    if outputs.note is not None:
        run = note(run, outputs.note, at=at, actor=actor)
    if outcome.status is RunStatus.SUCCEEDED and run.slow_deadline is not None:
        run = deadline_note(run, "The slow run has succeeded.", DeadlineChange.RECOVERED, at=at)
    finished = replace(
        _attempt_ended(run, outcome, at),
        finished_at=at,
        not_before=None,
        problem=None,
        skip=outcome.skip,
        outputs=dict(outputs.values),
        redacted_outputs=outputs.redacted,
        outputs_not_kept=dict(outputs.not_kept),
    )
    return _with_status(finished, outcome.status, outcome.reason, at=at, actor=actor)


def back_off(
    run: TaskRun, failure: Outcome, *, until: datetime, at: datetime, actor: str
) -> TaskRun:
    """End the attempt under way, and queue the run for the next one."""
    waiting = replace(_attempt_ended(run, failure, at), not_before=until, problem=None)
    reason = (
        f"Attempt {len(run.attempts)} failed ({failure.cause}). "
        f"Attempt {waiting.next_attempt} waits until {until:%Y-%m-%dT%H:%M:%SZ} at least."
    )
    return _with_status(waiting, RunStatus.QUEUED, reason, at=at, actor=actor)


def _attempt_ended(run: TaskRun, outcome: Outcome, at: datetime) -> TaskRun:
    attempt = run.attempt
    if attempt is None or attempt.status.is_terminal:
        return run
    ended = replace(
        attempt,
        status=outcome.status,
        cause=outcome.cause,
        error=outcome.error,
        failure_details=outcome.failure_details,
        external_run_id=outcome.external_run_id or attempt.external_run_id,
        submitted_at=attempt.submitted_at or (at if outcome.external_run_id else None),
        provider_status=outcome.provider_status or attempt.provider_status,
        monitor_url=outcome.monitor_url or attempt.monitor_url,
        started_at=outcome.started_at or attempt.started_at,
        finished_at=outcome.finished_at or at,
    )
    return with_attempt(run, ended)


def note(run: TaskRun, reason: str, *, at: datetime, actor: str) -> TaskRun:
    """Add a line to the history without a change of status.

    A note equal to the last line is dropped, so that a lasting fault does not let the row grow.
    """
    last = run.history[-1] if run.history else None
    if last is not None and last.reason == reason and last.from_status == last.to_status:
        return run
    return with_entry(run, run.status, reason, at=at, actor=actor)
