"""Tests of the sync of schedules with the definitions of their Tasks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from polysync_core.application.schedules.syncing import WRITE_LIMIT
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.errors import StaleETag, Unavailable
from tests.fakes.builders import NOON
from tests.fakes.runs import Crash
from tests.fakes.scheduled import DAILY, MINUTELY, Scheduled, a_task
from tests.fakes.tables import Call


@pytest.fixture
def world() -> Scheduled:
    return Scheduled()


def due_of(world: Scheduled, schedule: str = "minutely") -> datetime | None:
    stored = world.store.get("load-daily", schedule)
    return None if stored is None else stored.state.due


def notes(world: Scheduled) -> list[str]:
    rows = world.tables.tables.get("Schedules", {})
    return [key for _, key in rows if key.startswith("c~")]


@pytest.mark.slow
@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("at", range(1, 12))
def test_the_next_tick_recovers_from_a_crash_at_any_write(
    world: Scheduled, at: int, done: bool
) -> None:
    calls = 0

    def intercept(_: Call, do: Callable[[], Any]) -> Any:
        nonlocal calls
        calls += 1
        if calls == at and done:
            do()
        if calls >= at:
            raise Crash
        return do()

    world.task(DAILY)
    world.tables.intercept = intercept
    try:
        world.task(MINUTELY)
    except Crash:
        world.tables.intercept = lambda _, do: do()
        world.restart()
    world.tables.intercept = lambda _, do: do()
    world.tick()
    task = world.services.definitions.task("load-daily")
    states = world.store.of_task("load-daily")
    assert [each.state.schedule for each in states] == [each.name for each in task.schedules]
    world.tick(seconds=WRITE_LIMIT.total_seconds())
    assert notes(world) == []


def test_the_record_of_an_edit_stays_while_its_write_may_still_happen(world: Scheduled) -> None:
    """A tick that removed the record too early would leave a schedule that never fires."""
    world.store.record_edit("load-daily")
    world.tick(minutes=1)
    assert len(notes(world)) == 1
    world.services.ports.definitions.put(
        read_definition(Kind.TASK, a_task(MINUTELY)), replacing=None
    )
    world.tick(minutes=1)
    assert due_of(world) == NOON + timedelta(minutes=3)


def test_a_refused_write_leaves_no_record_of_an_edit(world: Scheduled) -> None:
    world.task(MINUTELY)
    stored = world.services.ports.definitions.get(Kind.TASK, "load-daily")
    assert stored is not None
    world.task(DAILY)
    with pytest.raises(StaleETag):
        world.writes(stored.definition, replacing=stored)
    assert notes(world) == []
    assert due_of(world) is None


def test_a_definition_is_saved_even_if_its_schedules_cannot_be_synced(world: Scheduled) -> None:
    def intercept(call: Call, do: Callable[[], Any]) -> Any:
        if call.table == "Schedules" and call.method == "send_batch":
            raise Unavailable
        return do()

    world.tables.intercept = intercept
    world.task(MINUTELY)
    world.tables.intercept = lambda _, do: do()
    assert due_of(world) is None
    world.tick()
    assert due_of(world) == NOON + timedelta(minutes=1)


def test_an_older_definition_never_overwrites_a_newer_state(world: Scheduled) -> None:
    """The slower of two concurrent edits read the Task before the faster one wrote it."""
    world.task(DAILY)
    calls = 0

    def intercept(call: Call, do: Callable[[], Any]) -> Any:
        nonlocal calls
        result = do()
        if call.method == "get_entity" and call.table == "Definitions" and not calls:
            calls += 1
            world.task(DAILY | {"cron": "0 7 * * *"})
        return result

    world.tables.intercept = intercept
    world.services.schedule_sync.sync("load-daily")
    world.tables.intercept = lambda _, do: do()
    assert due_of(world, "daily") == NOON + timedelta(hours=19)


def test_an_edit_keeps_a_pending_plan(world: Scheduled) -> None:
    """The process crashes after it stored the plan; an edit precedes the next tick."""
    world.task(MINUTELY)
    world.clock.advance(seconds=61)

    def intercept(call: Call, do: Callable[[], Any]) -> Any:
        if call.table.startswith("Run"):
            raise Crash
        return do()

    world.tables.intercept = intercept
    with pytest.raises(Crash):
        world.tick()
    world.tables.intercept = lambda _, do: do()
    world.task(MINUTELY | {"description": "Often."})
    world.tick()
    assert world.times() == ["01 12:01"]
