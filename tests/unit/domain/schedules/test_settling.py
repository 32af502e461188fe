"""Tests of elapsed fire times before an edit, beside plans that are stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from polysync_core.domain.definitions.schedules import Misfire, Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.schedules.fire_plan import plan_fires
from polysync_core.domain.schedules.settling import Interruption, skipped_plan
from polysync_core.domain.schedules.state import TaskSchedule, initial_state, with_plan
from tests.fakes.builders import NOON

SCHEDULE = Schedule(name="minutely", cron="* * * * *", misfire=Misfire.ALL, catch_up_seconds=300)
TASK_SCHEDULE = TaskSchedule(
    task=Task(name="load", job="job", schedules=(SCHEDULE,)), schedule=SCHEDULE
)


def test_fire_times_of_a_pending_plan_are_not_decided_again() -> None:
    """A tick crashed after it had saved its plan. The schedule is removed hours later."""
    state = initial_state(TASK_SCHEDULE, None, now=NOON)
    plan = plan_fires(TASK_SCHEDULE, state, (), (), now=NOON + timedelta(minutes=3))
    assert [each.scheduled_time for each in plan.fires][-1] == NOON + timedelta(minutes=3)
    state = with_plan(state, plan)

    elapsed = skipped_plan(
        TASK_SCHEDULE, state, Interruption.REMOVED, now=NOON + timedelta(hours=3)
    )

    assert elapsed is not None
    assert elapsed.missed is not None
    assert elapsed.missed.first == NOON + timedelta(minutes=4)


def test_fire_times_of_an_earlier_edit_are_not_decided_again() -> None:
    state = initial_state(TASK_SCHEDULE, None, now=NOON)
    first = skipped_plan(
        TASK_SCHEDULE, state, Interruption.DISABLED, now=NOON + timedelta(minutes=2)
    )
    assert first is not None
    state = replace(state, unsettled=(first,))

    second = skipped_plan(
        TASK_SCHEDULE, state, Interruption.REMOVED, now=NOON + timedelta(minutes=4)
    )

    assert second is not None
    assert [each.scheduled_time for each in second.occurrences] == [
        NOON + timedelta(minutes=3),
        NOON + timedelta(minutes=4),
    ]
