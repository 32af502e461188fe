"""Tests of backfills."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import Conflict, Invalid, NotFound
from polysync_core.domain.runs.run import RunStatus, TriggerType
from tests.fakes.builders import NOON
from tests.fakes.runs import Crash
from tests.fakes.scheduled import DAILY, MINUTELY, Scheduled

FIRST = datetime(2026, 2, 1, tzinfo=UTC)
FOURTH = FIRST + timedelta(days=3)


@pytest.fixture
def world() -> Scheduled:
    world = Scheduled()
    world.task(DAILY | {"parameters": {"mode": "changes"}})
    return world


def test_each_fire_time_of_the_range_gets_a_run(world: Scheduled) -> None:
    done = world.backfill(FIRST + timedelta(hours=6), FOURTH + timedelta(hours=6))
    assert [each.exists for each in done.items] == [False] * 3
    assert world.times(None) == ["01 06:00", "02 06:00", "03 06:00"]
    for run in world.made():
        assert (run.trigger_type, run.schedule) == (TriggerType.BACKFILL, "daily")
        assert (run.priority, run.backfill_id, run.time_zone) == (0, done.backfill_id, "UTC")
        assert run.parameters["mode"] == "changes"
        assert (run.run_id, 1) in world.engine.live


def test_the_oldest_fire_time_starts_first(world: Scheduled) -> None:
    """Runs with one queue time would start in the order of their random ids."""
    world.backfill(FIRST, FIRST + timedelta(days=9), max_concurrent_runs=1)
    by_rank = sorted(world.made(), key=lambda run: run.queued_at)
    assert [run.scheduled_time for run in by_rank] == sorted(
        run.scheduled_time for run in by_rank if run.scheduled_time is not None
    )
    assert len({run.queued_at for run in by_rank}) == 9


def test_a_repeated_request_creates_no_run_twice(world: Scheduled) -> None:
    first = world.backfill(FIRST, FOURTH)
    again = world.backfill(FIRST, FOURTH)
    longer = world.backfill(FIRST, FOURTH + timedelta(days=1))
    assert first.backfill_id == again.backfill_id
    assert [each.exists for each in again.items] == [True] * 3
    assert [each.exists for each in longer.items] == [True] * 3 + [False]
    assert len(world.made()) == 4


@pytest.mark.parametrize("at", range(1, 14))
def test_a_repeated_request_completes_a_backfill_that_crashed_at_any_step(
    world: Scheduled, at: int
) -> None:
    calls = 0

    def intercept(_, do):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        if calls >= at:
            raise Crash
        return do()

    world.tables.intercept = intercept
    with pytest.raises(Crash):
        world.backfill(FIRST, FOURTH)
    world.tables.intercept = lambda _, do: do()
    world.backfill(FIRST, FOURTH)
    assert world.times(None) == ["01 06:00", "02 06:00", "03 06:00"]


def test_a_dry_run_creates_nothing(world: Scheduled) -> None:
    done = world.backfill(FIRST, FOURTH, dry_run=True)
    assert [f"{each.fire.scheduled_time:%d %H}" for each in done.items] == [
        "01 06",
        "02 06",
        "03 06",
    ]
    assert world.made() == []


def test_a_run_of_the_schedule_itself_counts_unless_it_was_skipped(world: Scheduled) -> None:
    world.task(DAILY | {"overlap": "Skip"})
    world.tick(hours=18)
    world.tick(days=1)
    assert world.times(RunStatus.SKIPPED) == ["03 06:00"]
    world.clock.advance(minutes=1)
    done = world.backfill(NOON, world.clock())
    assert [each.exists for each in done.items] == [True, False]
    assert len(world.made()) == 3


def test_a_backfill_leaves_out_fire_times_that_the_schedule_will_process(world: Scheduled) -> None:
    world.task(MINUTELY)
    world.clock.advance(minutes=2)
    assert world.backfill(NOON, world.clock()).items[-1].fire.scheduled_time == NOON
    world.tick()
    assert world.times() == ["01 12:00", "01 12:01", "01 12:02"]


def test_the_runs_of_a_backfill_share_a_limit_and_have_a_lower_priority(world: Scheduled) -> None:
    world.backfill(FIRST, FOURTH, max_concurrent_runs=2)
    state = world.engine.dispatcher("main")
    assert (len(state.leases), len(state.waiting)) == (2, 1)


def test_calendars_exclude_dates(world: Scheduled) -> None:
    world.define(Kind.CALENDAR, {"name": "holidays", "dates": ["2026-02-02"]})
    world.task(DAILY | {"calendars": ["holidays"]})
    world.backfill(FIRST, FOURTH)
    assert world.times(None) == ["01 06:00", "03 06:00"]


def test_ten_years_of_minutes_are_refused_with_their_number(world: Scheduled) -> None:
    world.task(MINUTELY)
    with pytest.raises(Invalid, match="to: there are 5258880 fire times from 2016-03-01"):
        world.backfill(NOON.replace(year=2016), NOON)
    assert world.made() == []


@pytest.mark.parametrize(
    ("begin", "end", "facts", "problem"),
    [
        pytest.param(FOURTH, FIRST, {}, "to: must be later than from", id="backwards"),
        pytest.param(FIRST, FIRST, {}, "to: must be later than from", id="nothing"),
        pytest.param(
            FIRST, NOON + timedelta(days=1), {}, "to: must not be in the future", id="future"
        ),
    ],
)
def test_an_invalid_range_is_refused(
    world: Scheduled, begin: datetime, end: datetime, facts: dict[str, object], problem: str
) -> None:
    with pytest.raises(Invalid, match=problem):
        world.backfill(begin, end, **facts)


def test_of_several_schedules_one_must_be_named(world: Scheduled) -> None:
    world.task(DAILY, MINUTELY)
    with pytest.raises(Invalid, match=r"schedule: must name one of .*: daily, minutely"):
        world.backfill(FIRST, FOURTH)
    assert len(world.backfill(FIRST, FOURTH, schedule="daily").items) == 3
    with pytest.raises(NotFound):
        world.backfill(FIRST, FOURTH, schedule="hourly")


def test_a_task_that_cannot_run_is_refused(world: Scheduled) -> None:
    world.task()
    with pytest.raises(Conflict, match="no schedule"):
        world.backfill(FIRST, FOURTH)
    world.task(DAILY, enabled=False)
    with pytest.raises(Conflict, match="disabled"):
        world.backfill(FIRST, FOURTH)
