"""What becomes of the fire times that have come: what runs, what does not, and why.

Whatever is dropped, other than by a calendar, is part of the decision and is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from polysync_core.domain.definitions.calendars import Calendar
from polysync_core.domain.definitions.schedules import Misfire, Overlap, Schedule
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.schedules.fire_times import FireTime, fire_times, is_excluded, jitter
from polysync_core.domain.schedules.states import Missed, Occurrence, Plan

LATE = timedelta(seconds=90)
"""A tick comes every minute and may take its time; what is later than this was missed."""
MADE_GOOD_AT_ONCE = 50
"""With misfire All, so many runs are made at a time; the next tick goes on."""
_COUNTED = 10_000
"""Missed fire times are counted up to this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What decides on a schedule's fire times."""

    task: str
    schedule: Schedule
    calendars: Sequence[Calendar] = ()

    @property
    def window(self) -> timedelta:
        """How late a fire time may be made good."""
        seconds = self.schedule.catch_up_seconds
        return timedelta(seconds=0 if self.schedule.misfire is Misfire.SKIP else seconds)

    def fires(self, after: datetime) -> Iterator[FireTime]:
        """Yield the fire times that no calendar excludes."""
        fires = fire_times(self.schedule, after=after)
        return (fire for fire in fires if not is_excluded(fire, self.calendars))

    def due(self, after: datetime, now: datetime) -> Iterator[tuple[FireTime, datetime]]:
        """Yield the fire times that have come, each with the moment it came, excluded or not.

        They come in order: jitter that would put one before another makes both come together.
        """
        due = after
        for fire in fire_times(self.schedule, after=after):
            due = max(due, fire.nominal + jitter(self.task, self.schedule, fire.nominal))
            if due > now:
                return
            yield fire, due


@dataclass(slots=True)
class ElapsedFireTimes:
    """What has come since the mark, oldest first."""

    missed: list[datetime] = field(default_factory=list[datetime])
    is_more: bool = False
    late: list[datetime] = field(default_factory=list[datetime])
    """Those of the missed that may be made good."""
    on_time: list[datetime] = field(default_factory=list[datetime])
    mark: datetime | None = None


def decide(rules: Rules, *, mark: datetime, now: datetime) -> Plan:
    """Decide on the fire times after the mark that have come by now.

    The cost depends on the catch-up window and not on how long nothing fired.
    """
    come = _come(rules, mark, now)
    made_good, why = _made_good(rules.schedule, come)
    dropped = come.missed + [each for each in come.late if each not in made_good]
    missed = None
    if dropped:
        missed = Missed(
            first=dropped[0],
            last=dropped[-1],
            count=len(dropped),
            is_more=come.is_more,
            why=why,
        )
    occurrences = tuple(Occurrence(nominal=each) for each in (*made_good, *come.on_time))
    return Plan(at=now, mark=come.mark or mark, occurrences=occurrences, missed=missed)


def without_overlap(plan: Plan, overlap: Overlap, active: Sequence[RunId]) -> Plan:
    """Return the plan in view of the runs of the Task that are active."""
    fires = plan.fires
    if overlap is Overlap.QUEUE or not fires:
        return plan
    if overlap is Overlap.SKIP:
        before = f"run {active[0]}" if active else f"the run of {_moment(fires[0].nominal)}"
        why = f"Skipped: {before} of the task has not ended, and the overlap policy is Skip."
        first = () if active else fires[:1]
        return _changed(plan, [*first, *_skipped(fires[len(first) :], why)])
    last = replace(fires[-1], cancels=tuple(active))
    why = f"Skipped: the fire time {_moment(last.nominal)} came at the same time, and the "
    why += "overlap policy is CancelRunning."
    return _changed(plan, [*_skipped(fires[:-1], why), last])


def without_fires(plan: Plan, why: str) -> Plan:
    """Return the plan with nothing that runs."""
    return _changed(plan, _skipped(plan.fires, why))


def told(missed: Missed) -> str:
    """Tell of missed fire times in a sentence."""
    if missed.count == 1:
        return f"Missed the fire time {_moment(missed.first)}: {missed.why}."
    count = f"{'more than ' if missed.is_more else ''}{missed.count}"
    span = f"from {_moment(missed.first)} to {_moment(missed.last)}"
    return f"Missed {count} fire times, {span}: {missed.why}."


def _come(rules: Rules, mark: datetime, now: datetime) -> ElapsedFireTimes:
    come = ElapsedFireTimes()
    # What is older than this can no longer come in time, whatever its jitter.
    spread = timedelta(seconds=rules.schedule.jitter_seconds)
    horizon = now - max(rules.window, LATE) - spread
    if horizon > mark:
        come.mark = horizon
        _pass_over(rules, mark, horizon, come)
        mark = horizon
    for fire, due in rules.due(mark, now):
        nominal = come.mark = fire.nominal
        if is_excluded(fire, rules.calendars):
            continue
        if due >= now - LATE:
            come.on_time.append(nominal)
        elif due >= now - rules.window:
            come.late.append(nominal)
            if len(come.late) == MADE_GOOD_AT_ONCE and rules.schedule.misfire is Misfire.ALL:
                break
        else:
            come.missed.append(nominal)
    return come


def _pass_over(rules: Rules, mark: datetime, horizon: datetime, come: ElapsedFireTimes) -> None:
    """Note what was missed up to the horizon; of very many, the newest is looked for apart."""
    old = takewhile(lambda fire: fire.nominal <= horizon, rules.fires(mark))
    come.missed += [fire.nominal for fire in islice(old, _COUNTED)]
    if next(old, None) is not None:
        come.is_more = True
        come.missed[-1] = _newest(rules, come.missed[-1], horizon)


def _newest(rules: Rules, after: datetime, until: datetime) -> datetime:
    """Return the newest fire time in a range, at the cost of few of them."""
    span = timedelta(hours=1)
    while True:
        start = max(after, until - span)
        fires = takewhile(lambda fire: fire.nominal <= until, rules.fires(start))
        newest = max((fire.nominal for fire in fires), default=None)
        if newest is not None or start == after:
            return newest or after
        span *= 8


def _made_good(schedule: Schedule, come: ElapsedFireTimes) -> tuple[list[datetime], str]:
    """Return what is made good of what is late, and why the rest is not."""
    too_old = f"older than the catch-up window of {schedule.catch_up_seconds} s"
    match schedule.misfire:
        case Misfire.SKIP:
            return [], "the misfire policy is Skip"
        case Misfire.ALL:
            return come.late, too_old
        case Misfire.LAST if come.on_time:
            return [], f"the run of {_moment(come.on_time[0])} stands for them (misfire Last)"
        case Misfire.LAST if come.late:
            newest = come.late[-1]
            return [newest], f"the run of {_moment(newest)} stands for them (misfire Last)"
        case Misfire.LAST:
            return [], too_old


def _skipped(occurrences: Iterable[Occurrence], why: str) -> list[Occurrence]:
    return [replace(each, skipped=why) for each in occurrences]


def _changed(plan: Plan, occurrences: Iterable[Occurrence]) -> Plan:
    changed = {each.nominal: each for each in occurrences}
    return replace(
        plan, occurrences=tuple(changed.get(each.nominal, each) for each in plan.occurrences)
    )


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
