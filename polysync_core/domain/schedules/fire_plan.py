"""Decides which elapsed fire times of a schedule create runs, and which are skipped.

A fire time that does not run is always recorded, unless a calendar excludes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from polysync_core.domain.definitions.schedules import Misfire, Overlap, Schedule
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import SYSTEM_ACTOR, RunStatus
from polysync_core.domain.runs.skip import SkipKind
from polysync_core.domain.schedules.fire_times import FireTime, fire_times, is_excluded
from polysync_core.domain.schedules.state import (
    DecidedFireTime,
    FirePlan,
    MissedFireTimes,
    Pause,
    ScheduleState,
    TaskSchedule,
    with_outcomes,
)

ON_TIME = timedelta(seconds=90)
"""The age up to which a fire time is on time: ticks come every minute and take some seconds."""
MAX_CATCH_UP_RUNS = 50
"""The runs that misfire policy All creates in one tick; the next tick continues."""
_MAX_COUNTED = 10_000
"""Missed fire times are counted up to this number."""


@dataclass(slots=True)
class ElapsedFireTimes:
    """The fire times since the watermark that calendars do not exclude, oldest first."""

    missed: list[datetime] = field(default_factory=list[datetime])
    """Fire times that are older than the catch-up window."""
    is_more: bool = False
    """True if more fire times were missed than counted."""
    late: list[datetime] = field(default_factory=list[datetime])
    """Fire times within the catch-up window."""
    on_time: list[datetime] = field(default_factory=list[datetime])
    watermark: datetime | None = None
    """The newest fire time that was examined."""


def plan_fires(
    task_schedule: TaskSchedule,
    state: ScheduleState,
    past_outcomes: Sequence[RunStatus],
    active_runs: Sequence[RunId],
    *,
    now: datetime,
) -> FirePlan:
    """Decide on the fire times since the watermark, in the order of three policies.

    - Misfire: which late fire times still run.
    - Pause after failures: `past_outcomes` of the uncounted runs may pause the schedule.
    - Overlap: `active_runs` of the Task may skip a fire time, or are cancelled for it. With
      KeepNewest they are the waiting runs of the schedule, which the newest fire time replaces.

    The cost depends on the catch-up window, not on the time since the watermark.
    """
    plan = _with_misfires(state, _Timetable(task_schedule), now)
    return with_policies(task_schedule, state, plan, past_outcomes, active_runs)


def with_policies(
    task_schedule: TaskSchedule,
    state: ScheduleState,
    plan: FirePlan,
    past_outcomes: Sequence[RunStatus],
    active_runs: Sequence[RunId],
) -> FirePlan:
    """Apply the pause after failures and the overlap policy to a plan."""
    failures = with_outcomes(state, past_outcomes).consecutive_failures
    threshold = task_schedule.schedule.pause_after_failures
    if plan.fires and threshold is not None and failures >= threshold:
        return _with_pause(plan, task_schedule.schedule.name, failures)
    return _with_overlap(plan, task_schedule.schedule.overlap, active_runs)


def elapsed_fire_times(
    task_schedule: TaskSchedule, state: ScheduleState, *, now: datetime
) -> FirePlan:
    """Apply the misfire policy to all fire times that no stored plan decides.

    The plan includes a fire time whose jitter has not passed yet.
    """
    undecided = replace(state, watermark=state.decided_until)
    return _with_misfires(undecided, _Timetable(task_schedule, includes_jittered=True), now)


def describe(missed: MissedFireTimes) -> str:
    """Return a sentence about missed fire times."""
    if missed.count == 1:
        return f"Missed the fire time {_text(missed.first)}: {missed.reason}."
    count = f"{'more than ' if missed.is_lower_bound else ''}{missed.count}"
    span = f"from {_text(missed.first)} to {_text(missed.last)}"
    return f"Missed {count} fire times, {span}: {missed.reason}."


@dataclass(frozen=True, slots=True)
class _Timetable:
    """The fire times of a schedule with its calendars applied."""

    task_schedule: TaskSchedule
    includes_jittered: bool = False
    """True if a fire time elapses at its scheduled time, before its jitter."""

    @property
    def catch_up(self) -> timedelta:
        """The age up to which a fire time may still run."""
        schedule = self.task_schedule.schedule
        seconds = 0 if schedule.misfire is Misfire.SKIP else schedule.catch_up_seconds
        return timedelta(seconds=seconds)

    def is_excluded(self, fire: FireTime) -> bool:
        return is_excluded(fire, self.task_schedule.calendars)

    def fire_times(self, after: datetime) -> Iterator[FireTime]:
        """Yield the fire times that no calendar excludes."""
        fires = fire_times(self.task_schedule.schedule, after=after)
        return (fire for fire in fires if not self.is_excluded(fire))

    def due(self, after: datetime, now: datetime) -> Iterator[tuple[FireTime, datetime]]:
        """Yield every elapsed fire time with its due time; include excluded fire times.

        The order is kept: where jitter would swap two fire times, both are due at the later time.
        """
        due = after
        for fire in fire_times(self.task_schedule.schedule, after=after):
            due = max(due, self.task_schedule.due_time(fire.scheduled_time))
            if (fire.scheduled_time if self.includes_jittered else due) > now:
                return
            yield fire, due


def _with_misfires(state: ScheduleState, timetable: _Timetable, now: datetime) -> FirePlan:
    """Return the plan that the misfire policy makes of the elapsed fire times."""
    elapsed = _elapsed(timetable, state.watermark, now)
    caught_up, reason = _caught_up(timetable.task_schedule.schedule, elapsed)
    dropped = elapsed.missed + [each for each in elapsed.late if each not in caught_up]
    missed = None
    if dropped:
        missed = MissedFireTimes(
            first=dropped[0],
            last=dropped[-1],
            count=len(dropped),
            is_lower_bound=elapsed.is_more,
            reason=reason,
        )
    occurrences = tuple(
        DecidedFireTime(scheduled_time=each) for each in (*caught_up, *elapsed.on_time)
    )
    watermark = elapsed.watermark or state.watermark
    return FirePlan(at=now, watermark=watermark, occurrences=occurrences, missed=missed)


def _with_pause(plan: FirePlan, schedule: str, failures: int) -> FirePlan:
    """Return the plan that skips everything and pauses the schedule."""
    pause = Pause(
        reason=f"Paused by itself: its last {failures} runs have failed.",
        at=plan.at,
        by=SYSTEM_ACTOR,
    )
    reason = (
        f"Skipped: the last {failures} runs of schedule '{schedule}' have failed, "
        "so it is paused; resume it after the problem is fixed."
    )
    return replace(
        changed_plan(plan, _skipped(plan.fires, SkipKind.SCHEDULE_PAUSED, reason)), pause=pause
    )


def _with_overlap(plan: FirePlan, overlap: Overlap, active: Sequence[RunId]) -> FirePlan:
    """Return the plan that the overlap policy allows beside the active runs of the Task."""
    fires = plan.fires
    if overlap is Overlap.QUEUE or not fires:
        return plan
    if overlap is Overlap.SKIP:
        before = f"run {active[0]}" if active else f"the run of {_text(fires[0].scheduled_time)}"
        reason = f"Skipped: {before} of the task has not ended, and the overlap policy is Skip."
        first = () if active else fires[:1]
        return changed_plan(
            plan, [*first, *_skipped(fires[len(first) :], SkipKind.OVERLAP, reason)]
        )
    last = replace(fires[-1], cancels=tuple(active))
    if overlap is Overlap.KEEP_NEWEST:
        last = replace(fires[-1], replaces=tuple(active))
    reason = f"Skipped: the fire time {_text(last.scheduled_time)} came at the same time, and the "
    reason += f"overlap policy is {overlap}."
    return changed_plan(plan, [*_skipped(fires[:-1], SkipKind.OVERLAP, reason), last])


def _elapsed(timetable: _Timetable, watermark: datetime, now: datetime) -> ElapsedFireTimes:
    """Return the fire times from the watermark until now by their age."""
    elapsed, schedule = ElapsedFireTimes(), timetable.task_schedule.schedule
    # No jitter can bring a fire time before the horizon into the catch-up window.
    jitter_span = timedelta(seconds=schedule.jitter_seconds)
    horizon = now - max(timetable.catch_up, ON_TIME) - jitter_span
    if horizon > watermark:
        elapsed.watermark = horizon
        _count_missed(timetable, watermark, horizon, elapsed)
        watermark = horizon
    for fire, due in timetable.due(watermark, now):
        scheduled_time = elapsed.watermark = fire.scheduled_time
        if timetable.is_excluded(fire):
            continue
        if due >= now - ON_TIME:
            elapsed.on_time.append(scheduled_time)
        elif due >= now - timetable.catch_up:
            elapsed.late.append(scheduled_time)
            is_full = len(elapsed.late) == MAX_CATCH_UP_RUNS
            if is_full and schedule.misfire is Misfire.ALL:
                break
        else:
            elapsed.missed.append(scheduled_time)
    return elapsed


def _count_missed(
    timetable: _Timetable, watermark: datetime, horizon: datetime, elapsed: ElapsedFireTimes
) -> None:
    """Record the fire times up to the horizon as missed; count no more than a maximum."""
    old = takewhile(lambda fire: fire.scheduled_time <= horizon, timetable.fire_times(watermark))
    elapsed.missed += [fire.scheduled_time for fire in islice(old, _MAX_COUNTED)]
    if next(old, None) is not None:
        elapsed.is_more = True
        elapsed.missed[-1] = _newest(timetable, elapsed.missed[-1], horizon)


def _newest(timetable: _Timetable, after: datetime, until: datetime) -> datetime:
    """Return the newest fire time in a range; search in growing spans from the end."""
    span = timedelta(hours=1)
    while True:
        start = max(after, until - span)
        fires = takewhile(lambda fire: fire.scheduled_time <= until, timetable.fire_times(start))
        newest = max((fire.scheduled_time for fire in fires), default=None)
        if newest is not None or start == after:
            return newest or after
        span *= 8


def _caught_up(schedule: Schedule, elapsed: ElapsedFireTimes) -> tuple[list[datetime], str]:
    """Return the late fire times that run, and why the others do not."""
    too_old = f"older than the catch-up window of {schedule.catch_up_seconds} s"
    match schedule.misfire:
        case Misfire.SKIP:
            return [], "the misfire policy is Skip"
        case Misfire.ALL:
            return elapsed.late, too_old
        case Misfire.LAST if elapsed.on_time:
            return [], f"the run of {_text(elapsed.on_time[0])} replaces them (misfire Last)"
        case Misfire.LAST if elapsed.late:
            newest = elapsed.late[-1]
            return [newest], f"the run of {_text(newest)} replaces them (misfire Last)"
        case Misfire.LAST:
            return [], too_old


def _skipped(
    occurrences: Iterable[DecidedFireTime], kind: SkipKind, reason: str
) -> list[DecidedFireTime]:
    return [replace(each, skip_reason=reason, skip_kind=kind) for each in occurrences]


def changed_plan(plan: FirePlan, occurrences: Iterable[DecidedFireTime]) -> FirePlan:
    """Return a plan with other decisions about some of its fire times."""
    changed = {each.scheduled_time: each for each in occurrences}
    return replace(
        plan, occurrences=tuple(changed.get(each.scheduled_time, each) for each in plan.occurrences)
    )


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
