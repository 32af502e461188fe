"""Creates the metric instruments of the app, and measures the steps of the minute timer.

The app uses its own meter instead of OpenTelemetry's global one. Through the global one, libraries
would export URLs with their query strings.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager

from opentelemetry.metrics import CallbackOptions, Histogram, Meter, NoOpMeter, Observation

from polysync_core.telemetry import names
from polysync_core.telemetry.names import Metric

SCOPE = "polysync"
"""The instrumentation scope of traces and metrics."""

FRESH_SECONDS = 100
"""Slightly longer than the minute between two measurements of a gauge, by any instance."""
_SECONDS = (0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
"""Bucket boundaries of histograms: from one call to a run of a day."""


def _definition(metric: Metric) -> dict[str, str]:
    return {"name": metric.name, "unit": metric.unit, "description": metric.meaning}


class ExpiringGauge:
    """A gauge that stops reporting when its value is older than `FRESH_SECONDS`."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[float, Observation]] = {}

    def set(self, value: float, attributes: Mapping[str, str]) -> None:
        """Set the current value."""
        known = time.monotonic(), Observation(value, attributes)
        self._values[str(sorted(attributes.items()))] = known

    def __call__(self, options: CallbackOptions) -> Iterable[Observation]:
        """Return the values that are still fresh."""
        oldest = time.monotonic() - FRESH_SECONDS
        return [observation for at, observation in list(self._values.values()) if at >= oldest]


class Instruments:
    """One instrument for each metric in `names`."""

    def __init__(self, meter: Meter) -> None:
        def histogram(metric: Metric) -> Histogram:
            return meter.create_histogram(
                **_definition(metric), explicit_bucket_boundaries_advisory=_SECONDS
            )

        def gauge(metric: Metric) -> ExpiringGauge:
            expiring = ExpiringGauge()
            meter.create_observable_gauge(**_definition(metric), callbacks=[expiring])
            return expiring

        self.runs_queued = gauge(names.RUNS_QUEUED)
        self.runs_running = gauge(names.RUNS_RUNNING)
        self.oldest_wait = gauge(names.OLDEST_WAIT)
        self.state_size = gauge(names.STATE_SIZE)
        self.runs_accepted = meter.create_counter(**_definition(names.RUNS_ACCEPTED))
        self.run_wait = histogram(names.RUN_WAIT)
        self.run_duration = histogram(names.RUN_DURATION)
        self.attempt_failures = meter.create_counter(**_definition(names.ATTEMPT_FAILURES))
        self.schedule_lateness = histogram(names.SCHEDULE_LATENESS)
        self.start_lag = histogram(names.START_LAG)
        self.schedule_missed = meter.create_counter(**_definition(names.SCHEDULE_MISSED))
        self.deadlines = meter.create_counter(**_definition(names.DEADLINES))
        self.tick_duration = histogram(names.TICK_DURATION)
        self.repairs = meter.create_counter(**_definition(names.REPAIRS))
        self.poison_messages = meter.create_counter(**_definition(names.POISON_MESSAGES))
        self.lineage_dropped = meter.create_counter(**_definition(names.LINEAGE_DROPPED))
        self.call_duration = histogram(names.CALL_DURATION)


_current = Instruments(NoOpMeter(SCOPE))


def instruments() -> Instruments:
    """Return the instruments of this process."""
    return _current


def measure_with(meter: Meter) -> None:
    """Use this meter for all metrics from now on."""
    global _current
    _current = Instruments(meter)


@contextmanager
def measuring_step(step: str) -> Generator[None]:
    """Measure the duration and the outcome of a step of the minute timer."""
    started, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "done"
    finally:
        attributes = {names.STEP: step, names.OUTCOME: outcome}
        instruments().tick_duration.record(time.perf_counter() - started, attributes)
