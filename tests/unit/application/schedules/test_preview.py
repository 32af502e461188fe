"""Tests of the preview of fire times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.application.schedules.preview import FireTimePreview, Preview
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.errors import NotFound
from tests.fakes.app import FakeApp
from tests.fakes.builders import FakeClock

BEFORE_THE_GAP = datetime(2026, 3, 28, 12, tzinfo=UTC)


def a_schedule(name: str, cron: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "cron": cron, **changes}


def looking_ahead(
    *schedules: dict[str, Any],
    now: datetime = BEFORE_THE_GAP,
    enabled: bool = True,
    pause: str = "",
) -> FireTimePreview:
    definitions = (
        (Kind.CALENDAR, {"name": "holidays", "dates": ["2026-03-30"]}),
        (Kind.CALENDAR, {"name": "closed", "ranges": [{"from": "2026-03-31", "to": "2026-04-01"}]}),
        (
            Kind.TASK,
            {"name": "daily", "job": "j", "schedules": [*schedules], "enabled": enabled},
        ),
    )
    app = FakeApp(*(read_definition(*each) for each in definitions), clock=FakeClock(now))
    if pause:
        app.services.schedules.pause("daily", schedule=None, reason=pause, by="ann")
    return app.services.fire_times


def preview(*schedules: dict[str, Any], count: int = 4, **facts: Any) -> Preview:
    return looking_ahead(*schedules, **facts).preview("daily", count=count)


def shown(found: Preview) -> list[str]:
    return [f"{each.schedule.name} {each.fire.scheduled_time:%d %H:%M}" for each in found.fires]


def test_the_schedules_of_a_task_are_merged_in_order():
    found = preview(
        a_schedule("late", "0 22 * * *"),
        a_schedule("berlin", "0 6 * * *", timeZone="Europe/Berlin"),
        a_schedule("early", "0 4 * * *"),
        count=5,
    )
    # At one instant they go by name; in Berlin, 6 o'clock is 4 o'clock UTC from the 29th on.
    assert shown(found) == [
        "late 28 22:00",
        "berlin 29 04:00",
        "early 29 04:00",
        "late 29 22:00",
        "berlin 30 04:00",
    ]
    assert found.notes == []


def test_a_note_explains_the_effect_of_a_clock_change():
    found = preview(a_schedule("night", "30 2 * * *", timeZone="Europe/Berlin"), count=2)
    assert [each.fire.note for each in found.fires] == [
        "02:30 does not exist on 2026-03-29; runs at 03:00",
        None,
    ]
    assert found.fires[0].fire.local.isoformat() == "2026-03-29T03:00:00+02:00"


def test_an_excluded_fire_time_names_its_calendar():
    found = preview(a_schedule("daily", "0 6 * * *", calendars=["closed", "holidays"]), count=5)
    assert [each.excluded_by for each in found.fires] == [
        None,
        "holidays",
        "closed",
        "closed",
        None,
    ]


def test_jitter_moves_the_start_and_not_the_fire_time():
    found = preview(a_schedule("spread", "0 6 * * *", jitterSeconds=600), count=20)
    distances = [
        (each.starts_at - each.fire.scheduled_time).total_seconds() for each in found.fires
    ]
    assert all(0 <= distance <= 600 for distance in distances)
    assert len(set(distances)) > 1
    again = preview(a_schedule("spread", "0 6 * * *", jitterSeconds=600), count=20)
    assert again == found


def test_disabled_schedules_are_not_listed_and_have_a_note():
    found = preview(
        a_schedule("off", "0 5 * * *", enabled=False), a_schedule("on", "0 6 * * *"), count=1
    )
    assert shown(found) == ["on 29 06:00"]
    assert found.notes == ["Schedule off is disabled; its fire times are not listed."]


def test_a_note_names_a_schedule_that_has_ended():
    found = preview(a_schedule("old", "0 5 * * *", endAt="2026-03-01T00:00:00Z"))
    assert shown(found) == []
    assert found.notes == ["Schedule old does not fire any more."]


def test_a_future_schedule_fires_first_at_its_start():
    found = preview(a_schedule("new", "0 5 * * *", startAt="2027-01-01T05:00:00Z"), count=1)
    assert found.fires[0].fire.scheduled_time == datetime(2027, 1, 1, 5, tzinfo=UTC)


def test_a_paused_schedule_has_fire_times_and_a_note():
    found = preview(a_schedule("early", "0 4 * * *"), count=1, pause="The source moves.")

    assert shown(found) == ["early 29 04:00"]
    assert found.notes == ["Schedule early is paused until it is resumed: The source moves."]


def test_notes_name_a_disabled_task_and_a_task_without_schedules():
    found = preview(a_schedule("on", "0 6 * * *"), count=1, enabled=False)
    assert shown(found) == ["on 29 06:00"]
    assert found.notes == ["Task daily is disabled: its schedules do not fire until it is enabled."]
    assert preview().notes == ["Task daily has no schedules."]


def test_a_dependent_task_without_schedules_names_its_upstreams():
    after = [{"task": "first"}, {"task": "second"}]
    app = FakeApp(read_definition(Kind.TASK, {"name": "daily", "job": "j", "dependencies": after}))

    assert app.services.fire_times.preview("daily", count=1).notes == [
        "Task daily has no schedules. It starts after runs of first and second."
    ]


def test_an_unknown_task_is_not_found():
    with pytest.raises(NotFound):
        FakeApp().services.fire_times.preview("nothing", count=1)


@pytest.mark.parametrize(
    ("cron", "part"),
    [
        ("*/90 * * * *", "matches minute 0 only"),
        ("0 */23 * * *", "after hour 23 comes hour 0"),
        ("0 0 6 ? * 2-6", "2 is Tuesday and 6 is Saturday. Quartz"),
        ("0 0 13 * FRI", "a date need not match both"),
        ("0 0 29 2 *", "7 of 28 years"),
    ],
)
def test_an_unexpected_effect_is_noted_with_its_schedule(cron: str, part: str):
    notes = preview(a_schedule("s", cron)).notes
    assert any(note.startswith(f"Schedule s, {cron}: ") and part in note for note in notes)


def test_a_plain_expression_has_no_note():
    assert preview(a_schedule("s", "0 6 * * 1-5")).notes == []
