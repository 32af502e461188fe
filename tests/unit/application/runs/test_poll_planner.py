"""Planning polls, and the cache of past durations."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from polysync_core.application.platforms.connections import Connections
from polysync_core.application.runs.poll_planner import (
    HISTORY_TTL,
    RETRY_SECONDS,
    DurationHistory,
    PollPlanner,
    observed_end,
)
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.polls.learning import MAX_PAST_RUNS, RunEnd
from polysync_core.domain.runs.polls.plans import FAST
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, finish, with_attempt
from polysync_core.domain.runs.stored import Page
from polysync_core.platforms.connector import ProviderStatus, Report
from tests.fakes.builders import NOON, FakeClock, a_job, a_run, run_id
from tests.fakes.definitions import definition_reader
from tests.fakes.platform import FakePlatform
from tests.fakes.runs import FakeRunTable

PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)


class CountingRuns(FakeRunTable):
    """Counts the runs that lists give, and fails when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = self.listed = 0
        self.fault: Exception | None = None

    def page(self, listing: Listing) -> Page[TaskRun]:
        self.pages += 1
        if self.fault is not None:
            raise self.fault
        page = super().page(listing)
        self.listed += len(page.items)
        return page


class World:
    """A Task with past runs, and one under way."""

    def __init__(self) -> None:
        self.runs, self.clock, self.seconds = CountingRuns(), FakeClock(), 0.0
        self.durations = DurationHistory(self.runs, monotonic=lambda: self.seconds)
        self.planner = PollPlanner(
            connections=Connections(definition_reader(PLATFORM), lambda _: FakePlatform()),
            durations=self.durations,
            clock=self.clock,
        )
        self.run = under_way(a_run())

    def past(self, *seconds: float, status: RunStatus = RunStatus.SUCCEEDED, **facts: Any) -> None:
        """Store ended runs, each an hour newer than the one before."""
        for each in seconds:
            number = len(self.runs.rows)
            at = NOON - timedelta(days=9) + timedelta(hours=number)
            run = under_way(a_run(run_id=run_id(f"past {number}"), queued_at=at, **facts), at=at)
            end = at + timedelta(seconds=each)
            outcome = Outcome(status=status, reason="", finished_at=end)
            seen = end + timedelta(seconds=5)
            self.runs.insert(finish(run, outcome, at=seen, actor="test"))

    def next(
        self, age: float = 0, memo: AttemptMemo | None = None, retry_after: float | None = None
    ) -> float:
        self.clock.now = NOON + timedelta(seconds=age)
        return self.planner.next_delay(self.run, memo or AttemptMemo(), retry_after=retry_after)[0]


def under_way(run: TaskRun, *, at: Any = NOON) -> TaskRun:
    begun = begin_attempt(run, at=at, actor="test")
    assert begun.attempt is not None
    return with_attempt(begun, replace(begun.attempt, external_run_id="7", submitted_at=at))


@pytest.fixture
def world() -> World:
    return World()


def test_without_a_past_the_job_type_decides(world: World) -> None:
    assert [world.next(age) for age in (0, 1, 5, 600)] == [1, 0.6, 1.3, 15]


def test_a_task_that_takes_ten_minutes_is_polled_after_ten_minutes(world: World) -> None:
    world.past(598, 599, 600, 601, 602)
    assert world.next(300) == 45
    assert 580 + world.next(580) == pytest.approx(602, abs=8)


def test_a_platforms_retry_after_is_respected_by_a_learned_plan(world: World) -> None:
    world.past(598, 599, 600, 601, 602)
    assert world.next(595, retry_after=120) == 120


def test_only_successful_runs_of_the_same_task_count(world: World) -> None:
    world.past(3, 3, 3, task="another")
    world.past(3, 3, 3, status=RunStatus.FAILED)
    world.past(3, 3, 3, task=None)
    assert world.durations.of(world.run, read=True) == ()


