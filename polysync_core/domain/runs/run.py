"""A task run as a value, and the only ways in which it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.errors import Broken
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import BackfillId, RunId
from polysync_core.domain.runs.outputs import Outputs
from polysync_core.domain.runs.status import ALLOWED, RunStatus

SYSTEM_ACTOR = "polysync"
"""The actor of a change that Polysync itself makes."""


class TriggerType(StrEnum):
    """What made a run."""

    MANUAL = "Manual"
    SCHEDULE = "Schedule"
    DEPENDENCY = "Dependency"
    BACKFILL = "Backfill"
    MESSAGE = "Message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A run whose outcome this run consumed."""

    task: str
    run_id: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The root of a graph run that a run came out of."""

    run_id: RunId
    """The id of the graph run as well."""
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at carrying out a run on its platform."""

    number: int
    status: RunStatus = RunStatus.RUNNING
    external_run_id: str | None = None
    monitor_url: str | None = None
    provider_status: str | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    begun_at: datetime | None = None
    """When it left the queue; None in rows of earlier releases."""
    sends: int = 1
    """How often its submit was begun: written before anything is sent."""
    timed_out: datetime | None = None
    """When its time was up: from then on its platform is asked to stop it."""
    cause: FailureCause | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One line of a run's history; `from_status` equals `to_status` for a remark."""

    at: datetime
    from_status: RunStatus | None
    to_status: RunStatus
    reason: str
    actor: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended."""

    status: RunStatus
    reason: str
    cause: FailureCause | None = None
    error: str | None = None
    provider_status: str | None = None
    monitor_url: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outputs: Outputs = field(default_factory=Outputs)
    external_run_id: str | None = None
    """Set where the end came together with the platform's first word of the run."""
    may_repeat: bool = True
    """False where its external run may go on unseen, so that another would run beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """One logical execution of a Task, or of a Job without one, from acceptance to its outcome."""

    run_id: RunId
    task: str
    """Empty for a run of a Job without a Task."""
    job: Job
    """The Job as it was when the run was accepted: a later edit does not change what runs."""
    shard: str
    status: RunStatus
    reason: str
    trigger_type: TriggerType
    graph_run_id: RunId
    priority: int
    queued_at: datetime
    request_digest: str
    """Tells two requests under one idempotency key apart."""
    history: tuple[HistoryEntry, ...] = ()
    """Every transition and remark, oldest first; only ever appended to (ADR 6)."""
    schedule: str | None = None
    """The schedule that started it."""
    scheduled_time: datetime | None = None
    time_zone: str | None = None
    """The zone of `scheduled_time` for people: its schedule's."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested: datetime | None = None
    retry: Retry = field(default_factory=Retry)
    """The Task's policy as it was when the run was accepted; so is the time-out."""
    execution_timeout_seconds: int | None = None
    backfill_id: BackfillId | None = None
    """The backfill that made the run; the runs of one backfill share `backfill_limit`."""
    backfill_limit: int | None = None
    """The most runs of the backfill that may run at once; None is no limit."""
    not_before: datetime | None = None
    """The end of the back-off before the next attempt; None where none is awaited."""
    rerun_of: RunId | None = None
    """The run whose request this run repeats."""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """The Task's tags as they were when the run was accepted."""
    published: int = 0
    """How many entries of the history were known to be published when this was written."""
    parameters: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    outputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    redacted_outputs: tuple[str, ...] = ()
    """Names of outputs that are sensitive: there was a value, and it is kept nowhere."""
    outputs_not_kept: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why an output that there was is not kept, by its name."""
    parents: tuple[Parent, ...] = ()
    origins: tuple[Origin, ...] = ()
    """Every root that it came out of, where dependencies started it; a root has none."""
    fan_out: bool = True
    """Whether its outcome is told to the Tasks that depend on its Task."""
    repeats: tuple[RunId, ...] = ()
    """The graph runs that its own repeats in part: what is not run again is taken from them."""
    attempts: tuple[Attempt, ...] = ()
    traceparent: str = ""
    """Where it belongs in its trace (W3C); empty where there was none to belong to."""

    @property
    def trace_id(self) -> str | None:
        """The trace that its spans are in."""
        return self.traceparent[3:35] or None

    @property
    def title(self) -> str:
        """What it is a run of, for people: its Task or, where it has none, its Job."""
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
        """The number of the attempt that is due while the run is queued."""
        return len(self.attempts) + 1

    @property
    def deadline(self) -> datetime | None:
        """When the time of the attempt under way is up; None is never.

        The time runs from the platform's start or, while that is not known, from the submit.
        """
        attempt = self.attempt
        since = attempt and (attempt.started_at or attempt.submitted_at)
        if since is None or self.execution_timeout_seconds is None:
            return None
        return since + timedelta(seconds=self.execution_timeout_seconds)

    @property
    def roots(self) -> tuple[Origin, ...]:
        """The roots of the graph runs that it belongs to: itself where it is one."""
        return self.origins or (Origin(run_id=self.graph_run_id, task=self.task),)

    def carries(self, attempt: int) -> bool:
        """Whether this attempt is under way."""
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


def _moved(run: TaskRun, to: RunStatus, reason: str, *, at: datetime, actor: str) -> TaskRun:
    """Return the run in its next status, with the history entry that says so."""
    if to not in ALLOWED[run.status]:
        raise Broken(f"A run cannot go from {run.status} to {to}.")
    return replace(_noted(run, to, reason, at=at, actor=actor), status=to, reason=reason)


def _noted(run: TaskRun, to: RunStatus, reason: str, *, at: datetime, actor: str) -> TaskRun:
    entry = HistoryEntry(
        at=at,
        from_status=run.status,
        to_status=to,
        reason=reason,
        actor=actor,
        attempt=len(run.attempts),
    )
    return replace(run, history=(*run.history, entry))


def begin_attempt(run: TaskRun, *, at: datetime, actor: str) -> TaskRun:
    """Start the next attempt of a queued run: from here on, the platform may know of it."""
    number = run.next_attempt
    begun = replace(
        run,
        attempts=(*run.attempts, Attempt(number=number, begun_at=at)),
        started_at=run.started_at or at,
        not_before=None,
    )
    return _moved(begun, RunStatus.RUNNING, f"Submitting attempt {number}.", at=at, actor=actor)


def with_attempt(run: TaskRun, attempt: Attempt) -> TaskRun:
    """Return the run with its last attempt replaced."""
    return replace(run, attempts=(*run.attempts[:-1], attempt))


def finish(run: TaskRun, outcome: Outcome, *, at: datetime, actor: str) -> TaskRun:
    """End the run, and its attempt where one is under way."""
    outputs = outcome.outputs
    if outputs.note is not None:
        run = note(run, outputs.note, at=at, actor=actor)
    finished = replace(
        _attempt_ended(run, outcome, at),
        finished_at=at,
        not_before=None,
        outputs=dict(outputs.values),
        redacted_outputs=outputs.redacted,
        outputs_not_kept=dict(outputs.not_kept),
    )
    return _moved(finished, outcome.status, outcome.reason, at=at, actor=actor)


def back_off(
    run: TaskRun, failure: Outcome, *, until: datetime, at: datetime, actor: str
) -> TaskRun:
    """End the attempt under way and let the run wait for the next one."""
    waiting = replace(_attempt_ended(run, failure, at), not_before=until)
    reason = (
        f"Attempt {len(run.attempts)} failed ({failure.cause}). "
        f"Attempt {waiting.next_attempt} waits until {until:%Y-%m-%dT%H:%M:%SZ} at least."
    )
    return _moved(waiting, RunStatus.QUEUED, reason, at=at, actor=actor)


def _attempt_ended(run: TaskRun, outcome: Outcome, at: datetime) -> TaskRun:
    attempt = run.attempt
    if attempt is None or attempt.status.is_terminal:
        return run
    ended = replace(
        attempt,
        status=outcome.status,
        cause=outcome.cause,
        error=outcome.error,
        external_run_id=outcome.external_run_id or attempt.external_run_id,
        submitted_at=attempt.submitted_at or (at if outcome.external_run_id else None),
        provider_status=outcome.provider_status or attempt.provider_status,
        monitor_url=outcome.monitor_url or attempt.monitor_url,
        started_at=outcome.started_at or attempt.started_at,
        finished_at=outcome.finished_at or at,
    )
    return with_attempt(run, ended)


def request_cancel(run: TaskRun, *, at: datetime, actor: str) -> TaskRun:
    """Note that somebody wants the run to stop; the platform's word ends it, not this."""
    asked = replace(run, cancel_requested=at)
    return note(asked, "Cancellation was requested.", at=at, actor=actor)


def time_out(run: TaskRun, *, at: datetime, actor: str) -> TaskRun:
    """Note that the time of the attempt under way is up; its platform's word ends it, not this."""
    attempt = run.attempt
    if attempt is None or attempt.timed_out is not None:
        return run
    reason = (
        f"The execution time-out of {run.execution_timeout_seconds} seconds is over; "
        "the platform is asked to stop."
    )
    return note(with_attempt(run, replace(attempt, timed_out=at)), reason, at=at, actor=actor)


def note(run: TaskRun, reason: str, *, at: datetime, actor: str) -> TaskRun:
    """Add a line to the history without a change of status.

    A remark that repeats the last line is left out, so that a fault that lasts does not make the
    run grow without bound.
    """
    last = run.history[-1] if run.history else None
    if last is not None and last.reason == reason and last.from_status == last.to_status:
        return run
    return _noted(run, run.status, reason, at=at, actor=actor)
