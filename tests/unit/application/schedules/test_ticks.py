"""Tests of schedule ticks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.application.schedules import tick
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.runs.run import RunStatus, TriggerType
from tests.fakes.scheduled import DAILY, MINUTELY, Scheduled

EARLY = datetime(2026, 3, 2, 5, 59, 30, tzinfo=UTC)


@pytest.fixture
def world() -> Scheduled:
    world = Scheduled()
    world.clock.now = EARLY
    return world


def test_a_fire_time_creates_one_run_with_its_schedule_and_time(world: Scheduled) -> None:
    sydney = {"timeZone": "Australia/Sydney", "cron": "0 17 * * *"}
    world.task(DAILY | sydney | {"parameters": {"mode": "changes"}}, parameters={"day": "today"})
    assert world.tick(seconds=20).fired == 0
    assert world.tick(seconds=15).fired == 1
    (run,) = world.made()
    assert (run.status, run.trigger_type) == (RunStatus.QUEUED, TriggerType.SCHEDULE)
    assert (run.schedule, run.time_zone) == ("daily", "Australia/Sydney")
    assert run.scheduled_time == datetime(2026, 3, 2, 6, tzinfo=UTC)
    assert dict(run.parameters) == {"day": "today", "mode": "changes"}
    assert (run.run_id, 1) in world.engine.live
    assert world.tick(minutes=1).due == 0


def test_only_what_is_due_is_read(world: Scheduled) -> None:
    for number in range(20):
        world.task(DAILY, name=f"later-{number}")
    world.task(DAILY | {"cron": "30 5 * * *"})
    calls: list[str] = []

    def intercept(call, do):  # type: ignore[no-untyped-def]
        calls.append(str(call))
        return do()

    world.tables.intercept = intercept
    assert world.tick().due == 0
    assert calls == ["query_entities on Schedules"] * 4


class TestMisfire:
    def test_the_policy_last_runs_the_newest_missed_fire_time_and_records_the_others(
        self, world: Scheduled
    ) -> None:
        world.task(MINUTELY)
        world.tick(hours=3)
        # 08:58 and 08:59 are late by less than 90 seconds at 08:59:30.
        assert world.times() == ["02 08:58", "02 08:59"]
        (missed,) = world.made(RunStatus.SKIPPED)
        assert missed.reason == (
            "Missed 178 fire times, from 2026-03-02T06:00:00Z to 2026-03-02T08:57:00Z: "
            "the run of 2026-03-02T08:58:00Z replaces them (misfire Last)."
        )

    def test_the_policy_last_runs_a_late_fire_time_if_none_is_on_time(
        self, world: Scheduled
    ) -> None:
        world.task(MINUTELY | {"cron": "*/10 * * * *"})
        world.tick(minutes=27)
        assert world.times() == ["02 06:20"]
        (missed,) = world.made(RunStatus.SKIPPED)
        assert missed.reason.startswith("Missed 2 fire times")

    def test_the_policy_skip_does_not_catch_up(self, world: Scheduled) -> None:
        world.task(DAILY | {"misfire": "Skip"})
        world.tick(minutes=5)
        assert world.times() == []
        (missed,) = world.made()
        assert missed.status is RunStatus.SKIPPED
        assert missed.reason == (
            "Missed the fire time 2026-03-02T06:00:00Z: the misfire policy is Skip."
        )
        assert missed.scheduled_time == datetime(2026, 3, 2, 6, tzinfo=UTC)

    def test_the_policy_all_catches_up_within_the_window(self, world: Scheduled) -> None:
        world.task(MINUTELY | {"misfire": "All", "catchUpSeconds": 600})
        world.tick(hours=1)
        assert world.times() == [f"02 06:{minute}" for minute in range(50, 60)]
        (missed,) = world.made(RunStatus.SKIPPED)
        assert "Missed 50 fire times" in missed.reason
        assert "older than the catch-up window of 600 s" in missed.reason

    def test_the_policy_all_starts_with_the_oldest(self, world: Scheduled) -> None:
        world.task(MINUTELY | {"misfire": "All", "catchUpSeconds": 600})
        world.tick(hours=1)
        by_rank = sorted(world.made(RunStatus.QUEUED), key=lambda run: run.queued_at)
        times = [run.scheduled_time for run in by_rank]
        assert times == sorted(set(times))
        assert len({run.queued_at for run in by_rank}) == 10

    def test_the_policy_all_catches_up_in_parts(self, world: Scheduled) -> None:
        world.task(MINUTELY | {"misfire": "All", "catchUpSeconds": 7200})
        assert world.tick(minutes=120).fired == 50
        assert world.tick().fired == 50
        assert world.tick(minutes=1).fired == 21
        assert len(set(world.times())) == 121
        assert world.made(RunStatus.SKIPPED) == []

    def test_years_without_a_tick_cost_no_more_than_days(self, world: Scheduled) -> None:
        world.task(MINUTELY)
        world.tick(days=3000)
        assert len(world.times()) == 2
        (missed,) = world.made(RunStatus.SKIPPED)
        assert missed.reason.startswith("Missed more than 10058 fire times, from 2026-03-02T06:00")
        newest = f"{world.made(RunStatus.QUEUED)[0].scheduled_time:%Y-%m-%d}"
        assert f" to {newest}" in missed.reason


class TestOverlap:
    def test_the_policy_queue_queues_the_run_like_any_other(self, world: Scheduled) -> None:
        world.task(MINUTELY)
        world.tick(seconds=31)
        world.tick(minutes=1)
        assert world.times() == ["02 06:00", "02 06:01"]

    def test_the_policy_skip_skips_a_fire_time_while_a_run_is_active(
        self, world: Scheduled
    ) -> None:
        world.task(MINUTELY | {"overlap": "Skip"})
        world.tick(seconds=31)
        (first,) = world.made()
        world.tick(minutes=1)
        assert world.times() == ["02 06:00"]
        (skipped,) = world.made(RunStatus.SKIPPED)
        assert first.run_id in skipped.reason
        world.end(first)
        world.tick(minutes=1)
        assert world.times() == ["02 06:02"]

    def test_the_policy_skip_counts_a_manual_run(self, world: Scheduled) -> None:
        world.task(MINUTELY | {"overlap": "Skip"})
        request = RunRequest(task="load-daily", parameters={}, actor="test")
        world.services.task_runs.run_once(request, world.engine)
        world.tick(seconds=31)
        assert len([run for run in world.runs.active_runs()]) == 1

    def test_the_policy_skip_reads_the_row_if_the_engine_does_not_know_the_run(
        self, world: Scheduled
    ) -> None:
        world.task(MINUTELY | {"overlap": "Skip"})
        world.tick(seconds=31)
        world.engine.states.clear()
        world.tick(minutes=1)
        assert world.times(RunStatus.SKIPPED) == ["02 06:01"]

    def test_the_policy_cancel_running_replaces_the_active_run(self, world: Scheduled) -> None:
        world.task(MINUTELY | {"overlap": "CancelRunning"})
        world.tick(seconds=31)
        world.tick(minutes=1)
        assert world.times(RunStatus.CANCELLED) == ["02 06:00"]
        assert world.times() == ["02 06:01"]

    def test_of_two_fire_times_at_once_cancel_running_runs_the_newer(
        self, world: Scheduled
    ) -> None:
        world.task(MINUTELY | {"overlap": "CancelRunning"})
        world.tick(seconds=95)
        assert world.times() == ["02 06:01"]
        assert world.times(RunStatus.SKIPPED) == ["02 06:00"]

    def test_the_overlap_policy_counts_runs_of_another_schedule_of_the_task(
        self, world: Scheduled
    ) -> None:
        skip = {"overlap": "Skip"}
        world.task(DAILY | skip, DAILY | {"name": "other"} | skip)
        world.tick(minutes=1)
        assert len(world.times()) == 1
        assert len(world.times(RunStatus.SKIPPED)) == 1


class TestEdits:
    def test_an_edit_starts_from_now(self, world: Scheduled) -> None:
        world.task(MINUTELY | {"cron": "0 3 * * *"})
        world.clock.advance(minutes=30)
        world.task(MINUTELY | {"misfire": "All"})
        world.tick(minutes=1)
        assert world.times(None) == ["02 06:30"]

    def test_an_edit_of_another_field_loses_no_fire_time(self, world: Scheduled) -> None:
        world.task(DAILY)
        world.clock.advance(minutes=1)
        world.task(DAILY, description="Loads.")
        world.tick()
        assert world.times() == ["02 06:00"]

    def test_enabling_does_not_catch_up(self, world: Scheduled) -> None:
        world.task(MINUTELY, enabled=False)
        assert world.tick(hours=1).due == 0
        world.task(MINUTELY)
        world.tick(minutes=1)
        assert world.times(None) == ["02 07:00"]

    def test_a_removed_schedule_leaves_no_row(self, world: Scheduled) -> None:
        world.task(MINUTELY, DAILY)
        world.task(DAILY)
        assert [each.state.schedule for each in world.store.of_task("load-daily")] == ["daily"]
        world.delete()
        assert world.store.of_task("load-daily") == []
        assert world.tick(days=2).due == 0

    def test_a_schedule_that_has_ended_is_in_no_index(self, world: Scheduled) -> None:
        world.task(DAILY | {"endAt": "2026-03-03T00:00:00Z"})
        world.tick(minutes=1)
        assert world.times() == ["02 06:00"]
        assert world.tick(days=10).due == 0


def test_an_excluded_fire_time_leaves_no_run(world: Scheduled) -> None:
    world.define(Kind.CALENDAR, {"name": "holidays", "dates": ["2026-03-02", "2026-03-03"]})
    world.task(DAILY | {"calendars": ["holidays"]})
    for _ in range(3):
        world.tick(days=1)
    assert world.times(None) == ["04 06:00"]


def test_a_fire_time_of_a_task_with_dependencies_is_delivered_to_its_gate(world: Scheduled) -> None:
    world.task(name="before")
    world.task(DAILY, dependencies=[{"task": "before"}])
    world.tick(minutes=1)
    assert world.made() == []
    (token,) = world.services.ports.gates.read("load-daily").tokens
    assert (fire := token.fire) is not None
    assert (fire.schedule, fire.time_zone) == ("daily", "UTC")
    assert fire.scheduled_time == datetime(2026, 3, 2, 6, tzinfo=UTC)


def test_parameters_that_cannot_be_resolved_create_a_failed_run(world: Scheduled) -> None:
    world.task(DAILY)
    stored = world.services.ports.definitions.get(Kind.TASK, "load-daily")
    assert stored is not None
    broken = stored.definition.model_copy(update={"parameters": {"gone": 1}})
    world.writes(broken, replacing=stored)
    world.tick(minutes=1)
    (run,) = world.made()
    assert (run.status, run.attempts[0].cause) == (RunStatus.FAILED, "Parameters")
    assert not list(world.runs.active_runs())


def test_a_lost_signal_leaves_a_run_for_the_reconciler(world: Scheduled) -> None:
    world.task(DAILY)
    world.engine.unavailable = True
    world.tick(minutes=1)
    assert world.times() == ["02 06:00"]
    assert world.tick(minutes=1).due == 0


def test_a_schedule_that_fails_stops_no_other_schedule(world: Scheduled) -> None:
    world.task(DAILY, name="bad")
    world.task(DAILY)
    stored = world.store.get("bad", "daily")
    assert stored is not None
    row = world.tables.tables["Schedules"]
    for (partition, key), each in list(row.items()):
        if key == "s~bad~daily":
            row[partition, key] = type(each)({"document": "{"}, each.etag)
    tally = world.tick(minutes=1)
    assert (tally.fired, tally.failed) == (1, 1)


def test_entries_that_exceed_the_time_of_a_tick_are_left_to_the_next_tick() -> None:
    world = Scheduled()
    world.clock.now = EARLY
    for number in range(3):
        world.task(DAILY, name=f"t{number}")
    world.clock.advance(minutes=1)
    moments = iter([0.0, 1.0, 46.0, 47.0])
    timed = replace(world.services.schedule_tick, workers=1, monotonic=lambda: next(moments))
    assert (tally := timed.tick(world.engine)).left == 2
    assert tally.fired == 1
    assert world.tick().fired == 2


class TestFailures:
    def fail(self, world: Scheduled) -> None:
        (run,) = world.made(RunStatus.QUEUED)
        world.end(run, RunStatus.FAILED)

    def test_a_schedule_pauses_after_consecutive_failures(self, world: Scheduled) -> None:
        world.task(MINUTELY | {"pauseAfterFailures": 2})
        world.tick(seconds=31)
        self.fail(world)
        world.tick(minutes=1)
        self.fail(world)
        world.tick(minutes=1)
        (skipped,) = world.made(RunStatus.SKIPPED)
        assert "the last 2 runs of schedule 'minutely' have failed" in skipped.reason
        (standing,) = world.schedules.statuses("load-daily")
        assert standing.paused is not None
        assert standing.paused.reason == "Paused by itself: its last 2 runs have failed."
        assert world.tick(minutes=1).due == 0
        world.schedules.resume("load-daily", schedule=None)
        world.tick(minutes=1)
        assert world.times() == ["02 06:04"]

    def test_a_pause_by_the_schedule_and_a_pause_by_a_person_are_different_actions(
        self, world: Scheduled, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        world.task(MINUTELY | {"pauseAfterFailures": 1})
        world.tick(seconds=31)
        self.fail(world)
        world.tick(minutes=1)
        world.schedules.resume("load-daily", schedule=None)
        world.schedules.pause("load-daily", schedule=None, reason="maintenance", by="ada")
        actions = [getattr(record, "action", "") for record in caplog.records]
        assert [each for each in actions if each.endswith("paused")] == [
            "schedule_auto_paused",
            "schedule_paused",
        ]

    def test_a_success_resets_the_count(self, world: Scheduled) -> None:
        world.task(MINUTELY | {"pauseAfterFailures": 2})
        world.tick(seconds=31)
        for outcome in (RunStatus.FAILED, RunStatus.SUCCEEDED, RunStatus.FAILED):
            (run,) = world.made(RunStatus.QUEUED)
            world.end(run, outcome)
            world.tick(minutes=1)
        assert world.made(RunStatus.SKIPPED) == []
        assert len(world.times()) == 1


class TestManyDueSchedules:
    def test_a_tick_fires_more_schedules_than_it_reads_at_once(
        self, world: Scheduled, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Many schedules at the same minute must not wait for the ticks of later minutes."""
        monkeypatch.setattr(tick, "MAX_ENTRIES", 2)
        for number in range(25):
            world.task(MINUTELY, name=f"t{number}")
        tally = world.tick(minutes=1)
        assert (tally.fired, tally.due) == (25, 25)

    def test_a_tick_ends_although_a_schedule_fails(
        self, world: Scheduled, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tick, "MAX_ENTRIES", 1)
        for number in range(9):
            world.task(MINUTELY, name=f"t{number}")
        rows = world.tables.tables["Schedules"]
        key = next(each for each in rows if each[1] == "s~t0~minutely")
        rows[key] = type(rows[key])({"document": "{"}, rows[key].etag)
        tally = world.tick(minutes=1)
        assert tally.failed > 0
        assert tally.fired > 0
