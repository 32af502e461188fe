"""The fire times of all Tasks in a window."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from polysync_core.application.schedules import upcoming as upcoming_module
from polysync_core.application.schedules.tight_limits import exceeded_limits
from polysync_core.application.schedules.upcoming import UpcomingFire, UpcomingPage
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import Invalid, Malformed
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.schedules.fire_times import FireTime
from tests.fakes.builders import NOON
from tests.fakes.scheduled import DAILY, MINUTELY, Scheduled


@pytest.fixture
def world() -> Scheduled:
    return Scheduled()


def page(world: Scheduled, **facts: Any) -> UpcomingPage:
    return world.services.upcoming.page(**{"limit": 100} | facts)


def starts(found: UpcomingPage) -> list[tuple[str, str]]:
    return [(each.task, f"{each.starts_at:%d %H:%M}") for each in found.items]


def all_of(world: Scheduled, limit: int, **facts: Any) -> list[UpcomingFire]:
    found: list[UpcomingFire] = []
    token = None
    while True:
        part = page(world, limit=limit, token=token, **facts)
        found += part.items
        if (token := part.continuation_token) is None:
            return found


def test_fire_times_of_all_tasks_come_in_the_order_of_their_starts(world: Scheduled) -> None:
    world.task({"name": "six", "cron": "0 6 * * *"}, name="a")
    world.task(
        {"name": "five", "cron": "0 5 * * *"}, {"name": "week", "cron": "0 7 * * 1"}, name="b"
    )
    found = page(world, end=NOON + timedelta(days=2))
    assert starts(found) == [
        ("b", "02 05:00"),
        ("a", "02 06:00"),
        ("b", "02 07:00"),
        ("b", "03 05:00"),
        ("a", "03 06:00"),
    ]
    assert found.continuation_token is None
    assert found.complete_until is None


def test_the_window_is_seven_days_from_now(world: Scheduled) -> None:
    world.task(DAILY)
    found = page(world)
    assert (found.begin, found.end) == (NOON, NOON + timedelta(days=7))
    assert len(found.items) == 7
    past = page(world, begin=NOON - timedelta(days=3))
    assert past.begin == NOON


def test_a_later_window_starts_where_it_is_asked_to(world: Scheduled) -> None:
    world.task(DAILY)
    begin = NOON + timedelta(days=10)
    assert starts(page(world, begin=begin, end=begin + timedelta(days=1))) == [
        ("load-daily", "12 06:00")
    ]


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_show_every_fire_time_once(world: Scheduled, limit: int) -> None:
    world.task(MINUTELY, {**MINUTELY, "name": "twin"}, name="a")
    world.task({**MINUTELY, "cron": "*/2 * * * *"}, name="b")
    world.task({**MINUTELY, "jitterSeconds": 120}, name="c")
    end = NOON + timedelta(minutes=8)
    found = all_of(world, limit, end=end)
    assert found == list(page(world, end=end).items)
    assert len({each.position for each in found}) == len(found)
    assert all(one.position < other.position for one, other in pairwise(found))
    by_task = {name: sum(each.task == name for each in found) for name in "abc"}
    assert (by_task["a"], by_task["b"]) == (14, 3)
    assert by_task["c"] >= 5


def test_jitter_is_part_of_the_start(world: Scheduled) -> None:
    world.task({**DAILY, "jitterSeconds": 600})
    (fire, *_) = page(world).items
    assert fire.fire.scheduled_time <= fire.starts_at
    assert fire.starts_at - fire.fire.scheduled_time <= timedelta(seconds=600)


def test_excluded_fire_times_name_their_calendar(world: Scheduled) -> None:
    world.define(Kind.CALENDAR, {"name": "holidays", "dates": ["2026-03-03"]})
    world.task({**DAILY, "calendars": ["holidays"]})
    excluded = [each.excluded_by for each in page(world).items]
    assert excluded == [None, "holidays", None, None, None, None, None]


def test_clock_changes_are_noted(world: Scheduled) -> None:
    world.task({"name": "gap", "cron": "30 2 * * *", "timeZone": "Europe/Berlin"})
    begin = datetime.fromisoformat("2026-03-28T12:00:00+00:00")
    (fire, *_) = page(world, begin=begin).items
    assert "02:30 does not exist on 2026-03-29" in (fire.fire.note or "")


def test_stopped_schedules_are_left_out(world: Scheduled) -> None:
    world.task(DAILY, name="a", enabled=False)
    world.task({**DAILY, "enabled": False}, name="b")
    world.task(DAILY, name="c")
    world.schedules.pause("c", schedule=None, reason="The source moves.", by="ann")
    assert page(world).items == []


def test_the_newest_success_gives_the_expected_end(world: Scheduled) -> None:
    world.task(MINUTELY)
    world.tick(minutes=1)
    (run,) = world.made()
    world.end(run)
    (fire, *_) = page(world, limit=1).items
    assert fire.usual_duration == timedelta()
    assert fire.expected_end == fire.starts_at
    world.tick(minutes=1)
    (run,) = world.made(RunStatus.QUEUED)
    world.end(run, RunStatus.FAILED)
    (fire, *_) = page(world, limit=1).items
    assert (fire.usual_duration, fire.expected_end) == (None, None)


def test_a_page_opens_only_the_schedules_that_it_needs(
    world: Scheduled, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        world.task(DAILY, name=f"t{number:02}")
    read: list[str] = []
    store = world.services.upcoming.definitions
    get = store.get
    monkeypatch.setattr(store, "get", lambda kind, name: read.append(name) or get(kind, name))
    assert len(page(world, limit=3).items) == 3
    assert len(read) <= 5


def test_too_many_schedules_end_the_list_early(
    world: Scheduled, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        world.task({"name": "s", "cron": f"{number} 6 * * *"}, name=f"t{number}")
    monkeypatch.setattr(upcoming_module, "MAX_SCHEDULES", 3)
    found = page(world)
    assert starts(found) == [("t0", "02 06:00"), ("t1", "02 06:01"), ("t2", "02 06:02")]
    assert found.complete_until == NOON + timedelta(hours=18, minutes=3)


@pytest.mark.parametrize("end", [NOON, NOON - timedelta(days=1), NOON + timedelta(days=400)])
def test_a_wrong_window_is_refused(world: Scheduled, end: datetime) -> None:
    with pytest.raises(Invalid, match="to"):
        page(world, end=end)


def test_a_changed_token_is_refused(world: Scheduled) -> None:
    world.task(MINUTELY)
    token = page(world, limit=1).continuation_token
    assert token is not None
    with pytest.raises(Malformed):
        page(world, token=f"{token[:-3]}abc")


def test_the_api_lists_fire_times_of_all_tasks(world: Scheduled) -> None:
    world.task({**DAILY, "timeZone": "Europe/Berlin"})
    first = world.app.http.get("/api/fire-times", params={"limit": "1"}).json()
    (item,) = first["items"]
    assert (item["task"], item["schedule"]) == ("load-daily", "daily")
    assert item["scheduledTime"] == "2026-03-02T05:00:00.000Z"
    assert item["localTime"] == "2026-03-02T06:00:00+01:00"
    assert (item["expectedEnd"], item["excluded"], first["completeUntil"]) == (None, None, None)
    query = {"limit": "1", "continuationToken": first["continuationToken"]}
    second = world.app.http.get("/api/fire-times", params=query).json()
    assert second["items"][0]["scheduledTime"] == "2026-03-03T05:00:00.000Z"
    late = {"from": "2026-04-01T00:00:00Z", "to": "2026-04-03T00:00:00Z"}
    assert len(world.app.http.get("/api/fire-times", params=late).json()["items"]) == 2


def fire(task: str, start: int, seconds: int | None, excluded: str | None = None) -> UpcomingFire:
    at = NOON + timedelta(seconds=start)
    return UpcomingFire(
        task=task,
        job="load",
        schedule="s",
        time_zone="UTC",
        fire=FireTime(scheduled_time=at, local=at),
        starts_at=at,
        excluded_by=excluded,
        usual_duration=None if seconds is None else timedelta(seconds=seconds),
    )


def test_limits_that_expected_runs_exceed_are_named() -> None:
    fires = [
        fire("a", 0, 60),
        fire("b", 30, 60),
        fire("c", 40, None),
        fire("off", 45, 60, excluded="holidays"),
        fire("d", 50, 10),
        fire("e", 200, 10),
    ]
    slots = {name: {"cap": 2} for name in ("a", "b", "c", "d", "e", "off")}
    found = exceeded_limits(fires, slots)
    assert {position[1]: list(names) for position, names in found.items()} == {
        "c": ["cap"],
        "d": ["cap"],
    }
    assert exceeded_limits(fires, {}) == {}
