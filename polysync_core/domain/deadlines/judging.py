"""Decides whether runs met a deadline, and names the cause of a miss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from polysync_core.domain.clock import zone_named
from polysync_core.domain.deadlines.kinds import DeadlineKind, MissCause
from polysync_core.domain.deadlines.times import Deadline, FireKey
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dispatch.holds import Hold, describe_hold
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.status import RunStatus

MAX_MARKED = 20
"""The newest runs of a missed deadline that get a mark."""
_OF_STATUS = {
    RunStatus.QUEUED: MissCause.WAITING,
    RunStatus.RUNNING: MissCause.RUNNING,
    RunStatus.FAILED: MissCause.FAILED,
    RunStatus.CANCELLED: MissCause.CANCELLED,
    RunStatus.SKIPPED: MissCause.SKIPPED,
    RunStatus.SUCCEEDED: MissCause.TOO_LATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The stored facts that decide about the deadlines of a Task."""

    runs: Mapping[FireKey, Sequence[TaskRun]] = field(
        default_factory=dict[FireKey, Sequence[TaskRun]]
    )
    """The runs of each fire time: those of the schedule, of reruns and of backfills."""
    recent: Sequence[TaskRun] = ()
    """The runs of a Task without schedules since the previous deadline, newest first."""
    paused: Mapping[str, str] = field(default_factory=dict[str, str])
    """The reasons of paused schedules, by the identity of the schedule."""
    holds: Sequence[Hold] = ()
    """The active holds of the Task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A deadline that was missed."""

    kind: DeadlineKind
    at: datetime
    """The deadline."""
    opened_at: datetime
    fires: tuple[FireKey, ...] = ()
    """The fire times whose runs missed it; empty for a Task without schedules."""
    run_ids: tuple[RunId, ...] = ()
    """The newest run of each of the newest fire times that has one."""
    cause: MissCause
    reason: str
    count: int = 1
    """The number of deadlines that a summary counts."""
    reported_at: datetime

    @property
    def scheduled_time(self) -> datetime | None:
        """The first fire time that missed the deadline."""
        return self.fires[0].scheduled_time if self.fires else None

    @property
    def run_id(self) -> RunId | None:
        """The run of the first fire time that has one."""
        return self.run_ids[0] if self.run_ids else None


def judge(task: Task, deadline: Deadline, facts: Facts, *, now: datetime) -> Miss | None:
    """Return the miss of a deadline that has passed; None if it was met."""
    if not task.schedules:
        return _judge_day(task, deadline, facts, now)
    late = [
        fire
        for fire in deadline.fires
        if not is_met(facts.runs.get(fire, ()), deadline.kind, by=deadline.at)
    ]
    if not late:
        return None
    runs = [(fire, _newest(facts.runs.get(fire, ()))) for fire in late]
    cause, why = _cause(task, deadline.kind, runs[0][0], runs[0][1], facts)
    return Miss(
        kind=deadline.kind,
        at=deadline.at,
        opened_at=deadline.opened_at,
        fires=tuple(late),
        run_ids=_run_ids(run for _, run in runs),
        cause=cause,
        reason=_sentence(task, deadline, late, why),
        reported_at=now,
    )


def is_recovered(miss: Miss, facts: Facts) -> bool:
    """Return whether the runs of a missed deadline have succeeded, or have started."""
    if not miss.fires:
        return is_met(facts.recent, miss.kind)
    return all(is_met(facts.runs.get(each, ()), miss.kind) for each in miss.fires)


def summary(task: Task, count: int, until: datetime, *, now: datetime) -> Miss:
    """Return the one record of many deadlines that passed while no host was running."""
    reason = (
        f"{count} more deadlines of task '{task.name}' passed up to {_time(until)}, "
        "and no host was running to check them."
    )
    return Miss(
        kind=DeadlineKind.MISSING,
        at=until,
        opened_at=until,
        cause=MissCause.NOT_EXAMINED,
        reason=reason,
        count=count,
        reported_at=now,
    )


