"""Defines the stored deadline state of a Task, and functions that change the state.

No deadline at or before the watermark is judged again. A decision is stored before it is executed
(write-ahead), so any later check repeats the execution with the same result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from polysync_core.domain.deadlines.judging import Miss
from polysync_core.domain.deadlines.kinds import DeadlineKind, MissCause
from polysync_core.domain.deadlines.times import Watched, WatchedSchedule, next_due
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.schedules.timing import timing_of

MAX_RESULTS = 10
"""The newest results that a state keeps."""
MAX_OPEN = 10
"""The newest missed deadlines whose recovery is watched."""
MAX_WATCHED = timedelta(days=7)
"""The age of a missed deadline after which its recovery is not watched any more."""
_MIN_RECHECK, _MAX_RECHECK = timedelta(minutes=1), timedelta(minutes=15)
_RECHECK_PART = 20
"""A missed deadline is checked again after this part of its age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleBegin:
    """The time from which the fire times of a schedule have deadlines."""

    timing: str
    """A digest of the parts of the schedule that move its fire times."""
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineResult:
    """The result of one deadline."""

    kind: DeadlineKind
    at: datetime
    miss: Miss | None = None
    """None if the deadline was met."""
    recovered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The results of one check, up to a new watermark."""

    at: datetime
    watermark: datetime
    results: tuple[DeadlineResult, ...] = ()
    recovered: tuple[Miss, ...] = ()
    given_up: tuple[Miss, ...] = ()
    """Misses that are not watched any more; this is not reported."""

    @property
    def misses(self) -> tuple[Miss, ...]:
        """The missed deadlines."""
        return tuple(each.miss for each in self.results if each.miss is not None)

    @property
    def is_silent(self) -> bool:
        """True if nothing is reported, so one write suffices."""
        return not self.misses and not self.recovered


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineState:
    """The progress of the deadlines of one Task."""

    task: str
    born: int
    """The number of the first version of the Task."""
    revision: str
    """The revision of the definition that this state follows."""
    watermark: datetime
    since: datetime
    """For a Task without schedules: the time from which its days count."""
    due: datetime | None = None
    """The time of the next check: its index key; None means no index entry."""
    schedules: Mapping[str, ScheduleBegin] = field(default_factory=dict[str, ScheduleBegin])
    """The schedules by identity."""
    pending: Decision | None = None
    """A decision that may be executed in part; it is finished before anything else."""
    open: tuple[Miss, ...] = ()
    """Missed deadlines whose runs have not recovered yet, oldest first."""
    results: tuple[DeadlineResult, ...] = ()
    """The newest results, newest first."""


def revision_of(task: Task) -> str:
    """Return a digest of the parts of a Task that decide about its deadlines."""
    expect = None if task.expect is None else task.expect.model_dump(mode="json")
    timings = {each.identity: _digest(task, each) for each in task.schedules}
    content = [task.identity, task.enabled, expect, task.deadline_zone, timings]
    content.append(bool(task.dependencies))
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def is_watched(task: Task | None) -> bool:
    """Return whether a Task has deadlines that pass without a run."""
    return (
        task is not None and task.enabled and task.expect is not None and task.expect.has_deadlines
    )


def synced(task: Task, former: DeadlineState | None, *, now: datetime) -> DeadlineState:
    """Return the state of a new or edited Task, from now on.

    A deadline that has passed is not judged by the new definition. A schedule whose fire times have
    not moved keeps them, so an edit between a fire time and its deadline loses nothing.
    """
    if former is not None and former.born != task.row.born:
        former = None
    before = dict[str, ScheduleBegin]() if former is None else former.schedules
    begins = {
        each.identity: _begin(task, each, before.get(each.identity), now)
        for each in task.schedules
        if each.enabled
    }
    is_same_day = former is not None and not former.schedules and not begins
    state = DeadlineState(
        task=task.name,
        born=task.row.born,
        revision=revision_of(task),
        watermark=now if former is None else max(former.watermark, now),
        since=former.since if former is not None and is_same_day else now,
        schedules=begins,
        pending=None if former is None else former.pending,
        open=() if former is None else former.open,
        results=() if former is None else former.results,
    )
    return with_due(task, state, now=now)


def watched(
    task: Task, state: DeadlineState, calendars: Mapping[str, Calendar] | None = None
) -> Watched:
    """Return the Task with the schedules whose fire times have deadlines."""
    known = calendars or {}
    return Watched(
        task=task,
        since=state.since,
        schedules=tuple(
            WatchedSchedule(
                schedule=each,
                since=state.schedules[each.identity].since,
                calendars=tuple(known[name] for name in each.calendars if name in known),
            )
            for each in task.schedules
            if each.identity in state.schedules
        ),
    )


def with_due(task: Task, state: DeadlineState, *, now: datetime) -> DeadlineState:
    """Return the state with the time of its next check; a stored decision is due at once."""
    if state.pending is not None:
        return replace(state, due=_whole(now))
    times = [next_due(watched(task, state), after=state.watermark), _recheck(state.open, now)]
    return replace(state, due=min((each for each in times if each is not None), default=None))


def with_decision(state: DeadlineState, decision: Decision) -> DeadlineState:
    """Return the state with a decision that is about to be executed."""
    return replace(state, pending=decision, due=_whole(decision.at))


def with_decision_done(
    task: Task, state: DeadlineState, decision: Decision, *, now: datetime
) -> DeadlineState:
    """Return the state after a decision was executed, with the new watermark."""
    closed = {*map(_key, decision.recovered), *map(_key, decision.given_up)}
    kept = [each for each in (*state.open, *decision.misses) if _key(each) not in closed]
    results = [_with_recovery(each, decision) for each in state.results]
    done = replace(
        state,
        pending=None,
        watermark=max(state.watermark, decision.watermark),
        open=tuple(each for each in kept if each.cause is not MissCause.NOT_EXAMINED)[-MAX_OPEN:],
        results=(*map(_shortened, reversed(decision.results)), *results)[:MAX_RESULTS],
    )
    return with_due(task, done, now=now)


def outdated(misses: Iterable[Miss], *, now: datetime) -> tuple[Miss, ...]:
    """Return the misses that are too old to be watched."""
    return tuple(each for each in misses if now - each.at > MAX_WATCHED)


def _begin(
    task: Task, schedule: Schedule, former: ScheduleBegin | None, now: datetime
) -> ScheduleBegin:
    timing = _digest(task, schedule)
    if former is not None and former.timing == timing:
        return former
    return ScheduleBegin(timing=timing, since=now)


def _digest(task: Task, schedule: Schedule) -> str:
    """Return a digest of the parts of a schedule that move its fire times.

    Calendars are left out: they are read when a deadline is judged.
    """
    timing = timing_of(task, schedule)
    content = [
        str(each)
        for each in (
            timing.cron,
            timing.time_zone,
            timing.start_at,
            timing.end_at,
            timing.gap,
            timing.fold,
            timing.is_enabled,
        )
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def _recheck(misses: Sequence[Miss], now: datetime) -> datetime | None:
    """Return the time at which the newest open miss is checked again."""
    if not misses:
        return None
    age = now - max(each.at for each in misses)
    return _whole(now + min(max(age / _RECHECK_PART, _MIN_RECHECK), _MAX_RECHECK))


def _whole(moment: datetime) -> datetime:
    # The index has milliseconds, so a due time with microseconds would lie after its entry.
    return moment.replace(microsecond=0)


def _key(miss: Miss) -> tuple[DeadlineKind, datetime]:
    return miss.kind, miss.at


def _shortened(result: DeadlineResult) -> DeadlineResult:
    """Return a result that names one fire time and one run."""
    miss = result.miss
    if miss is None:
        return result
    return replace(result, miss=replace(miss, fires=miss.fires[:1], run_ids=miss.run_ids[:1]))


def _with_recovery(result: DeadlineResult, decision: Decision) -> DeadlineResult:
    if result.miss is None or _key(result.miss) not in set(map(_key, decision.recovered)):
        return result
    return replace(result, recovered_at=decision.at)
