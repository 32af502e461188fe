"""Decides which elapsed fire times still run after a schedule is edited, paused or removed.

An edit starts the schedule anew from now. The fire times before it still run, or are skipped runs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from polysync_core.domain.runs.skip import SkipKind
from polysync_core.domain.schedules.fire_plan import changed_plan, elapsed_fire_times
from polysync_core.domain.schedules.fire_times import fire_times, is_excluded
from polysync_core.domain.schedules.state import (
    DecidedFireTime,
    FirePlan,
    ScheduleState,
    TaskSchedule,
)

_INSTANT = timedelta(microseconds=1)


class Interruption(StrEnum):
    """The change that keeps an elapsed fire time from running."""

    EDITED = "the schedule was edited, and it no longer has this fire time"
    DISABLED = "the schedule or its task was disabled"
    PAUSED = "the schedule was paused"
    REMOVED = "the schedule was removed from its task"
    DELETED = "the task was deleted"


def settled_plan(
    former: TaskSchedule, state: ScheduleState, present: TaskSchedule, *, now: datetime
) -> FirePlan | None:
    """Return the plan for the fire times that elapsed before an edit; None if there are none.

    `former` has the timing before the edit. A fire time that the edited schedule still has runs by
    the former misfire policy. Every other fire time is skipped.
    """
    plan = elapsed_fire_times(former, state, now=now)
    gone = [each for each in plan.fires if not _has(present, each.scheduled_time)]
    plan = _with_skipped(plan, gone, Interruption.EDITED)
    return None if plan.is_empty else plan


def skipped_plan(
    former: TaskSchedule, state: ScheduleState, why: Interruption, *, now: datetime
) -> FirePlan | None:
    """Return the plan that skips the fire times which elapsed before a schedule stopped."""
    plan = interrupted(elapsed_fire_times(former, state, now=now), why)
    return None if plan.is_empty else plan


def stopped(state: ScheduleState, why: Interruption) -> ScheduleState:
    """Return the state of a schedule that stops: its plans start no further run."""
    pending = state.pending and interrupted(state.pending, why)
    unsettled = tuple(interrupted(plan, why) for plan in state.unsettled)
    return replace(state, pending=pending, unsettled=unsettled)


def interrupted(plan: FirePlan, why: Interruption) -> FirePlan:
    """Return a plan whose remaining fire times are skipped; a run that exists stays."""
    return _with_skipped(plan, plan.fires, why)


def _with_skipped(
    plan: FirePlan, fires: list[DecidedFireTime] | tuple[DecidedFireTime, ...], why: Interruption
) -> FirePlan:
    reason = f"Skipped: {why} before the run could start."
    kind = SkipKind.SCHEDULE_CHANGED
    return changed_plan(
        plan,
        [
            replace(each, skip_reason=reason, skip_kind=kind, cancels=(), replaces=())
            for each in fires
        ],
    )


def _has(present: TaskSchedule, moment: datetime) -> bool:
    """Return whether a schedule fires at a moment."""
    found = next(fire_times(present.schedule, after=moment - _INSTANT), None)
    return (
        found is not None
        and found.scheduled_time == moment
        and not is_excluded(found, present.calendars)
    )