def _judge_day(task: Task, deadline: Deadline, facts: Facts, now: datetime) -> Miss | None:
    """Judge the day of a Task without schedules: one success since the previous deadline counts."""
    runs = [each for each in facts.recent if each.queued_at < deadline.at]
    if is_met(runs, deadline.kind, by=deadline.at):
        return None
    newest = _newest(runs)
    cause, why = _cause(task, deadline.kind, None, newest, facts)
    return Miss(
        kind=deadline.kind,
        at=deadline.at,
        opened_at=deadline.opened_at,
        run_ids=_run_ids([newest]),
        cause=cause,
        reason=_sentence(task, deadline, [], why),
        reported_at=now,
    )


def is_met(runs: Iterable[TaskRun], kind: DeadlineKind, *, by: datetime | None = None) -> bool:
    """Return whether one of the runs meets a deadline; without `by`, at any time."""
    return any(_meets(run, kind, by) for run in runs)


def _meets(run: TaskRun, kind: DeadlineKind, by: datetime | None) -> bool:
    """Return whether a run meets a deadline; a branch that was not taken meets it, too."""
    if run.skip is not None:
        return run.skip.is_by_design
    if kind is DeadlineKind.MISSING:
        at = run.started_at
    else:
        at = run.finished_at if run.status is RunStatus.SUCCEEDED else None
    return at is not None and (by is None or at <= by)


def _newest(runs: Iterable[TaskRun]) -> TaskRun | None:
    return max(runs, key=lambda run: (run.queued_at, run.run_id), default=None)


def _run_ids(runs: Iterable[TaskRun | None]) -> tuple[RunId, ...]:
    return tuple(run.run_id for run in runs if run is not None)[-MAX_MARKED:]


def _cause(
    task: Task, kind: DeadlineKind, fire: FireKey | None, run: TaskRun | None, facts: Facts
) -> tuple[MissCause, str]:
    """Return the cause of a missed deadline, and a part of a sentence about it."""
    pause = None if fire is None else facts.paused.get(fire.schedule)
    if run is None and pause is not None:
        return MissCause.SCHEDULE_PAUSED, f"its schedule is paused: {pause}"
    may_be_held = run.status is RunStatus.QUEUED if run is not None else bool(task.dependencies)
    if facts.holds and may_be_held:
        text = describe_hold(facts.holds[0])
        return MissCause.HELD, f"{text[0].lower()}{text[1:]}"
    if run is None and task.dependencies:
        return MissCause.WAITING_FOR_UPSTREAM, "its dependencies have not been met"
    if run is None:
        return MissCause.NOT_CREATED, "there is no run of it"
    if kind is DeadlineKind.MISSING and run.started_at is not None:
        return MissCause.TOO_LATE, f"run {run.run_id} started at {_time(run.started_at)}"
    return _OF_STATUS[run.status], f"run {run.run_id} is {run.status}: {run.reason}"


def _sentence(task: Task, deadline: Deadline, late: Sequence[FireKey], why: str) -> str:
    subject = "Task" if not late else f"The run of {_time(late[0].scheduled_time)} of task"
    if len(late) > 1:
        subject = f"The runs of {len(late)} fire times, the first {subject[11:]}"
    if deadline.kind is DeadlineKind.MISSING:
        verb = f"did not start by {_time(deadline.at)}"
    else:
        local = deadline.at.astimezone(zone_named(task.deadline_zone or "UTC"))
        verb = f"did not succeed by {local:%Y-%m-%d %H:%M:%S} {task.deadline_zone}"
    return f"{subject} '{task.name}' {verb}: {why}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def recovery_sentence(task: Task, miss: Miss) -> str:
    """Return the sentence about a missed deadline whose runs have recovered."""
    verb = "started" if miss.kind is DeadlineKind.MISSING else "succeeded"
    return f"Task '{task.name}' has {verb} after its missed deadline of {_time(miss.at)}."
