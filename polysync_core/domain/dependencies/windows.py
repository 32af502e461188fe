"""Computes the upstream fire times that a dependency with `take: Window` uses.

The window of a fire time T begins at P, the previous fire time. The window contains the fire times
of the upstream after P, up to and including T. If the upstream has no such fire time, the window
contains its newest fire time before.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby, islice, pairwise, takewhile

from polysync_core.domain.clock import clamped
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.tasks import Take, Task
from polysync_core.domain.dependencies.tokens import GateEdge, ScheduledFire, Token
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.schedules.fire_times import count_between, fire_times, is_excluded

MAX_FIRE_TIMES = 400
"""The maximum number of fire times in a window."""
_INSTANT = timedelta(microseconds=1)
_STEPS = (60, 3600, 86_400, 8 * 86_400, 32 * 86_400, 367 * 86_400, 9 * 366 * 86_400)
"""The seconds before a time in which the fire time before it is searched, near ones first."""
_MAX_NAMED = 5
_SAMPLE = datetime(2026, 6, 1, tzinfo=UTC)
_SAMPLES = 40
"""The fire times from `_SAMPLE` on whose windows are counted when a Task is saved."""

type Timed = tuple[Schedule, tuple[Calendar, ...]]
"""A schedule with its calendars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOutcome:
    """The outcome of one fire time in a window."""

    scheduled_time: datetime
    run_id: RunId
    status: RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The fire times of an upstream between two fire times of a Task."""

    upstream: str
    after: datetime
    until: datetime
    outcomes: tuple[WindowOutcome, ...] = ()
    """Of each fire time, the outcome of its newest run; oldest fire time first."""
    awaited: tuple[datetime, ...] = ()
    """The fire times without an outcome."""
    fault: str | None = None
    """The reason why the window can never be used."""

    @property
    def run_ids(self) -> tuple[RunId, ...]:
        """The runs of the outcomes."""
        return tuple(each.run_id for each in self.outcomes)


def fire_time_before(timed: Timed, at: datetime) -> datetime | None:
    """Return the newest fire time before a time, which no calendar excludes."""
    schedule, calendars = timed
    begin = clamped(at)
    for seconds in _STEPS:
        end, begin = begin, clamped(at - timedelta(seconds=seconds))
        fires = fire_times(schedule, after=begin - _INSTANT)
        found = [
            fire.scheduled_time
            for fire in takewhile(lambda fire, end=end: fire.scheduled_time < end, fires)
            if not is_excluded(fire, calendars)
        ]
        if found:
            return found[-1]
    return None


def fires_at(schedule: Schedule, at: datetime) -> bool:
    """Return whether a schedule has a fire time at a moment."""
    found = next(fire_times(schedule, after=at - _INSTANT), None)
    return found is not None and found.scheduled_time == at


def interval_begin(timed: Timed, at: datetime) -> datetime:
    """Return the begin of the interval that ends with a fire time of a schedule.

    The first fire time of a schedule has an interval as well, as if the schedule had no begin.
    """
    schedule, calendars = timed
    return fire_time_before((_endless(schedule)[0], calendars), at) or at


def window_times(
    upstream: Sequence[Timed], *, after: datetime, until: datetime
) -> tuple[datetime, ...]:
    """Return the fire times of a window, oldest first; at most one more than the maximum."""
    found = tuple(islice(_between(upstream, after, until), MAX_FIRE_TIMES + 1))
    if found:
        return found
    before = (fire_time_before(each, after + _INSTANT) for each in upstream)
    newest = max((each for each in before if each is not None), default=None)
    return () if newest is None else (newest,)


def _between(upstream: Sequence[Timed], after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the fire times of some schedules in an interval, each once."""

    def times(timed: Timed) -> Iterator[datetime]:
        schedule, calendars = timed
        for fire in fire_times(schedule, after=after):
            if fire.scheduled_time > until:
                return
            if not is_excluded(fire, calendars):
                yield fire.scheduled_time

    return (each for each, _ in groupby(heapq.merge(*map(times, upstream))))


def scheduled_tasks(task: Task, find: Callable[[str], Task | None]) -> list[Task]:
    """Return the Tasks whose schedules give the fire times of a Task.

    A Task without a schedule has the scheduled times of the Tasks that start it.
    """
    found: dict[str, Task] = {}
    seen, pending = {task.name}, [task]
    while pending:
        each = pending.pop()
        if each.schedules:
            found[each.name] = each
            continue
        for name in [edge.task for edge in each.dependencies if edge.take is Take.EACH]:
            upstream = None if name in seen else find(name)
            seen.add(name)
            if upstream is not None:
                pending.append(upstream)
    return [found[name] for name in sorted(found)]


