"""Tests of edits between a fire time and its deadline, and of removed Tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from tests.fakes.expecting import EARLY, Expecting

_FINISHED = {"finishedBy": "07:00"}
_FIVE = timedelta(minutes=5)


@pytest.fixture
def world() -> Expecting:
    """A Task whose run of 05:00 in Berlin waits, at 06:30."""
    world = Expecting()
    world.at("2026-12-01T01:00:00")
    world.task(EARLY, expect=_FINISHED)
    world.until("2026-12-01T05:30:00", step=_FIVE)
    return world


def test_a_later_time_of_day_moves_the_deadline_of_today(world: Expecting) -> None:
    world.task(EARLY, expect={"finishedBy": "07:30"})
    world.until("2026-12-01T08:00:00", step=_FIVE)
    assert world.news() == ["Missed Late 12-01T06:30 Waiting"]


def test_a_time_of_day_that_has_passed_is_not_reported_in_retrospect(world: Expecting) -> None:
    world.task(EARLY, expect={"finishedBy": "06:00"})
    world.until("2026-12-01T08:00:00", step=_FIVE)
    assert world.news() == []
    world.until("2026-12-02T05:00:00", step=_FIVE)
    assert world.news() == ["Missed Late 12-02T05:00 Waiting"]


def test_a_new_expectation_begins_with_the_next_fire_time() -> None:
    world = Expecting()
    world.at("2026-12-01T01:00:00")
    world.task(EARLY)
    world.until("2026-12-01T05:30:00", step=_FIVE)
    world.task(EARLY, expect=_FINISHED | {"startedWithinSeconds": 7200})
    world.until("2026-12-01T08:00:00", step=_FIVE)
    assert world.news() == []
    world.until("2026-12-02T06:00:00", step=_FIVE)
    assert len(world.news()) == 2


@pytest.mark.parametrize(
    "edit",
    [{"description": "Another."}, {"priority": 5}, {"tags": {"team": "x"}}],
)
def test_an_edit_of_something_else_keeps_the_deadline(
    world: Expecting, edit: dict[str, Any]
) -> None:
    world.task(EARLY, expect=_FINISHED, **edit)
    world.until("2026-12-01T06:00:00", step=_FIVE)
    assert world.news() == ["Missed Late 12-01T06:00 Waiting"]


def test_an_edit_of_the_policies_of_a_schedule_keeps_the_deadline(world: Expecting) -> None:
    world.task(EARLY | {"misfire": "Skip", "jitterSeconds": 5}, expect=_FINISHED)
    world.until("2026-12-01T06:00:00", step=_FIVE)
    assert world.news() == ["Missed Late 12-01T06:00 Waiting"]


def test_a_schedule_that_moved_has_deadlines_for_its_new_fire_times(world: Expecting) -> None:
    world.task(EARLY | {"cron": "0 4 * * *"}, expect=_FINISHED)
    world.until("2026-12-01T08:00:00", step=_FIVE)
    assert world.news() == []
    world.until("2026-12-02T06:00:00", step=_FIVE)
    assert world.news() == ["Missed Late 12-02T06:00 Waiting"]


def test_a_renamed_schedule_keeps_its_deadline(world: Expecting) -> None:
    world.task(EARLY | {"name": "renamed"}, expect=_FINISHED)
    world.until("2026-12-01T06:00:00", step=_FIVE)
    assert world.news() == ["Missed Late 12-01T06:00 Waiting"]


@pytest.mark.parametrize("way", ["disable", "disable-schedule", "remove-expect", "delete"])
def test_no_deadline_is_left_without_task_schedule_or_expectation(
    world: Expecting, way: str
) -> None:
    match way:
        case "disable":
            world.task(EARLY, expect=_FINISHED, enabled=False)
        case "disable-schedule":
            world.task(EARLY | {"enabled": False}, expect=_FINISHED)
        case "remove-expect":
            world.task(EARLY)
        case _:
            world.delete()
    world.until("2026-12-02T08:00:00", step=_FIVE)
    assert world.news() == []


def test_a_task_that_is_disabled_and_enabled_again_begins_anew(world: Expecting) -> None:
    world.task(EARLY, expect=_FINISHED, enabled=False)
    world.task(EARLY, expect=_FINISHED)
    world.until("2026-12-01T08:00:00", step=_FIVE)
    assert world.news() == []


def test_a_task_that_is_defined_anew_has_no_past(world: Expecting) -> None:
    world.delete()
    world.task(EARLY, expect=_FINISHED)
    world.until("2026-12-01T08:00:00", step=_FIVE)
    assert world.news() == []


def test_a_calendar_that_is_edited_later_counts(world: Expecting) -> None:
    world.define(Kind.CALENDAR, {"name": "holidays", "dates": []})
    world.task(EARLY | {"calendars": ["holidays"]}, expect=_FINISHED)
    world.define(Kind.CALENDAR, {"name": "holidays", "dates": ["2026-12-02"]})
    world.until("2026-12-02T08:00:00", step=_FIVE)
    assert all("12-02" not in each for each in world.news())
    world.until("2026-12-03T08:00:00", step=_FIVE)
    assert world.news()[-1] == "Missed Late 12-03T06:00 Waiting"


def test_an_edit_that_crashed_before_the_sync_is_followed_by_the_next_tick(
    world: Expecting,
) -> None:
    task = world.services.definitions.task("load-daily")
    changed = task.model_copy(
        update={"expect": task.expect.model_copy(update={"finished_by": "07:15"})}
        if task.expect
        else {}
    )
    store = world.services.ports.definitions
    world.services.ports.schedules.record_edit("load-daily")
    before = store.get(Kind.TASK, "load-daily")
    assert before is not None
    store.put(changed, replacing=before)
    world.until("2026-12-01T08:00:00")
    assert world.news() == ["Missed Late 12-01T06:15 Waiting"]
