"""What becomes of the fire times that have come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from polysync_core.domain.definitions.schedules import Misfire, Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.schedules.fire_plan import LATE, Rules, decide
from polysync_core.domain.schedules.fire_times import jitter
from polysync_core.domain.schedules.state import ScheduleState, placed, revision_of
from tests.fakes.builders import NOON

_MINUTE = timedelta(minutes=1)


def a_schedule(**facts: Any) -> Schedule:
    return Schedule(**{"name": "s", "cron": "* * * * *", **facts})


@given(
    passed=st.integers(0, 40_000),
    misfire=st.sampled_from(Misfire),
    window=st.sampled_from([1, 60, 600, 7_200]),
    spread=st.sampled_from([0, 30, 600]),
)
def test_each_fire_time_that_has_come_runs_or_is_missed(
    passed: int, misfire: Misfire, window: int, spread: int
) -> None:
    facts = {"misfire": misfire, "catch_up_seconds": window, "jitter_seconds": spread}
    schedule = a_schedule(**facts)
    now = NOON + timedelta(seconds=passed)
    plan = decide(Rules(task="t", schedule=schedule), mark=NOON, now=now)
    fires = [each.nominal for each in plan.occurrences]
    missed = plan.missed.count if plan.missed is not None else 0
    assert fires == sorted(set(fires))
    assert len(fires) + missed == (max(plan.mark, NOON) - NOON) // _MINUTE
    assert plan.mark <= now
    if plan.missed is not None and fires:
        assert plan.missed.last < fires[0]
    latest = timedelta(seconds=0 if misfire is Misfire.SKIP else window)
    for nominal in fires:
        assert nominal + jitter("t", schedule, nominal) <= now
        assert now - nominal <= max(latest, LATE) + timedelta(seconds=spread)


@given(passed=st.integers(60, 4_000), spread=st.sampled_from([0, 45, 900]))
def test_what_has_its_place_in_the_index_is_decided_on_when_its_time_comes(
    passed: int, spread: int
) -> None:
    schedule = a_schedule(jitter_seconds=spread)
    task = Task(name="t", job="j", schedules=(schedule,))
    mark = NOON + timedelta(seconds=passed)
    state = ScheduleState(task="t", schedule="s", revision=revision_of(task, schedule), mark=mark)
    due = placed(task, schedule, state).due
    assert due is not None
    rules = Rules(task="t", schedule=schedule)
    assert decide(rules, mark=mark, now=due - timedelta(milliseconds=1)).is_empty
    assert decide(rules, mark=mark, now=due).fires