def enabled_schedules(tasks: Iterable[Task]) -> list[Schedule]:
    """Return the enabled schedules of some Tasks."""
    return [each for task in tasks for each in task.schedules if each.enabled]


def window_problem(task: Task, upstream: Task, sources: Sequence[Task]) -> str | None:
    """Return the reason why a Task cannot take windows of an upstream; None if it can."""
    if not sources:
        return (
            f"task '{upstream.name}' has no schedule, so no window has fire times: "
            "add a schedule to it, or set take to Each or Newest"
        )
    if len(sources) > 1:
        names = ", ".join(each.name for each in sources)
        return (
            f"task '{upstream.name}' has the scheduled times of several tasks ({names}): "
            "add a schedule to it, or set take to Each or Newest"
        )
    timed = [_endless(each) for each in sources[0].schedules]
    if not any(_has_large_windows(timed, _endless(each)[0]) for each in task.schedules):
        return None
    return (
        f"a window would have more than {MAX_FIRE_TIMES} fire times of task '{sources[0].name}': "
        "add a task with a cadence in between, or set take to Newest"
    )


def _has_large_windows(upstream: Sequence[Timed], schedule: Schedule) -> bool:
    """Return whether one of the next windows of a schedule has too many fire times."""
    fires = [each.scheduled_time for each in islice(fire_times(schedule, after=_SAMPLE), _SAMPLES)]
    return any(_is_large(upstream, after, until) for after, until in pairwise(fires))


def _is_large(upstream: Sequence[Timed], after: datetime, until: datetime) -> bool:
    """Return whether a window has too many fire times; counting comes first, as it is fast."""
    count = partial(count_between, after=after, until=until + _INSTANT, most=MAX_FIRE_TIMES)
    if sum(count(schedule) for schedule, _ in upstream) <= MAX_FIRE_TIMES:
        return False
    return len(window_times(upstream, after=after, until=until)) > MAX_FIRE_TIMES


def _endless(schedule: Schedule) -> Timed:
    """Return a schedule without begin, end and calendars."""
    return schedule.model_copy(update={"start_at": None, "end_at": None}), ()


def token_of_window(
    edge: GateEdge, window: Window, fire: Token, outcomes: Sequence[Token]
) -> Token:
    """Return the token that represents the outcomes of a window."""
    return Token(
        edge=edge.upstream,
        run_id=outcomes[-1].run_id if outcomes else fire.run_id,
        finished_at=max([each.finished_at for each in outcomes], default=fire.finished_at),
        status=outcomes[-1].status if outcomes else RunStatus.SKIPPED,
        graph_run_id=fire.graph_run_id,
        is_window=True,
        parts=tuple(outcomes),
        fault=window.fault or _missing_text(edge, window),
    )


def _missing_text(edge: GateEdge, window: Window) -> str | None:
    """Return the end of a sentence about missing outcomes; None if none is missing."""
    count = len(window.awaited)
    if not count:
        return None
    named = times_text(window.awaited)
    waited = 0 if edge.within is None else int(edge.within.total_seconds())
    return (
        f"has no outcome of {count} of {count + len(window.outcomes)} fire times after "
        f"{waited} seconds: {named}"
    )


def times_text(times: Sequence[datetime]) -> str:
    """Return the first times of a list as text, with the number of the others."""
    named = ", ".join(f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in times[:_MAX_NAMED])
    more = len(times) - _MAX_NAMED
    return f"{named} and {more} more" if more > 0 else named


def window_sentence(window: Window) -> str:
    """Describe a window in a sentence."""
    subject = f"The window of task '{window.upstream}'"
    if window.fault is not None:
        return f"{subject} can never be used: the task {window.fault}."
    count = len(window.outcomes) + len(window.awaited)
    interval = f"after {times_text([window.after])} up to {times_text([window.until])}"
    has = f"{subject}, {interval}, has {len(window.outcomes)} of {count} outcomes"
    if not window.awaited:
        return f"{has}."
    return f"{has}; it awaits those of {times_text(window.awaited)}."


def may_wait(edge: GateEdge, fire: ScheduledFire, *, now: datetime) -> bool:
    """Return whether a fire time still waits for the missing outcomes of its window."""
    limit = edge.wait_limit(fire)
    return limit is None or now < limit