def test_a_run_without_a_task_goes_by_those_of_its_job(world: World) -> None:
    world.past(60, 61, 62, task=None)
    world.past(3, 3, 3)
    world.run = under_way(a_run(task=None))
    assert world.durations.of(world.run, read=True) == tuple(
        RunEnd(by=each) for each in (62, 61, 60)
    )


def test_a_retried_run_counts_with_its_last_attempt(world: World) -> None:
    run = world.run
    assert run.attempt is not None
    again = replace(run.attempt, number=2, submitted_at=NOON + timedelta(hours=1))
    run = replace(run, attempts=(*run.attempts, again))
    end = NOON + timedelta(hours=1, seconds=30)
    outcome = Outcome(status=RunStatus.SUCCEEDED, reason="", finished_at=end)
    world.runs.insert(finish(run, outcome, at=end + timedelta(seconds=1), actor="test"))
    assert world.durations.of(run, read=True) == (RunEnd(by=30),)


def test_new_past_runs_do_not_change_the_poll_plan_of_an_active_run(world: World) -> None:
    world.past(598, 599, 600)
    world.clock.advance(seconds=5)
    memo = AttemptMemo.from_json(
        world.planner.next_delay(world.run, AttemptMemo(), retry_after=None)[1].as_json()
    )
    world.past(3, 3, 3, 3, 3)
    world.seconds += HISTORY_TTL
    assert world.next(300, memo) == 45
    assert world.runs.pages == 1


def test_past_runs_are_read_at_intervals_for_any_number_of_runs(world: World) -> None:
    world.past(*[60.0] * 50)
    for _ in range(100):
        world.next(5)
    assert (world.runs.pages, world.runs.listed) == (1, MAX_PAST_RUNS)
    world.seconds += HISTORY_TTL
    world.next(5)
    assert world.runs.pages == 2


def test_a_run_of_a_second_or_two_reads_no_past_runs(world: World) -> None:
    world.past(598, 599, 600)
    assert [world.next(age) for age in (0, 1)] == [1, 0.6]
    assert world.runs.pages == 0
    assert world.next(2.25) > FAST.delay(2.25)


def test_the_history_of_a_task_that_rarely_succeeds_is_not_read(world: World) -> None:
    world.past(60, 60, 60)
    world.past(*[1.0] * 200, status=RunStatus.FAILED)
    assert world.next(5) == FAST.delay(5)
    assert world.runs.listed == 4 * MAX_PAST_RUNS


def test_runs_that_end_in_this_process_are_known_without_a_read(world: World) -> None:
    for seconds in (2.1, 2.2, 2.3):
        world.clock.now = NOON + timedelta(seconds=seconds + 1)
        finished_at = NOON + timedelta(seconds=seconds)
        report = Report(status=ProviderStatus.SUCCESS, finished_at=finished_at)
        world.planner.record_end(world.run, report)
    world.planner.record_end(world.run, Report(status=ProviderStatus.FAILED))

    newest_first = tuple(RunEnd(by=each) for each in (2.3, 2.2, 2.1))
    assert world.durations.of(world.run, read=False) == newest_first
    assert world.next(0) == pytest.approx(2.3, abs=0.2)
    assert world.runs.pages == 0


def test_past_runs_are_read_later_even_if_one_end_is_known_already(
    world: World,
) -> None:
    """One observed end, or an old read, is not the whole history."""
    world.durations.add(world.run, RunEnd(by=2.1))
    world.past(598, 599, 600)

    for _ in range(2):
        _, memo = world.planner.next_delay(world.run, AttemptMemo(), retry_after=None)
        assert world.next(300, memo) == 45
        world.seconds += HISTORY_TTL

    assert world.runs.pages == 2


def test_runs_that_end_in_this_process_are_added_to_the_past_runs_that_were_read(
    world: World,
) -> None:
    world.past(60, 61, 62)
    world.next(5)
    world.durations.add(world.run, RunEnd(by=63))
    world.durations.add(world.run, None)
    known = world.durations.of(world.run, read=True)
    assert known == tuple(RunEnd(by=each) for each in (63, 62, 61, 60))
    assert world.runs.pages == 1


