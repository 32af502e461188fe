"""The metrics of the app; without anything to send them to, they cost next to nothing."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry import metrics

from polysync_core.telemetry import names
from polysync_core.telemetry.names import Metric

SCOPE = "polysync"
"""The instrumentation scope of traces and metrics."""

_SECONDS = (0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
"""Bounds of histograms, for those who draw them: from one call to a run of a day."""

_meter = metrics.get_meter(SCOPE)


def _told(metric: Metric) -> dict[str, str]:
    return {"name": metric.name, "unit": metric.unit, "description": metric.meaning}


def _histogram(metric: Metric) -> metrics.Histogram:
    return _meter.create_histogram(**_told(metric), explicit_bucket_boundaries_advisory=_SECONDS)


runs_queued = _meter.create_gauge(**_told(names.RUNS_QUEUED))
runs_running = _meter.create_gauge(**_told(names.RUNS_RUNNING))
oldest_wait = _meter.create_gauge(**_told(names.OLDEST_WAIT))
state_size = _meter.create_gauge(**_told(names.STATE_SIZE))
runs_accepted = _meter.create_counter(**_told(names.RUNS_ACCEPTED))
run_wait = _histogram(names.RUN_WAIT)
run_duration = _histogram(names.RUN_DURATION)
attempt_failures = _meter.create_counter(**_told(names.ATTEMPT_FAILURES))
schedule_lateness = _histogram(names.SCHEDULE_LATENESS)
schedule_missed = _meter.create_counter(**_told(names.SCHEDULE_MISSED))
tick_duration = _histogram(names.TICK_DURATION)
repairs = _meter.create_counter(**_told(names.REPAIRS))
poison_messages = _meter.create_counter(**_told(names.POISON_MESSAGES))
call_duration = _histogram(names.CALL_DURATION)


@contextmanager
def ticking(step: str) -> Generator[None]:
    """Measure a step of the minute's work, whether it comes to its end or not."""
    begun, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "done"
    finally:
        told = {names.STEP: step, names.OUTCOME: outcome}
        tick_duration.record(time.perf_counter() - begun, told)
