"""Metrics are recorded at the event and have only documented attributes."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from opentelemetry.metrics import Histogram

from polysync_core.application.operations.poison_messages import PoisonMessages
from polysync_core.application.runs.reconciling import record_dispatcher
from polysync_core.application.runs.store import RunStore
from polysync_core.domain.dispatch.decisions import enqueue
from polysync_core.domain.dispatch.state import DispatcherState, WaitingRun
from polysync_core.domain.poison import PoisonMessage, ReceivedPoisonMessage
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus, TaskRun, back_off, begin_attempt, finish
from polysync_core.telemetry import names
from polysync_core.telemetry.instruments import (
    FRESH_SECONDS,
    ExpiringGauge,
    instruments,
    measuring_step,
)
from polysync_core.telemetry.names import METRICS, Metric, MetricKind
from tests.fakes.builders import NOON, a_run, run_id
from tests.fakes.runs import FakeRunTable, run_store
from tests.fakes.telemetry import Listener, Point

FAILED = Outcome(status=RunStatus.FAILED, reason="It has failed.", cause=FailureCause.ARTEFACT)
KINDS = {MetricKind.COUNTER: "Sum", MetricKind.GAUGE: "Gauge", MetricKind.HISTOGRAM: "Histogram"}
OF_THE_JOB = {names.PLATFORM: "lakehouse", names.JOB_TYPE: "DatabricksNotebook"}


def one(exported: Listener, metric: Metric) -> Point:
    """Return the only point of a metric, after a check of its attributes."""
    (point,) = exported.metrics()[metric.name]
    assert set(point.attributes) <= set(metric.attributes)
    return point


def stored(run: TaskRun) -> RunStore:
    table = FakeRunTable()
    table.insert(run)
    return run_store(table)


def save(store: RunStore, run: TaskRun) -> TaskRun:
    return store.update(store.read(run.run_id), lambda _: run).run


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_accepted_runs_are_counted_by_their_trigger(exported: Listener) -> None:
    run_store(FakeRunTable()).create(a_run())
    point = one(exported, names.RUNS_ACCEPTED)
    assert (point.value, point.attributes) == (1, {names.TRIGGER: "Manual"})


def test_the_wait_ends_when_the_attempt_begins(exported: Listener) -> None:
    save(stored(a_run()), begin_attempt(a_run(), at=after(3), actor="test"))
    point = one(exported, names.RUN_WAIT)
    assert (point.value, point.attributes) == (180, {names.PLATFORM: "lakehouse"})


def test_the_back_off_is_not_part_of_the_wait(exported: Listener) -> None:
    runs = stored(a_run())
    run = save(runs, begin_attempt(a_run(), at=after(0), actor="test"))
    run = save(runs, back_off(run, FAILED, until=after(10), at=after(1), actor="test"))
    exported.metrics()
    save(runs, begin_attempt(run, at=after(11), actor="test"))
    assert one(exported, names.RUN_WAIT).value == 60


def test_a_failed_attempt_is_counted_once_by_its_cause(exported: Listener) -> None:
    runs = stored(a_run())
    run = save(runs, begin_attempt(a_run(), at=after(0), actor="test"))
    run = save(runs, back_off(run, FAILED, until=after(10), at=after(1), actor="test"))
    save(runs, replace(run, reason="A note."))
    point = one(exported, names.ATTEMPT_FAILURES)
    assert (point.value, point.attributes) == (1, {**OF_THE_JOB, names.CAUSE: "Artefact"})


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Cancelled", "Skipped"])
def test_the_end_of_a_run_is_counted_with_its_duration(exported: Listener, status: str) -> None:
    runs, outcome = stored(a_run()), Outcome(status=RunStatus(status), reason="Over.")
    run = begin_attempt(a_run(), at=after(1), actor="test") if status != "Skipped" else a_run()
    ended = save(runs, finish(run, outcome, at=after(5), actor="test"))
    save(runs, replace(ended, reason="A note."))
    point = one(exported, names.RUN_DURATION)
    assert (point.value, point.count) == (300, 1)
    assert point.attributes == {**OF_THE_JOB, names.STATUS: status}


def test_a_run_that_ends_at_its_creation_is_counted(exported: Listener) -> None:
    skipped = Outcome(status=RunStatus.SKIPPED, reason="It cannot run.")
    run_store(FakeRunTable()).create(finish(a_run(), skipped, at=NOON, actor="test"))
    assert one(exported, names.RUN_DURATION).attributes[names.STATUS] == "Skipped"


def test_a_dispatcher_reports_its_state(exported: Listener) -> None:
    state = DispatcherState()
    waiting = WaitingRun(
        run_id=run_id(),
        attempt=1,
        task="t",
        priority=1,
        queued_at=NOON,
        platform="lakehouse",
        not_before=None,
    )
    enqueue(state, waiting, policies=None, now=NOON)
    record_dispatcher("main", state, after(2))
    seen = exported.metrics()
    assert {name: points[0].value for name, points in seen.items()} == {
        names.RUNS_QUEUED.name: 1,
        names.RUNS_RUNNING.name: 0,
        names.OLDEST_WAIT.name: 120,
        names.STATE_SIZE.name: seen[names.STATE_SIZE.name][0].value,
    }
    assert 50 < seen[names.STATE_SIZE.name][0].value < 1000
    assert {str(each.attributes) for points in seen.values() for each in points} == {
        str({names.SHARD: "main"})
    }


def test_the_gauges_of_a_dispatcher_expire_after_another_instance_measures_it(
    exported: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_dispatcher("main", DispatcherState(), NOON)
    assert exported.metrics()
    assert exported.metrics()
    late = time.monotonic() + FRESH_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: late)
    assert exported.metrics() == {}


def test_abandoned_messages_are_counted_by_their_queue(exported: Listener) -> None:
    class Store:
        def put(self, message: PoisonMessage) -> None:
            """Discard the message."""

    messages = PoisonMessages(store=Store(), clock=lambda: NOON)  # pyright: ignore[reportArgumentType]
    messages.record(
        "run-requests", ReceivedPoisonMessage(message_id="1", payload="{}", reason="No."), at=NOON
    )
    assert one(exported, names.POISON_MESSAGES).attributes == {names.QUEUE: "run-requests"}


def test_the_tick_reports_the_outcome_of_each_step(exported: Listener) -> None:
    with measuring_step("reconcile"):
        pass
    with pytest.raises(ZeroDivisionError), measuring_step("schedules"):
        raise ZeroDivisionError
    points = exported.metrics()[names.TICK_DURATION.name]
    assert [tuple(each.attributes.values()) for each in points] == [
        ("reconcile", "done"),
        ("schedules", "failed"),
    ]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_has_an_instrument_of_its_kind(exported: Listener, metric: Metric) -> None:
    for each in vars(instruments()).values():
        match each:
            case ExpiringGauge():
                each.set(1, {})
            case Histogram():
                each.record(1)
            case _:
                each.add(1)
    assert exported.kinds()[metric.name] == (KINDS[metric.kind], metric.unit, metric.meaning)


def test_every_instrument_belongs_to_a_registered_metric() -> None:
    assert len(vars(instruments())) == len(METRICS) == len({each.name for each in METRICS})


def test_no_metric_has_an_attribute_of_unbounded_cardinality() -> None:
    """Each run id or name would create its own time series."""
    unbounded = {
        *(names.RUN_ID, names.GRAPH_RUN_ID, names.EXTERNAL_RUN_ID, names.SCHEDULED_TIME),
        *(names.TASK, names.JOB, names.SCHEDULE, names.BACKFILL, names.ATTEMPT),
    }
    assert [each.name for each in METRICS if unbounded & set(each.attributes)] == []


def test_every_attribute_is_documented_and_used() -> None:
    constants = {
        value
        for name, value in vars(names).items()
        if name.isupper() and isinstance(value, str) and "." in value
    }
    used = {name for each in (*names.METRICS, *names.SPANS) for name in each.attributes}
    assert set(names.ATTRIBUTES) == constants == used
