"""Tests of missed deadlines: the event, the mark, the list, and the recovery."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.domain.deadlines.kinds import DeadlineKind
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun
from tests.fakes.expecting import EARLY, Expecting

_FINISHED = {"finishedBy": "07:00"}
_STARTED = {"startedWithinSeconds": 600}


@pytest.fixture
def world() -> Expecting:
    """A world at 02:00 in Berlin, in winter."""
    world = Expecting()
    world.at("2026-12-01T01:00:00")
    return world


def only(world: Expecting) -> TaskRun:
    (run,) = world.made(None)
    return run


class TestLate:
    def test_a_run_that_has_not_ended_is_late_at_the_second_of_its_deadline(
        self, world: Expecting
    ) -> None:
        world.task(EARLY, expect=_FINISHED)
        world.until("2026-12-01T05:59:00")
        world.begin(only(world))
        world.watch(seconds=58)
        assert world.news() == []
        world.watch(seconds=3)
        assert world.news() == ["Missed Late 12-01T06:00 Running"]
        assert world.events()[0]["at"] == "2026-12-01T06:00:00.000Z"

    def test_the_event_names_the_run_and_the_fire_time(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED, tags={"team": "sales"})
        world.until("2026-12-01T06:00:00")
        (event,) = world.events()
        run = only(world)
        assert event == {
            "eventId": "deadline/load-daily/20261201T060000/Late/Missed",
            "deadline": "Missed",
            "kind": "Late",
            "task": "load-daily",
            "job": "load",
            "platform": "lakehouse",
            "at": "2026-12-01T06:00:00.000Z",
            "deadlineAt": "2026-12-01T06:00:00.000Z",
            "scheduledTime": "2026-12-01T04:00:00.000Z",
            "runId": run.run_id,
            "count": 1,
            "cause": "Waiting",
            "reason": "The run of 2026-12-01T04:00:00Z of task 'load-daily' did not succeed by "
            f"2026-12-01 07:00:00 Europe/Berlin: run {run.run_id} is Queued: "
            "Waiting for its start.",
            "tags": {"team": "sales"},
            "statusUrl": f"/api/task-runs/{run.run_id}",
        }

    def test_a_run_that_succeeded_in_time_is_not_late(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED)
        world.until("2026-12-01T05:00:00")
        world.end(only(world))
        world.until("2026-12-01T07:00:00")
        assert world.news() == []

    def test_the_time_of_the_end_counts_and_not_that_of_the_check(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED)
        world.until("2026-12-01T05:59:00")
        world.begin(only(world))
        world.at("2026-12-01T06:00:02")
        world.finish(only(world))
        world.minute()
        assert world.news() == ["Missed Late 12-01T06:00 TooLate"]

    def test_a_failed_run_is_late(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED)
        world.until("2026-12-01T05:00:00")
        world.end(only(world), RunStatus.FAILED)
        world.until("2026-12-01T06:00:00")
        assert world.news() == ["Missed Late 12-01T06:00 Failed"]

    def test_a_rerun_that_succeeds_in_time_counts(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED)
        world.until("2026-12-01T05:00:00")
        world.end(only(world), RunStatus.FAILED)
        rerun = world.rerun(only(world))
        world.end(rerun)
        world.until("2026-12-01T07:00:00")
        assert world.news() == []

    def test_a_rerun_that_succeeds_later_is_a_recovery(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED)
        world.until("2026-12-01T05:00:00")
        world.end(only(world), RunStatus.FAILED)
        world.until("2026-12-01T06:10:00")
        rerun = world.rerun(only(world))
        world.end(rerun)
        world.until("2026-12-01T06:30:00")
        assert world.news() == [
            "Missed Late 12-01T06:00 Failed",
            "Recovered Late 12-01T06:00 Failed",
        ]

    def test_a_late_run_that_ends_is_a_recovery_within_a_minute(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED)
        world.until("2026-12-01T06:10:00")
        world.finish(only(world))
        world.minute(minutes=1)
        assert [each["deadline"] for each in world.events()] == ["Missed", "Recovered"]
        world.until("2026-12-01T08:00:00")
        assert len(world.events()) == 2

    def test_the_fire_time_after_the_deadline_belongs_to_the_next_day(
        self, world: Expecting
    ) -> None:
        world.task(EARLY | {"cron": "0 8 * * *"}, expect=_FINISHED)
        world.until("2026-12-01T23:00:00", step=timedelta(minutes=20))
        assert world.news() == []
        world.until("2026-12-02T06:00:00", step=timedelta(minutes=20))
        assert world.news() == ["Missed Late 12-02T06:00 Waiting"]

    def test_one_deadline_reports_all_fire_times_of_its_day(self, world: Expecting) -> None:
        world.task(EARLY | {"cron": "0 * * * *"}, expect=_FINISHED)
        world.until("2026-12-01T06:00:00")
        (event,) = world.events()
        assert event["count"] == 4
        assert all(run.missed_deadlines for run in world.made() if run.scheduled_time.hour < 6)

    def test_a_calendar_has_no_deadline(self, world: Expecting) -> None:
        world.define(Kind.CALENDAR, {"name": "holidays", "dates": ["2026-12-01"]})
        world.task(EARLY | {"calendars": ["holidays"]}, expect=_FINISHED | _STARTED)
        world.until("2026-12-01T08:00:00", step=timedelta(minutes=5))
        assert world.news() == []


class TestMissing:
    def test_a_run_that_waits_is_missing(self, world: Expecting) -> None:
        world.task(EARLY, expect=_STARTED)
        world.until("2026-12-01T04:10:00")
        assert world.news() == ["Missed Missing 12-01T04:10 Waiting"]
        world.begin(only(world))
        world.minute(minutes=1)
        assert world.news()[1:] == ["Recovered Missing 12-01T04:10 Waiting"]

    def test_a_run_that_has_started_is_not_missing(self, world: Expecting) -> None:
        world.task(EARLY, expect=_STARTED)
        world.until("2026-12-01T04:09:00")
        world.begin(only(world))
        world.until("2026-12-01T05:00:00")
        assert world.news() == []

    def test_a_paused_schedule_is_reported_with_its_cause(self, world: Expecting) -> None:
        world.task(EARLY, expect=_STARTED | _FINISHED)
        world.schedules.pause("load-daily", schedule=None, reason="Migration.", by="eva")
        world.until("2026-12-01T07:00:00")
        assert world.news() == [
            "Missed Missing 12-01T04:10 SchedulePaused",
            "Missed Late 12-01T06:00 SchedulePaused",
        ]
        assert "Migration." in world.events()[0]["reason"]
        assert world.events()[0]["runId"] is None
        assert world.events()[0]["statusUrl"] == "/api/tasks/load-daily"

    def test_a_held_task_is_reported_with_its_cause(self, world: Expecting) -> None:
        world.task(EARLY, expect=_STARTED)
        world.services.holds.hold(
            Kind.TASK, "load-daily", reason="Audit.", by="eva", engine=world.engine
        )
        world.until("2026-12-01T04:10:00")
        assert world.news() == ["Missed Missing 12-01T04:10 Held"]
        assert "Audit." in world.events()[0]["reason"]

    def test_a_task_that_waits_for_its_upstream_says_so(self, world: Expecting) -> None:
        world.task(name="upstream")
        world.task(EARLY, expect=_STARTED, dependencies=[{"task": "upstream"}])
        world.until("2026-12-01T04:10:00")
        assert world.news() == ["Missed Missing 12-01T04:10 WaitingForUpstream"]


class TestTasksWithoutSchedules:
    def test_each_full_day_needs_a_success(self, world: Expecting) -> None:
        expect = _FINISHED | {"timeZone": "Europe/Berlin"}
        world.task(expect=expect)
        world.until("2026-12-02T05:59:00", step=timedelta(minutes=15))
        assert world.news() == []
        world.until("2026-12-02T06:00:00")
        assert world.news() == ["Missed Late 12-02T06:00 NotCreated"]
        run = world.run_once()
        world.finish(run)
        world.until("2026-12-03T08:00:00", step=timedelta(minutes=15))
        assert world.news()[1:] == [
            "Recovered Late 12-02T06:00 NotCreated",
        ]


class TestMarks:
    def test_a_late_run_has_a_mark_a_note_and_a_place_in_the_list(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED | _STARTED)
        world.until("2026-12-01T06:00:00")
        run = only(world)
        kinds = [each.kind for each in run.missed_deadlines]
        assert kinds == [DeadlineKind.MISSING, DeadlineKind.LATE]
        assert "had not succeeded by its deadline" in run.history[-1].reason
        assert [each.run_id for each in world.runs.page(Listing(late=True)).items] == [run.run_id]

    def test_a_run_in_time_is_not_in_the_list(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED)
        world.until("2026-12-01T05:00:00")
        world.end(only(world))
        world.until("2026-12-01T07:00:00")
        assert world.runs.page(Listing(late=True)).items == []

    def test_an_ended_run_gets_the_mark_and_keeps_its_last_line(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED)
        world.until("2026-12-01T05:00:00")
        world.end(only(world), RunStatus.FAILED)
        lines = only(world).history
        world.until("2026-12-01T06:00:00")
        assert only(world).history == lines
        assert [each.kind for each in only(world).missed_deadlines] == [DeadlineKind.LATE]


class TestDowntime:
    def test_deadlines_of_a_short_outage_are_reported_one_by_one(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED | _STARTED)
        world.at("2026-12-02T09:00:00")
        world.minute()
        assert [each[:24] for each in world.news()] == [
            "Missed Missing 12-01T04:",
            "Missed Late 12-01T06:00 ",
            "Missed Missing 12-02T04:",
            "Missed Late 12-02T06:00 ",
        ]
        world.minute(minutes=1)
        assert len([each for each in world.events() if each["deadline"] == "Missed"]) == 4

    def test_a_long_outage_ends_with_one_summary(self, world: Expecting) -> None:
        world.task(EARLY | {"cron": "*/5 * * * *"}, expect=_STARTED)
        world.at("2026-12-04T01:00:00")
        world.minute()
        missed = [each for each in world.events() if each["deadline"] == "Missed"]
        assert len(missed) == 11
        assert missed[0]["cause"] == "NotExamined"
        assert sum(each["count"] for each in missed) == 3 * 24 * 12 - 2
        world.minute(minutes=1)
        assert [each for each in world.events() if each["deadline"] == "Missed"] == missed

    def test_an_unavailable_queue_only_delays_the_event(self, world: Expecting) -> None:
        world.task(EARLY, expect=_FINISHED)
        world.app.queue("events").away = True
        world.until("2026-12-01T06:05:00")
        world.app.queue("events").away = False
        world.minute(minutes=1)
        assert world.news() == ["Missed Late 12-01T06:00 Waiting"]
        assert world.events()[0]["at"] == "2026-12-01T06:00:00.000Z"


def test_a_task_without_a_run_is_not_called_held(world: Expecting) -> None:
    world.task(EARLY | {"misfire": "Skip"}, expect=_STARTED)
    world.services.holds.hold(None, "all", reason="Audit.", by="eva", engine=world.engine)
    world.at("2026-12-01T04:30:00")
    world.check()
    assert world.news() == ["Missed Missing 12-01T04:10 NotCreated"]
