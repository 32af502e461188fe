"""Tests of the preview of a schedule that is not saved."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from polysync_core.application.schedules.schedule_preview import SchedulePreview
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.errors import Invalid
from tests.fakes.app import FakeApp
from tests.fakes.builders import FakeClock

NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)


def preview(task: str | None = None, **fields: Any) -> SchedulePreview:
    schedule = Schedule(**{"name": "s", "cron": "30 2 * * *", "time_zone": "UTC"} | fields)
    app = FakeApp(Calendar(name="close", dates=(date(2026, 3, 29),)), clock=FakeClock(NOW))
    return app.services.schedule_previews.preview(schedule, count=2, task=task)


def test_it_has_words_fire_times_and_the_year():
    found = preview(calendars=("close",))

    assert found.description.sentence == "Every day at 02:30"
    assert [(each.fire.scheduled_time.day, each.excluded_by) for each in found.fires] == [
        (29, "close"),
        (30, None),
    ]
    assert (found.year.count, found.year.excluded) == (364, 1)


def test_the_name_of_the_task_decides_the_jitter():
    (first, _), (other, _) = preview(jitter_seconds=60).fires, preview("t", jitter_seconds=60).fires

    assert first.starts_at == first.fire.scheduled_time
    assert other.starts_at > other.fire.scheduled_time


def test_an_unknown_calendar_is_named_at_its_path():
    with pytest.raises(Invalid) as caught:
        preview(calendars=("close", "clos"))

    assert caught.value.problems[0].path == "calendars[1]"
    assert "close" in caught.value.problems[0].message


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"enabled": False}, "disabled"),
        ({"end_at": datetime(2026, 3, 1, tzinfo=UTC)}, "does not fire any more"),
        ({"start_at": datetime(2027, 1, 1, tzinfo=UTC)}, "begins at 2027-01-01"),
        ({"end_at": datetime(2027, 1, 1, tzinfo=UTC)}, "ends at 2027-01-01"),
        ({"cron": "*/7 * * * *"}, "starts anew every hour"),
    ],
)
def test_an_unexpected_effect_of_a_schedule_has_a_note(fields: dict[str, Any], note: str):
    assert any(note in each for each in preview(**fields).notes)


def test_fire_times_that_are_all_excluded_have_a_note():
    schedule = Schedule(name="s", cron="0 0 29 3 *", time_zone="UTC", calendars=("close",))
    dates = tuple(date(year, 3, 29) for year in (2026, 2027))
    app = FakeApp(Calendar(name="close", dates=dates), clock=FakeClock(NOW))

    found = app.services.schedule_previews.preview(schedule, count=2)

    assert any("exclude all of the next fire times" in each for each in found.notes)