def test_without_readable_past_runs_the_plan_of_the_job_type_applies(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.past(598, 599, 600)
    world.runs.fault = Unavailable()
    with caplog.at_level(logging.WARNING):
        assert [world.next(300) for _ in range(3)] == [FAST.delay(300)] * 3
    assert [record.__dict__["action"] for record in caplog.records] == ["durations_unread"]

    world.runs.fault = None
    world.seconds += RETRY_SECONDS
    assert world.next(300) == 45


def test_a_caller_does_not_wait_for_the_read_of_another_caller(world: World) -> None:
    seen: list[object] = []

    class Slow(CountingRuns):
        def page(self, listing: Listing) -> Page[TaskRun]:
            seen.append(world.durations.of(world.run, read=True))
            return super().page(listing)

    world.runs = Slow()
    world.durations = DurationHistory(world.runs)
    world.past(60, 61, 62)
    assert world.durations.of(world.run, read=True) is not None
    assert seen == [None]


def test_one_short_run_is_enough_to_expect_the_next_one(world: World) -> None:
    world.durations.add(world.run, RunEnd(by=40.0))
    assert world.next(0) == pytest.approx(40 * 0.96 / 3)
    assert world.next(40 / 3) == pytest.approx(41.6 - 40 / 3)


def test_a_task_without_a_past_is_expected_to_last_like_other_tasks_of_its_job(
    world: World,
) -> None:
    other = replace(world.run, task="another")
    world.durations.add(other, RunEnd(by=5.0))
    assert world.next(0) == pytest.approx(5.2)
    stranger = replace(world.run, job=a_job(name="other-job"))
    assert world.durations.of(stranger, read=False) is None
    # Runs of its own count more.
    world.durations.add(world.run, RunEnd(by=8.0))
    assert world.next(0) == pytest.approx(8.32)


def test_the_number_of_cached_histories_is_limited() -> None:
    runs = CountingRuns()
    durations = DurationHistory(runs, monotonic=lambda: 0.0, max_histories=2)
    for task in ("a", "b", "a", "c", "a", "b"):
        durations.of(a_run(task=task), read=True)
    assert runs.pages == 4  # a, b, c for which b makes room, and b again


def test_a_resumed_run_is_polled_according_to_its_age(world: World) -> None:
    assert world.next(1_000, AttemptMemo()) == FAST.delay(1_000)


@given(st.lists(st.floats(-1e6, 1e6), max_size=80))
def test_a_clock_that_jumps_makes_polls_no_more_frequent(jumps: list[float]) -> None:
    world, memo, waited, polls = World(), AttemptMemo(), 0.0, 0
    while waited < 1_200:
        jump = jumps[polls] if polls < len(jumps) else 0.0
        world.clock.now = NOON + timedelta(seconds=waited + jump)
        delay, memo = world.planner.next_delay(world.run, memo, retry_after=None)
        memo, waited, polls = memo.after_wait(delay), waited + delay, polls + 1
        assert delay <= 30
    assert polls <= FAST.polls(1_200) + 1


@pytest.mark.parametrize(
    ("finished_at", "seen", "end"),
    [
        pytest.param(60, 65, RunEnd(by=60), id="finished_at by the platform"),
        pytest.param(None, 65, RunEnd(by=65, exact=False), id="only seen"),
        pytest.param(70, 65, RunEnd(by=65, exact=False), id="by a clock that is ahead"),
        pytest.param(-5, 65, RunEnd(by=65, exact=False), id="by a clock that is behind"),
        pytest.param(None, 0, None, id="finished_at with the submit"),
        pytest.param(None, -3600, None, id="our clock was set back"),
    ],
)
def test_the_observed_end_is_the_platforms_end_time_if_it_is_plausible(
    finished_at: float | None, seen: float, end: RunEnd | None
) -> None:
    finished_at = None if finished_at is None else NOON + timedelta(seconds=finished_at)
    assert observed_end(NOON, finished_at, NOON + timedelta(seconds=seen)) == end
    assert observed_end(None, finished_at, NOON) is None
