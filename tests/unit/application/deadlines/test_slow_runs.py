"""Tests of attempts that take longer than normal."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.deadlines.kinds import DeadlineChange, DeadlineKind
from polysync_core.domain.deadlines.marks import longest_normal
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.events import events_of
from polysync_core.domain.runs.polls.learning import RunEnd
from polysync_core.domain.runs.run import RunStatus
from polysync_core.platforms.connector import ProviderStatus, Report
from tests.fakes.builders import a_run
from tests.fakes.platform import FAILED, RUNNING, SUCCESS
from tests.unit.application.runs.attempt_bench import RETRY, Bench


def bench_with(limit: int | str | None, **facts: Any) -> Bench:
    """Return a bench whose attempt was just submitted."""
    bench = Bench(a_run(duration_within=limit, **facts))
    bench.submit()
    bench.platform.reports = [RUNNING]
    return bench


def changes(bench: Bench) -> list[dict[str, Any]]:
    """Return the events about the duration, as they are sent."""
    events = [each.as_json() for each in events_of(bench.run, after=0)]
    return [json.loads(json.dumps(each)) for each in events if "deadline" in each]


def past(*seconds: float) -> AttemptMemo:
    """Return the memo of an attempt whose Task had runs of these durations."""
    normal = longest_normal("p95x2", seconds)
    return AttemptMemo(past=tuple(RunEnd(by=each) for each in seconds), normal=normal)


class TestSeconds:
    def test_the_next_poll_is_at_the_deadline_at_the_latest(self) -> None:
        bench = bench_with(100)
        bench.clock.advance(seconds=95)
        assert bench.poll(AttemptMemo(polls=60)).after_seconds == 5
        assert changes(bench) == []

    def test_a_run_is_slow_at_the_deadline_and_not_at_its_end(self) -> None:
        bench = bench_with(100)
        submitted = bench.clock.now
        bench.clock.advance(seconds=100)
        memo = bench.poll().memo
        (event,) = changes(bench)
        assert (event["deadline"], event["kind"], event["cause"]) == ("Missed", "Slow", "Running")
        assert event["runId"] == bench.run_id
        (mark,) = bench.run.missed_deadlines
        assert (mark.kind, mark.at) == (DeadlineKind.SLOW, submitted + timedelta(seconds=100))
        bench.clock.advance(seconds=500)
        bench.poll(memo)
        assert len(changes(bench)) == 1

    def test_a_success_is_a_recovery(self) -> None:
        bench = bench_with(100)
        bench.clock.advance(seconds=100)
        memo = bench.poll().memo
        bench.platform.reports = [SUCCESS]
        bench.poll(memo)
        assert [each["deadline"] for each in changes(bench)] == ["Missed", "Recovered"]
        assert bench.run.history[-1].to_status is RunStatus.SUCCEEDED

    def test_a_failure_is_no_recovery(self) -> None:
        bench = bench_with(100)
        bench.clock.advance(seconds=100)
        memo = bench.poll().memo
        bench.platform.reports = [FAILED]
        bench.poll(memo)
        assert [each["deadline"] for each in changes(bench)] == ["Missed"]

    def test_a_normal_run_has_no_mark_and_no_further_write(self) -> None:
        writes = list[int]()
        for limit in (None, 100):
            bench = bench_with(limit)
            bench.clock.advance(seconds=50)
            bench.poll()
            bench.platform.reports = [SUCCESS]
            bench.poll()
            assert bench.run.missed_deadlines == ()
            writes.append(bench.runs.writes)
        assert writes[0] == writes[1]

    def test_an_end_that_is_found_late_counts_by_the_time_of_the_platform(self) -> None:
        bench = bench_with(100)
        ended = bench.clock.now + timedelta(seconds=90)
        bench.clock.advance(seconds=400)
        bench.platform.reports = [Report(status=ProviderStatus.SUCCESS, finished_at=ended)]
        bench.poll()
        assert bench.run.missed_deadlines == ()

    def test_a_slow_end_that_no_poll_saw_before_is_marked(self) -> None:
        bench = bench_with(100)
        bench.clock.advance(seconds=400)
        bench.platform.reports = [SUCCESS]
        bench.poll()
        assert [each["deadline"] for each in changes(bench)] == ["Missed", "Recovered"]

    def test_a_run_is_slow_even_if_its_platform_does_not_answer(self) -> None:
        bench = bench_with(100)
        bench.clock.advance(seconds=100)
        bench.platform.reports = [Unavailable()]
        bench.poll()
        assert len(changes(bench)) == 1

    def test_each_attempt_counts_alone_and_the_run_is_marked_once(self) -> None:
        bench = bench_with(100, retry=RETRY)
        bench.clock.advance(seconds=60)
        bench.platform.reports = [FAILED]
        bench.poll()
        bench.clock.advance(seconds=60)
        bench.submit(attempt=2)
        bench.platform.reports = [RUNNING]
        bench.poll(attempt=2)
        assert changes(bench) == []
        bench.clock.advance(seconds=100)
        bench.poll(attempt=2)
        bench.clock.advance(seconds=100)
        bench.poll(attempt=2)
        assert len(changes(bench)) == 1


class TestRelative:
    def test_the_limit_is_a_multiple_of_the_percentile(self) -> None:
        bench = bench_with("p95x2")
        memo = past(*range(10, 20))
        bench.clock.advance(seconds=37)
        assert bench.poll(memo).after_seconds <= 1
        assert changes(bench) == []
        bench.clock.advance(seconds=1)
        bench.poll(memo)
        (event,) = changes(bench)
        assert "38 seconds" in event["reason"]
        assert "p95x2" in event["reason"]

    def test_too_few_past_runs_judge_nothing(self) -> None:
        bench = bench_with("p95x2")
        bench.clock.advance(hours=5)
        bench.poll(past(1, 1, 1, 1))
        assert changes(bench) == []

    def test_the_history_of_the_task_is_read_once(self) -> None:
        bench = bench_with("p50x1", task="load-daily")
        ends = [RunEnd(by=each) for each in (10.0, 10.0, 11.0, 30.0, 50.0)]
        durations = bench.app.services.durations
        for end in ends:
            durations.add(bench.run, end)
        memo = bench.poll().memo
        assert memo.normal == 11

    @pytest.mark.parametrize(
        ("limit", "expected"),
        [(None, None), (60, 60), ("p95x2", 40), ("p50x1.5", 15), ("p90x1", 18), ("nonsense", None)],
    )
    def test_the_percentile_is_one_of_the_past_durations(
        self, limit: int | str | None, expected: float | None
    ) -> None:
        assert longest_normal(limit, [2 * each for each in range(10, 0, -1)]) == expected


def test_a_note_about_the_duration_is_an_event_with_a_number_of_the_history() -> None:
    bench = bench_with(100)
    bench.clock.advance(seconds=100)
    bench.poll()
    (event,) = changes(bench)
    entry = bench.run.history[int(event["eventId"].rpartition("/")[2]) - 1]
    assert entry.deadline is DeadlineChange.MISSED
