"""The trace of a run: from the request that made it to the calls made for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.application.runs.store import RunStore
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.runs.run import (
    Attempt,
    Outcome,
    RunStatus,
    TaskRun,
    TriggerType,
    begin_attempt,
    finish,
    with_attempt,
)
from polysync_core.telemetry import names, tracing
from polysync_core.telemetry.calls import outgoing
from tests.fakes.builders import NOON, FakeClock, a_run, run_id
from tests.fakes.runs import Crash, FakeRunTable, run_store
from tests.fakes.telemetry import Listener, Told

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = f"{CALLER[:-2]}00"
SUCCEEDED = Outcome(status=RunStatus.SUCCEEDED, reason="It has succeeded.")
FAILED = Outcome(status=RunStatus.FAILED, reason="It has failed.", cause=FailureCause.ARTEFACT)


@dataclass
class Life:
    """A run on its way, with nothing kept between two steps but its row."""

    rows: FakeRunTable
    clock: FakeClock

    @property
    def store(self) -> RunStore:
        return run_store(self.rows)

    def accept(self, **facts: Any) -> TaskRun:
        stored = self.store.create(a_run(**facts))
        assert stored is not None
        return stored.run

    def save(self, run: TaskRun) -> TaskRun:
        return self.store.update(self.store.read(run.run_id), lambda _: run).run

    def begin(self, run: TaskRun) -> TaskRun:
        return self.save(begin_attempt(run, at=self.clock(), actor="test"))

    def submitted(self, run: TaskRun, external_id: str) -> TaskRun:
        assert run.attempt is not None
        return self.save(with_attempt(run, replace(run.attempt, external_run_id=external_id)))

    def end(self, run: TaskRun, outcome: Outcome) -> TaskRun:
        return self.save(finish(run, outcome, at=self.clock(), actor="test"))

    def call(self, run: TaskRun, step: str, *, attempt: int = 1) -> None:
        """Call the platform as an activity does, in whatever process it runs."""
        with (
            tracing.on_behalf_of(run, attempt, step=step),
            outgoing("GET", "https://adb-1.example.net/api?key=hidden", {}) as sent,
        ):
            sent.status = 200

    def whole(self, **facts: Any) -> TaskRun:
        run = self.begin(self.accept(**facts))
        self.clock.advance(minutes=2)
        return self.end(run, SUCCEEDED)


@pytest.fixture
def life() -> Life:
    return Life(FakeRunTable(), FakeClock())


def ids(told: list[Told]) -> set[str]:
    return {each.trace for each in told}


def test_a_request_its_run_the_attempt_and_the_calls_are_one_trace(
    told: Listener, life: Life
) -> None:
    with tracing.continued(CALLER):
        accepted = life.accept()
    run = life.begin(accepted)
    life.call(run, "submit")
    run = life.submitted(run, "77")
    life.call(run, "look")
    life.clock.advance(minutes=2)
    life.end(run, SUCCEEDED)
    accept, submit, look, attempt, whole = told.spans()
    assert ids(told.spans()) == {CALLER[3:35]} == {accepted.trace_id}
    assert accept.parent == CALLER[36:52]
    assert whole.parent == accept.id
    assert attempt.parent == whole.id
    assert {submit.parent, look.parent} == {attempt.id}
    assert (whole.name, whole.seconds, attempt.seconds) == ("run", 120, 120)


def test_spans_carry_the_ids_of_run_and_platform(told: Listener, life: Life) -> None:
    run = life.submitted(life.begin(life.accept()), "77")
    life.call(run, "look")
    life.end(run, SUCCEEDED)
    call, attempt = told.span("GET adb-1.example.net"), told.span("attempt")
    of_the_run = {
        names.RUN_ID: run.run_id,
        names.GRAPH_RUN_ID: run.run_id,
        names.TASK: "sales-load-daily",
        names.JOB: "sales-load",
        names.JOB_TYPE: "DatabricksNotebook",
        names.PLATFORM: "lakehouse",
        names.TRIGGER: "Manual",
    }
    of_the_attempt = {**of_the_run, names.ATTEMPT: 1, names.EXTERNAL_RUN_ID: "77"}
    assert call.attributes == {
        **of_the_attempt,
        names.STEP: "look",
        names.METHOD: "GET",
        names.SCHEME: "https",
        names.HOST: "adb-1.example.net",
        names.PORT: 443,
        names.STATUS_CODE: 200,
    }
    ended = {names.STATUS: "Succeeded", names.SECONDS: 0.0}
    assert attempt.attributes == {**of_the_attempt, **ended}
    assert told.span("run").attributes == {**of_the_run, **ended}


def test_each_attempt_has_a_span_of_its_own(told: Listener, life: Life) -> None:
    run = life.begin(life.accept())
    assert run.attempt is not None
    failed = replace(run.attempt, status=RunStatus.FAILED, finished_at=life.clock())
    run = life.save(replace(with_attempt(run, failed), status=RunStatus.QUEUED))
    life.end(life.begin(run), FAILED)
    first, second = told.spans("attempt")
    assert (first.attributes[names.ATTEMPT], second.attributes[names.ATTEMPT]) == (1, 2)
    assert first.id != second.id
    assert first.parent == second.parent == told.span("run").id
    assert second.attributes[names.CAUSE] == "Artefact"
    assert not second.is_ok
    assert not told.span("run").is_ok


@pytest.mark.parametrize("trigger", [TriggerType.SCHEDULE, TriggerType.BACKFILL])
def test_what_is_made_by_the_hundred_has_a_trace_each(
    told: Listener, life: Life, trigger: TriggerType
) -> None:
    with tracing.continued(CALLER):
        first = life.accept(run_id=run_id("a"), trigger_type=trigger, schedule="daily")
        second = life.accept(run_id=run_id("b"), trigger_type=trigger, schedule="daily")
    assert len({first.trace_id, second.trace_id, CALLER[3:35]}) == 3
    assert [each.parent for each in told.spans("accept")] == [None, None]
    assert told.spans()[0].attributes[names.SCHEDULE] == "daily"


def test_what_comes_of_a_run_is_in_its_trace(told: Listener, life: Life) -> None:
    parent = life.whole(run_id=run_id("a"), trigger_type=TriggerType.SCHEDULE)
    with tracing.on_behalf_of(parent):
        child = life.accept(run_id=run_id("b"), trigger_type=TriggerType.DEPENDENCY)
    assert child.trace_id == parent.trace_id
    assert told.spans("accept")[-1].parent == told.span("run").id


def test_a_caller_that_wants_no_trace_gets_none(told: Listener, life: Life) -> None:
    with tracing.continued(UNSAMPLED):
        run = life.whole()
    life.call(run, "look")
    assert run.traceparent.endswith("-00")
    assert told.spans() == []


@pytest.mark.parametrize("parent", ["", "00-00-00-01", "garbage", f"ff{CALLER[2:]}", "é" * 55])
def test_a_place_that_is_none_begins_a_trace(told: Listener, life: Life, parent: str) -> None:
    with tracing.continued(parent):
        run = life.whole()
    assert run.trace_id not in {None, CALLER[3:35]}
    assert told.span("accept").parent is None


def test_a_run_of_an_earlier_release_is_told_all_the_same(told: Listener, life: Life) -> None:
    life.rows.insert(a_run())
    run = life.end(life.begin(a_run()), SUCCEEDED)
    life.call(run, "look")
    assert run.traceparent is None
    assert {each.name for each in told.spans()} == {"attempt", "run", "GET adb-1.example.net"}


def test_without_a_listener_the_row_keeps_the_place_of_the_caller(life: Life) -> None:
    assert life.accept().traceparent is None
    with tracing.continued(CALLER):
        assert life.accept(run_id=run_id("b")).traceparent == CALLER


def test_nothing_of_the_surroundings_is_left_changed(told: Listener, life: Life) -> None:
    run = life.accept()
    with pytest.raises(ZeroDivisionError), tracing.on_behalf_of(run, 1, step="look"):
        assert tracing.traceparent().startswith(f"00-{run.trace_id}")
        raise ZeroDivisionError
    assert (tracing.traceparent(), dict(tracing.subject())) == ("", {})


def test_a_write_that_fails_tells_nothing(told: Listener, life: Life) -> None:
    run = life.begin(life.accept())
    life.rows.crash_at = life.rows.writes + 1
    with pytest.raises(Crash):
        life.end(run, SUCCEEDED)
    assert told.spans("run") == told.spans("attempt") == []


def test_a_second_insert_of_a_run_tells_of_no_second_run(told: Listener, life: Life) -> None:
    life.accept()
    assert life.store.create(a_run()) is None
    assert [point.value for point in told.metrics()[names.RUNS_ACCEPTED.name]] == [1]


def test_a_run_of_days_has_a_span_that_is_still_taken(told: Listener, life: Life) -> None:
    run = life.begin(life.accept())
    life.clock.advance(days=9)
    life.end(run, SUCCEEDED)
    assert told.span("run").seconds == tracing.LONGEST_SPAN.total_seconds()
    assert told.span("run").attributes[names.SECONDS] == timedelta(days=9).total_seconds()


def test_a_platform_whose_clock_is_behind_ends_no_attempt_before_it_began(
    told: Listener, life: Life
) -> None:
    run = life.begin(life.accept())
    life.end(run, replace(SUCCEEDED, finished_at=NOON - timedelta(hours=1)))
    assert told.span("attempt").seconds == 0


def test_an_attempt_that_never_began_has_no_span(told: Listener, life: Life) -> None:
    run = life.accept()
    life.end(replace(run, attempts=(Attempt(number=1),)), FAILED)
    assert [each.name for each in told.spans()] == ["accept", "run"]


def test_spans_have_no_attributes_but_those_that_are_documented(told: Listener, life: Life) -> None:
    facts = {"schedule": "daily", "scheduled_time": NOON, "backfill_id": "b1"}
    run = life.begin(life.accept(**facts))
    life.call(run, "submit")
    life.end(life.submitted(run, "77"), FAILED)
    known = {span.name: set(span.attributes) for span in names.SPANS}
    for span in told.spans():
        name = names.CALL.name if span.name.startswith("GET") else span.name
        assert set(span.attributes) <= known[name]
