"""Fire times, schedules, limits, calendars and messages that did not lead to a run."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from polysync_core.application.missed.missed_work import MissedWork
from polysync_core.application.missed.stopped_schedules import IdleCause
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.errors import Invalid
from polysync_core.domain.poison import ReceivedPoisonMessage
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.runs.skip import SkipKind
from tests.fakes.builders import NOON
from tests.fakes.scheduled import DAILY, MINUTELY, Scheduled


@pytest.fixture
def world() -> Scheduled:
    return Scheduled()


def missed(world: Scheduled) -> MissedWork:
    return world.services.missed_work.since(None)


def kinds(world: Scheduled) -> list[SkipKind | None]:
    return [run.skip and run.skip.kind for run in missed(world).fire_times.items]


def test_missed_fire_times_are_listed_and_are_in_no_group(world: Scheduled) -> None:
    world.task({**DAILY, "misfire": "Skip"})
    world.tick(days=3)
    assert kinds(world) == [SkipKind.MISSED]
    (run,) = missed(world).fire_times.items
    assert run.schedule == "daily"
    assert "Missed 3 fire times" in run.reason
    assert missed(world).skipped.items == []


def test_an_overlap_is_a_fire_time_without_a_run(world: Scheduled) -> None:
    world.task({**MINUTELY, "overlap": "Skip"})
    world.tick(minutes=1)
    world.tick(minutes=1)
    assert kinds(world) == [SkipKind.OVERLAP]


def test_a_fire_time_at_a_full_shard_is_recorded_and_a_backfill_repeats_it(
    world: Scheduled,
) -> None:
    world.task(MINUTELY)
    capacity = world.services.shard_capacity
    capacity.max_waiting_runs = 0
    world.tick(minutes=1)
    assert kinds(world) == [SkipKind.SHARD_FULL]
    (skipped,) = world.made(RunStatus.SKIPPED)
    assert "Shard 'main' holds 0 waiting runs" in skipped.reason
    assert world.engine.live == set()

    capacity.max_waiting_runs = 10
    world.clock.advance(seconds=30)
    world.backfill(skipped.scheduled_time, world.clock())
    assert [run.scheduled_time for run in world.made(RunStatus.QUEUED)] == [skipped.scheduled_time]
    world.tick(minutes=1)
    assert len(world.made(RunStatus.QUEUED)) == 2


def test_a_schedule_that_paused_itself_is_listed_twice(world: Scheduled) -> None:
    world.task({**MINUTELY, "pauseAfterFailures": 1})
    world.tick(minutes=1)
    (run,) = world.made()
    world.end(run, RunStatus.FAILED)
    world.tick(minutes=1)
    assert kinds(world) == [SkipKind.SCHEDULE_PAUSED]
    (stopped,) = missed(world).stopped.items
    assert (stopped.task, stopped.schedule, stopped.cause) == (
        "load-daily",
        "minutely",
        IdleCause.PAUSED,
    )
    assert stopped.pause is not None
    assert stopped.pause.by == "polysync"


def test_stopped_schedules_have_a_cause_and_disappear_when_they_fire_again(
    world: Scheduled,
) -> None:
    world.task(DAILY, {**MINUTELY, "enabled": False}, name="a")
    world.task(DAILY, name="b", enabled=False)
    world.task(DAILY, name="c")
    world.task({**DAILY, "endAt": NOON.isoformat()}, name="over")
    world.schedules.pause("a", schedule="daily", reason="The source moves.", by="ann")
    found = [(each.task, each.schedule, each.cause) for each in missed(world).stopped.items]
    assert found == [
        ("a", "daily", IdleCause.PAUSED),
        ("a", "minutely", IdleCause.SCHEDULE_DISABLED),
        ("b", "daily", IdleCause.TASK_DISABLED),
    ]
    world.schedules.resume("a", schedule=None)
    world.task(DAILY, name="b")
    world.task(DAILY, name="a")
    assert missed(world).stopped.items == []
    world.delete("over")
    assert world.store.idle(limit=10) == []


@pytest.mark.parametrize("cause", [FailureCause.CONTENTION_REJECTED, FailureCause.QUEUE_TIMEOUT])
def test_a_run_that_a_limit_ended_is_dropped(world: Scheduled, cause: FailureCause) -> None:
    world.task(MINUTELY)
    world.tick(minutes=1)
    (run,) = world.made()
    world.services.run_finisher.fail_queued_run(run.run_id, 1, cause=cause, reason="Full.")
    world.tick(minutes=1)
    (other,) = world.made(RunStatus.QUEUED)
    world.end(other, RunStatus.FAILED)
    (dropped,) = missed(world).dropped.items
    assert dropped.run_id == run.run_id
    assert dropped.attempt is not None
    assert dropped.attempt.cause is cause


def test_excluded_fire_times_are_computed_by_day(world: Scheduled) -> None:
    world.define(Kind.CALENDAR, {"name": "holidays", "dates": ["2026-03-02", "2026-03-05"]})
    zone = {"timeZone": "Europe/Berlin", "calendars": ["holidays"]}
    world.task(
        {**DAILY, **zone},
        {**MINUTELY, **zone, "cron": "*/10 * * * *"},
        {**MINUTELY, "name": "other", "cron": "0 0 1 1 *", **zone},
        {**DAILY, "name": "free"},
    )
    world.clock.advance(days=2)
    found = missed(world).excluded
    assert found.is_complete
    assert [(each.schedule, each.day, each.count) for each in found.items] == [
        ("daily", date(2026, 3, 2), 1),
        ("minutely", date(2026, 3, 2), 144),
    ]
    assert {each.calendar for each in found.items} == {"holidays"}


def test_messages_that_were_given_up_are_listed_within_the_period(world: Scheduled) -> None:
    for days in (9, 2):
        message = ReceivedPoisonMessage(message_id=f"m{days}", payload="{}", reason="No such task.")
        at = world.clock() - timedelta(days=days)
        world.services.poison_messages.record("run-requests", message, at=at)
    assert [each.id for each in missed(world).messages.items] == ["m2"]


@pytest.mark.parametrize("days", [-1, 32])
def test_the_period_has_bounds(world: Scheduled, days: int) -> None:
    with pytest.raises(Invalid, match="since"):
        world.services.missed_work.since(world.clock() - timedelta(days=days))


def test_the_answer_of_the_api_has_every_kind(world: Scheduled) -> None:
    world.task({**DAILY, "misfire": "Skip"})
    world.tick(days=3)
    answer = world.app.http.get("/api/missed").json()
    assert set(answer) == {
        "since",
        "skipped",
        "fireTimes",
        "stopped",
        "dropped",
        "excluded",
        "messages",
        "deadlines",
    }
    assert answer["fireTimes"]["items"][0]["kind"] == "Missed"
    assert answer["fireTimes"]["isComplete"] is True
    since = (world.clock() - timedelta(hours=1)).isoformat()
    short = world.app.http.get("/api/missed", params={"since": since}).json()
    assert short["skipped"]["items"] == []
    assert world.app.http.get("/api/missed", params={"since": "yesterday"}).status_code == 422
