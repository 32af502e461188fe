"""The states of schedules and their index of due times, in Table Storage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from polysync_core.domain.errors import StaleETag
from polysync_core.domain.runs.identity import derived_run_id
from polysync_core.domain.schedules.state import (
    DecidedFireTime,
    FirePlan,
    MissedFireTimes,
    Pause,
    ScheduleState,
    with_plan,
)
from polysync_core.domain.schedules.stored_schedules import Due, Edit, IdleSchedule
from polysync_core.storage.schedules import TableSchedules
from polysync_core.storage.tables import Tables
from tests.fakes.builders import NOON

pytestmark = pytest.mark.azurite


def a_state(task: str = "load", schedule: str = "daily", **fields: object) -> ScheduleState:
    known = {"revision": "1", "watermark": NOON, "due": NOON + timedelta(minutes=5)}
    return ScheduleState(task=task, schedule=schedule, **{**known, **fields})  # type: ignore[arg-type]


def test_a_state_is_read_as_it_was_written(storage: Tables) -> None:
    store = TableSchedules(storage)
    run = derived_run_id("a")
    plan = FirePlan(
        at=NOON,
        watermark=NOON + timedelta(seconds=1),
        occurrences=(DecidedFireTime(scheduled_time=NOON, skip_reason="Why.", cancels=(run,)),),
        missed=MissedFireTimes(first=NOON, last=NOON, count=3, is_lower_bound=True, reason="late"),
    )
    pause = Pause(reason="It moves. \u00fc", at=NOON, by="ann")
    full = a_state(
        paused=pause,
        consecutive_failures=2,
        uncounted_runs=(run,),
        last_run=run,
        last_fire_time=NOON,
    )
    stored = store.put(with_plan(full, plan), replacing=None)
    assert store.get("load", "daily") == stored
    assert store.of_task("load") == [stored]
    assert store.get("load", "hourly") is None
    assert store.of_task("loa") == []


def test_due_schedules_are_listed_in_the_order_of_their_due_times(storage: Tables) -> None:
    store = TableSchedules(storage)
    for number in range(8):
        store.put(a_state(f"t{number}", due=NOON + timedelta(minutes=8 - number)), replacing=None)
    store.put(a_state("never", due=None), replacing=None)
    edit = store.record_edit("t0")
    found = store.due(NOON + timedelta(minutes=3), limit=100)
    dues = [each for each in found if isinstance(each, Due)]
    assert [each.task for each in dues] == ["t7", "t6", "t5"]
    assert dues[-1].at == NOON + timedelta(minutes=3)
    assert [each for each in found if isinstance(each, Edit)] == [edit]
    store.remove_edit(edit)
    store.remove_edit(edit)
    assert store.due(NOON, limit=100) == []


def test_a_state_and_its_index_entry_change_together(storage: Tables) -> None:
    store = TableSchedules(storage)
    first = store.put(a_state(), replacing=None)
    later = replace(first.state, due=NOON + timedelta(hours=1))
    second = store.put(later, replacing=first)
    assert store.due(NOON + timedelta(minutes=59), limit=10) == []
    with pytest.raises(StaleETag):
        store.put(first.state, replacing=first)
    with pytest.raises(StaleETag):
        store.put(a_state(), replacing=None)
    with pytest.raises(StaleETag):
        store.remove(first)
    assert len(store.due(NOON + timedelta(hours=1), limit=10)) == 1
    third = store.put(replace(later, revision="2"), replacing=second)
    fourth = store.put(replace(later, due=None), replacing=third)
    assert store.due(NOON + timedelta(days=1), limit=10) == []
    store.remove(store.put(later, replacing=fourth))
    assert store.due(NOON + timedelta(days=1), limit=10) == []
    assert store.of_task("load") == []


def test_a_limit_restricts_the_number_of_read_rows(storage: Tables) -> None:
    store = TableSchedules(storage)
    for number in range(12):
        store.put(a_state(schedule=f"s{number}"), replacing=None)
    assert len(store.due(NOON + timedelta(hours=1), limit=5)) == 5


def test_a_schedule_is_either_upcoming_or_idle(storage: Tables) -> None:
    store = TableSchedules(storage)
    for number in range(6):
        store.put(a_state(f"t{number}", due=NOON + timedelta(minutes=6 - number)), replacing=None)
    idle = store.put(a_state("z", due=None), replacing=None)
    until = NOON + timedelta(minutes=4)
    assert [each.task for each in store.upcoming(until=until)] == ["t5", "t4", "t3"]
    assert store.idle(limit=10) == [IdleSchedule(task="z", schedule="daily")]
    stopped = store.get("t5", "daily")
    assert stopped is not None
    store.put(replace(stopped.state, due=None), replacing=stopped)
    store.remove(idle)
    assert store.idle(limit=10) == [IdleSchedule(task="t5", schedule="daily")]
    assert [each.task for each in store.upcoming(until=until)] == ["t4", "t3"]


@pytest.mark.parametrize("count", [0, 2, 9])
def test_the_states_of_many_tasks_are_read_at_once(storage: Tables, count: int) -> None:
    store = TableSchedules(storage)
    # Names that are the beginning of others, and names between the wanted ones.
    names = ["a", "a-b", "a0", "b", "b-1", "c", "z", "z-9", "zz"]
    for name in [*names, "a-a", "bb", "y"]:
        for schedule in ("daily", "z-hourly"):
            store.put(a_state(name, schedule), replacing=None)
    wanted = names[:count]
    found = sorted((each.state.task, each.state.schedule) for each in store.of_tasks(wanted))
    assert found == sorted((name, each) for name in wanted for each in ("daily", "z-hourly"))


def test_the_next_due_schedule_is_the_earliest_of_all_partitions(storage: Tables) -> None:
    store = TableSchedules(storage)
    assert store.next_due() is None
    for number in range(8):
        store.put(a_state(f"t{number}", due=NOON + timedelta(minutes=8 - number)), replacing=None)
    store.put(a_state("never", due=None), replacing=None)
    store.record_edit("t0")
    due = store.next_due()
    assert due is not None
    assert (due.task, due.at) == ("t7", NOON + timedelta(minutes=1))
