"""Tests of fire plans."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from polysync_core.domain.definitions.schedules import Misfire, Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.schedules.codec import encode_schedule
from polysync_core.domain.schedules.fire_plan import ON_TIME, plan_fires
from polysync_core.domain.schedules.state import ScheduleState, TaskSchedule, with_due_time
from tests.fakes.builders import NOON

_MINUTE = timedelta(minutes=1)


def a_schedule(**facts: Any) -> Schedule:
    return Schedule(**{"name": "s", "cron": "* * * * *", **facts})


def of(schedule: Schedule) -> TaskSchedule:
    return TaskSchedule(task=Task(name="t", job="j", schedules=(schedule,)), schedule=schedule)


def a_state(watermark: datetime) -> ScheduleState:
    return ScheduleState(task="t", schedule="s", revision="1", watermark=watermark)


@given(
    passed=st.integers(0, 40_000),
    misfire=st.sampled_from(Misfire),
    window=st.sampled_from([1, 60, 600, 7_200]),
    spread=st.sampled_from([0, 30, 600]),
)
def test_each_elapsed_fire_time_runs_or_is_missed(
    passed: int, misfire: Misfire, window: int, spread: int
) -> None:
    facts = {"misfire": misfire, "catch_up_seconds": window, "jitter_seconds": spread}
    schedule = a_schedule(**facts)
    now = NOON + timedelta(seconds=passed)
    plan = plan_fires(of(schedule), a_state(NOON), [], [], now=now)
    fires = [each.scheduled_time for each in plan.occurrences]
    missed = plan.missed.count if plan.missed is not None else 0
    assert fires == sorted(set(fires))
    assert len(fires) + missed == (max(plan.watermark, NOON) - NOON) // _MINUTE
    assert plan.watermark <= now
    if plan.missed is not None and fires:
        assert plan.missed.last < fires[0]
    latest = timedelta(seconds=0 if misfire is Misfire.SKIP else window)
    for scheduled_time in fires:
        assert scheduled_time <= now
        assert now - scheduled_time <= max(latest, ON_TIME) + timedelta(seconds=spread)


@given(passed=st.integers(60, 4_000), spread=st.sampled_from([0, 45, 900]))
def test_a_fire_time_runs_at_its_due_time_and_not_before(passed: int, spread: int) -> None:
    schedule = a_schedule(jitter_seconds=spread)
    state = a_state(NOON + timedelta(seconds=passed))
    due = with_due_time(of(schedule), state).due
    assert due is not None
    early = due - timedelta(milliseconds=1)
    assert plan_fires(of(schedule), state, [], [], now=early).is_empty
    assert plan_fires(of(schedule), state, [], [], now=due).fires


def test_failed_runs_pause_the_schedule_and_skip_its_fire_times() -> None:
    schedule = a_schedule(pause_after_failures=2)
    failed = [RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.FAILED]
    plan = plan_fires(of(schedule), a_state(NOON), failed, [], now=NOON + _MINUTE)
    assert plan.pause is not None
    assert plan.fires == ()


def test_a_stored_state_holds_every_field_so_that_a_changed_default_changes_nothing() -> None:
    stored = json.loads(encode_schedule(a_state(NOON)))
    assert set(stored) == {each.name for each in fields(ScheduleState)}
