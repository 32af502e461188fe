"""The trace of a run contains its request, its attempts and its calls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.application.runs.store import RunStore
from polysync_core.domain.runs.attempts import Attempt, Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import (
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
from tests.fakes.telemetry import ExportedSpan, Listener

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = f"{CALLER[:-2]}00"
SUCCEEDED = Outcome(status=RunStatus.SUCCEEDED, reason="It has succeeded.")
FAILED = Outcome(status=RunStatus.FAILED, reason="It has failed.", cause=FailureCause.ARTEFACT)


@dataclass
class TracedRun:
    """A run that keeps only its row between two steps."""

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
        """Call the platform in the context that an activity uses."""
        with (
            tracing.on_behalf_of(run, attempt, step=step),
            outgoing("GET", "https://adb-1.example.net/api?key=hidden", {}) as sent,
        ):
            sent.status = 200

    def complete(self, **facts: Any) -> TaskRun:
        run = self.begin(self.accept(**facts))
        self.clock.advance(minutes=2)
        return self.end(run, SUCCEEDED)


@pytest.fixture
def traced() -> TracedRun:
    return TracedRun(FakeRunTable(), FakeClock())


def ids(exported: list[ExportedSpan]) -> set[str]:
    return {each.trace for each in exported}


def test_a_request_its_run_the_attempt_and_the_calls_are_one_trace(
    exported: Listener, traced: TracedRun
) -> None:
    with tracing.continued(CALLER):
        accepted = traced.accept()
    run = traced.begin(accepted)
    traced.call(run, "submit")
    run = traced.submitted(run, "77")
    traced.call(run, "poll")
    traced.clock.advance(minutes=2)
    traced.end(run, SUCCEEDED)
    accept, submit, poll, attempt, complete = exported.spans()
    assert ids(exported.spans()) == {CALLER[3:35]} == {accepted.trace_id}
    assert accept.parent == CALLER[36:52]
    assert complete.parent == accept.id
    assert attempt.parent == complete.id
    assert {submit.parent, poll.parent} == {attempt.id}
    assert (complete.name, complete.seconds, attempt.seconds) == ("run", 120, 120)


def test_spans_carry_the_ids_of_run_and_platform(exported: Listener, traced: TracedRun) -> None:
    run = traced.submitted(traced.begin(traced.accept()), "77")
    traced.call(run, "poll")
    traced.end(run, SUCCEEDED)
    call, attempt = exported.span("GET adb-1.example.net"), exported.span("attempt")
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
        names.STEP: "poll",
        names.METHOD: "GET",
        names.SCHEME: "https",
        names.HOST: "adb-1.example.net",
        names.PORT: 443,
        names.STATUS_CODE: 200,
    }
    ended = {names.STATUS: "Succeeded", names.SECONDS: 0.0}
    assert attempt.attributes == {**of_the_attempt, **ended}
    assert exported.span("run").attributes == {**of_the_run, **ended}


def test_each_attempt_has_its_own_span(exported: Listener, traced: TracedRun) -> None:
    run = traced.begin(traced.accept())
    assert run.attempt is not None
    failed = replace(run.attempt, status=RunStatus.FAILED, finished_at=traced.clock())
    run = traced.save(replace(with_attempt(run, failed), status=RunStatus.QUEUED))
    traced.end(traced.begin(run), FAILED)
    first, second = exported.spans("attempt")
    assert (first.attributes[names.ATTEMPT], second.attributes[names.ATTEMPT]) == (1, 2)
    assert first.id != second.id
    assert first.parent == second.parent == exported.span("run").id
    assert second.attributes[names.CAUSE] == "Artefact"
    assert not second.is_ok
    assert not exported.span("run").is_ok


@pytest.mark.parametrize("trigger", [TriggerType.SCHEDULE, TriggerType.BACKFILL])
def test_each_run_of_a_schedule_or_backfill_begins_its_own_trace(
    exported: Listener, traced: TracedRun, trigger: TriggerType
) -> None:
    with tracing.continued(CALLER):
        first = traced.accept(run_id=run_id("a"), trigger_type=trigger, schedule="daily")
        second = traced.accept(run_id=run_id("b"), trigger_type=trigger, schedule="daily")
    assert len({first.trace_id, second.trace_id, CALLER[3:35]}) == 3
    assert [each.parent for each in exported.spans("accept")] == [None, None]
    assert exported.spans()[0].attributes[names.SCHEDULE] == "daily"


def test_a_child_run_is_in_the_trace_of_its_parent(exported: Listener, traced: TracedRun) -> None:
    parent = traced.complete(run_id=run_id("a"), trigger_type=TriggerType.SCHEDULE)
    with tracing.on_behalf_of(parent):
        child = traced.accept(run_id=run_id("b"), trigger_type=TriggerType.DEPENDENCY)
    assert child.trace_id == parent.trace_id
    assert exported.spans("accept")[-1].parent == exported.span("run").id


def test_a_caller_that_is_not_sampled_gets_no_spans(exported: Listener, traced: TracedRun) -> None:
    with tracing.continued(UNSAMPLED):
        run = traced.complete()
    traced.call(run, "poll")
    assert run.traceparent.endswith("-00")
    assert exported.spans() == []


@pytest.mark.parametrize("parent", ["", "00-00-00-01", "garbage", f"ff{CALLER[2:]}", "é" * 55])
def test_an_invalid_trace_context_begins_a_new_trace(
    exported: Listener, traced: TracedRun, parent: str
) -> None:
    with tracing.continued(parent):
        run = traced.complete()
    assert run.trace_id not in {None, CALLER[3:35]}
    assert exported.span("accept").parent is None


def test_a_run_without_a_trace_context_is_exported_too(
    exported: Listener, traced: TracedRun
) -> None:
    traced.rows.insert(a_run())
    run = traced.end(traced.begin(a_run()), SUCCEEDED)
    traced.call(run, "poll")
    assert run.traceparent is None
    assert {each.name for each in exported.spans()} == {"attempt", "run", "GET adb-1.example.net"}


def test_without_an_exporter_the_row_keeps_the_trace_context_of_the_caller(
    traced: TracedRun,
) -> None:
    assert traced.accept().traceparent is None
    with tracing.continued(CALLER):
        assert traced.accept(run_id=run_id("b")).traceparent == CALLER


def test_the_current_trace_context_is_restored(exported: Listener, traced: TracedRun) -> None:
    run = traced.accept()
    with pytest.raises(ZeroDivisionError), tracing.on_behalf_of(run, 1, step="poll"):
        assert tracing.traceparent().startswith(f"00-{run.trace_id}")
        raise ZeroDivisionError
    assert (tracing.traceparent(), dict(tracing.subject())) == ("", {})


def test_a_failed_write_exports_no_span(exported: Listener, traced: TracedRun) -> None:
    run = traced.begin(traced.accept())
    traced.rows.crash_at = traced.rows.writes + 1
    with pytest.raises(Crash):
        traced.end(run, SUCCEEDED)
    assert exported.spans("run") == exported.spans("attempt") == []


def test_a_second_insert_of_a_run_is_not_counted(exported: Listener, traced: TracedRun) -> None:
    traced.accept()
    assert traced.store.create(a_run()) is None
    assert [point.value for point in exported.metrics()[names.RUNS_ACCEPTED.name]] == [1]


def test_the_span_of_a_run_of_days_is_cut_to_an_accepted_length(
    exported: Listener, traced: TracedRun
) -> None:
    run = traced.begin(traced.accept())
    traced.clock.advance(days=9)
    traced.end(run, SUCCEEDED)
    assert exported.span("run").seconds == tracing.LONGEST_SPAN.total_seconds()
    assert exported.span("run").attributes[names.SECONDS] == timedelta(days=9).total_seconds()


def test_an_attempt_does_not_end_before_its_start_if_the_platforms_clock_is_behind(
    exported: Listener, traced: TracedRun
) -> None:
    run = traced.begin(traced.accept())
    traced.end(run, replace(SUCCEEDED, finished_at=NOON - timedelta(hours=1)))
    assert exported.span("attempt").seconds == 0


def test_an_attempt_that_never_began_has_no_span(exported: Listener, traced: TracedRun) -> None:
    run = traced.accept()
    traced.end(replace(run, attempts=(Attempt(number=1),)), FAILED)
    assert [each.name for each in exported.spans()] == ["accept", "run"]


def test_spans_have_only_documented_attributes(exported: Listener, traced: TracedRun) -> None:
    facts = {"schedule": "daily", "scheduled_time": NOON, "backfill_id": "b1"}
    run = traced.begin(traced.accept(**facts))
    traced.call(run, "submit")
    traced.end(traced.submitted(run, "77"), FAILED)
    known = {span.name: set(span.attributes) for span in names.SPANS}
    for span in exported.spans():
        name = names.CALL.name if span.name.startswith("GET") else span.name
        assert set(span.attributes) <= known[name]
