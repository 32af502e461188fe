"""Tests of the consequences of a planned change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from polysync_core.application.definitions.editing import WriteCondition
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.contention import (
    ConcurrencyProfile,
    ConcurrencySettings,
    ProfileType,
)
from polysync_core.domain.definitions.document import reference_to
from polysync_core.domain.definitions.schedules import Calendar, Fold, Schedule
from polysync_core.domain.definitions.tasks import Dependency, Task
from polysync_core.domain.dispatch.holds import Hold, hold_name
from polysync_core.domain.errors import StaleETag
from tests.fakes.app import FakeApp
from tests.fakes.builders import FakeClock, a_job, a_platform

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
NIGHT = Schedule(name="night", cron="30 2 * * *", time_zone="Europe/Berlin")


def slots(many: int, *, enabled: bool = True) -> ConcurrencyProfile:
    settings = ConcurrencySettings(max_concurrent_tasks=many)
    return ConcurrencyProfile(
        name="cap", type=ProfileType.CONCURRENCY, settings=settings, enabled=enabled
    )


def a_task(name: str = "orders", **fields: Any) -> Task:
    return Task(name=name, job="load", **fields)


def an_app(*definitions: Definition) -> FakeApp:
    return FakeApp(
        slots(1),
        Calendar(name="close", dates=(date(2026, 3, 22),)),
        a_platform(name="warehouse", contention_profiles=("cap",)),
        a_job(name="load", platform="warehouse"),
        *definitions,
        clock=FakeClock(NOW),
    )


def texts(app: FakeApp, after: Definition) -> list[str]:
    change = app.services.definition_editing.plan_put(after)
    return [each.text for each in app.services.consequences.of(change, app.engine)]


def texts_of_delete(app: FakeApp, definition: Definition) -> list[str]:
    change = app.services.definition_editing.plan_delete(reference_to(definition))
    return [each.text for each in app.services.consequences.of(change, app.engine)]


class TestFireTimes:
    @pytest.mark.parametrize(
        ("before", "after", "text"),
        [
            pytest.param(
                (NIGHT,),
                (NIGHT.model_copy(update={"cron": "30 1 * * *"}),),
                "Schedule night continues from now: the next fire time moves from "
                "Sat 2026-03-21 02:30 (Europe/Berlin) to Sat 2026-03-21 01:30 (Europe/Berlin). "
                "Earlier fire times are not caught up.",
                id="another time",
            ),
            pytest.param(
                (NIGHT,),
                (NIGHT.model_copy(update={"time_zone": "UTC"}),),
                "Schedule night continues from now: the next fire time moves from "
                "Sat 2026-03-21 02:30 (Europe/Berlin) to Sat 2026-03-21 02:30 (UTC). "
                "Earlier fire times are not caught up.",
                id="another zone",
            ),
            pytest.param(
                (NIGHT,),
                (NIGHT.model_copy(update={"fold": Fold.SECOND}),),
                "Schedule night continues from now. Its next fire time stays "
                "Sat 2026-03-21 02:30 (Europe/Berlin).",
                id="the same time",
            ),
            pytest.param(
                (),
                (NIGHT,),
                "Schedule night fires first on Sat 2026-03-21 02:30 (Europe/Berlin).",
                id="a new schedule",
            ),
            pytest.param(
                (NIGHT,),
                (NIGHT.model_copy(update={"enabled": False}),),
                "Schedule night does not fire any more. Its next fire time was "
                "Sat 2026-03-21 02:30 (Europe/Berlin).",
                id="disabled",
            ),
            pytest.param(
                (NIGHT,),
                (NIGHT.model_copy(update={"name": "late", "cron": "0 3 * * *"}),),
                "Schedule late fires first on Sat 2026-03-21 03:00 (Europe/Berlin).",
                id="replaced",
            ),
        ],
    )
    def test_a_changed_schedule_names_its_next_fire_time(
        self, before: tuple[Schedule, ...], after: tuple[Schedule, ...], text: str
    ):
        app = an_app(a_task(schedules=before))

        assert text in texts(app, a_task(schedules=after))

    def test_excluded_dates_count(self):
        weekly = NIGHT.model_copy(update={"cron": "0 6 * * SUN", "calendars": ("close",)})
        app = an_app(a_task(schedules=(NIGHT,)))

        assert (
            "to Sun 2026-03-29 06:00 (Europe/Berlin)" in texts(app, a_task(schedules=(weekly,)))[0]
        )

    def test_an_unchanged_schedule_is_not_mentioned(self):
        app = an_app(a_task(schedules=(NIGHT,)))

        assert texts(app, a_task(schedules=(NIGHT,), priority=900)) == []

    def test_a_paused_schedule_stays_paused(self):
        app = an_app(a_task(schedules=(NIGHT,)))
        app.services.schedules.pause("orders", schedule=None, reason="The source moves.", by="ann")

        changed = a_task(schedules=(NIGHT.model_copy(update={"cron": "30 1 * * *"}),))
        assert texts(app, changed) == [
            "Schedule night stays paused until it is resumed: The source moves."
        ]

    def test_a_deleted_task_has_no_fire_time_any_more(self):
        task = a_task(schedules=(NIGHT,))

        assert texts_of_delete(an_app(task), task) == [
            "Schedule night does not fire any more. Its next fire time was "
            "Sat 2026-03-21 02:30 (Europe/Berlin)."
        ]


class TestTask:
    def test_a_disabled_task_is_not_started(self):
        app = an_app(a_task(schedules=(NIGHT,)))

        first, second = texts(app, a_task(schedules=(NIGHT,), enabled=False))
        assert first.startswith("Nothing starts the Task while it is disabled")
        assert second.startswith("Schedule night does not fire any more.")

    def test_a_task_without_schedule_and_dependency_starts_by_hand(self):
        app = an_app(a_task(schedules=(NIGHT,)))

        assert any("starts by hand or by a message only" in each for each in texts(app, a_task()))
        assert any("by hand" in each for each in texts(an_app(), a_task()))

    def test_dependents_are_counted_through_other_tasks(self):
        app = an_app(
            a_task(),
            a_task("a", dependencies=(Dependency(task="orders"),)),
            a_task("b", dependencies=(Dependency(task="orders"), Dependency(task="a"))),
            a_task("c", dependencies=(Dependency(task="b"),)),
        )

        assert "3 Tasks start after this one, directly or through other Tasks." in texts(
            app, a_task(priority=900)
        )

    def test_runs_under_way_keep_their_values(self):
        app = an_app(a_task())
        for _ in range(2):
            assert app.http.post("/tasks/orders/run", json={}).status_code == 202

        assert texts(app, a_task(priority=900)) == [
            "2 runs are under way and keep their values, retry policy and time-out."
        ]
        assert texts(app, a_task(max_concurrent_runs=1))[1] == (
            "The new limits apply to waiting runs at once; runs that have started stay."
        )

    def test_a_change_of_nothing_has_no_consequence(self):
        assert texts(an_app(a_task(schedules=(NIGHT,))), a_task(schedules=(NIGHT,))) == []


class TestLimits:
    @pytest.fixture
    def busy(self) -> FakeApp:
        app = an_app(a_task(), a_task("rates"), a_task("stock"))
        app.define(slots(2))
        for name in ("orders", "rates", "stock"):
            assert app.http.post(f"/tasks/{name}/run", json={}).status_code == 202
        return app

    def test_a_smaller_limit_names_the_holders_that_are_too_many(self, busy: FakeApp):
        assert texts(busy, slots(1))[0] == (
            "On Platform warehouse, 2 of 2 are in use and 1 run waits. "
            "No run starts until 2 slots of these are free."
        )

    def test_a_larger_limit_names_the_free_slots(self, busy: FakeApp):
        assert texts(busy, slots(5))[0].endswith("With the change, 3 slots can be taken at once.")

    def test_a_disabled_limit_holds_no_run(self, busy: FakeApp):
        assert texts(busy, slots(2, enabled=False))[0].endswith(
            "The profile does not hold these runs any more."
        )

    def test_referrers_are_counted(self, busy: FakeApp):
        assert texts(busy, slots(1))[-1] == "1 definition refers to this contention profile."

    def test_an_unused_limit_has_its_referrers_only(self):
        assert texts(an_app(), slots(9)) == ["1 definition refers to this contention profile."]


class TestCalendar:
    def test_each_schedule_names_the_dates_that_change(self):
        schedule = NIGHT.model_copy(update={"calendars": ("close",)})
        app = an_app(a_task(schedules=(schedule, NIGHT.model_copy(update={"name": "other"}))))

        after = Calendar(name="close", dates=(date(2026, 3, 24), date(2026, 3, 25)))
        assert texts(app, after) == [
            "Schedule night of Task orders does not fire on 2026-03-24, 2026-03-25 "
            "and fires again on 2026-03-22."
        ]

    def test_a_date_without_fire_time_changes_nothing(self):
        schedule = NIGHT.model_copy(update={"cron": "0 6 * * MON", "calendars": ("close",)})
        app = an_app(a_task(schedules=(schedule,)))

        assert texts(app, Calendar(name="close", dates=(date(2026, 3, 24),))) == [
            "Schedule night of Task orders uses the calendar; "
            "none of its fire times in a year changes."
        ]


class TestPlanToken:
    def test_the_planned_change_is_saved(self):
        app = an_app(a_task())
        editing, changed = app.services.definition_editing, a_task(priority=900)
        token = editing.plan_put(changed).token

        saved = editing.put(changed, WriteCondition(plan_token=token), engine=None)

        assert saved.stored.definition == changed

    @pytest.mark.parametrize("other", ["another change", "another version"])
    def test_any_other_change_is_refused(self, other: str):
        app = an_app(a_task())
        editing, changed = app.services.definition_editing, a_task(priority=900)
        token = editing.plan_put(changed).token
        if other == "another change":
            changed = a_task(priority=901)
        else:
            editing.put(a_task(description="meanwhile"), engine=None)

        with pytest.raises(StaleETag, match="plan it again"):
            editing.put(changed, WriteCondition(plan_token=token), engine=None)

    def test_a_new_definition_is_planned_as_well(self):
        editing = an_app().services.definition_editing
        token = editing.plan_put(a_task()).token
        editing.put(a_task(priority=1), engine=None)

        with pytest.raises(StaleETag):
            editing.put(a_task(), WriteCondition(plan_token=token), engine=None)

    def test_a_delete_has_a_plan(self):
        app, reference = an_app(a_task()), reference_to(a_task())
        editing = app.services.definition_editing
        token = editing.plan_delete(reference).token
        editing.put(a_task(priority=1), engine=None)

        with pytest.raises(StaleETag):
            editing.delete(reference, WriteCondition(plan_token=token), engine=None)
        token = editing.plan_delete(reference).token
        editing.delete(reference, WriteCondition(plan_token=token), engine=None)


class TestHolds:
    HELD = (
        "Task 'orders' is held by ann since 2026-03-20 12:00:00Z: Wrong source. The hold stays "
        "until its release."
    )

    def held(self, app: FakeApp, *, is_active: bool = True) -> FakeApp:
        facts = {"version": 1, "reason": "Wrong source.", "by": "ann", "at": NOW}
        hold = Hold(name=hold_name("orders"), **facts, is_active=is_active)  # type: ignore[arg-type]
        app.services.holds.store.put(hold)
        return app

    def test_a_task_that_is_defined_under_a_held_name_is_held(self) -> None:
        assert self.HELD in texts(self.held(an_app()), a_task())

    def test_a_deletion_releases_nothing(self) -> None:
        app = self.held(an_app(a_task()))
        assert self.HELD in texts_of_delete(app, a_task())

    def test_an_edit_and_a_released_hold_say_nothing(self) -> None:
        assert self.HELD not in texts(self.held(an_app(a_task())), a_task(priority=7))
        assert self.HELD not in texts(self.held(an_app(), is_active=False), a_task())
