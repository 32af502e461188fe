"""The metrics of the app; until somebody listens, they are told to nobody and cost nothing.

They are the app's own, not those of OpenTelemetry's global providers: through those, libraries
would tell of addresses with their queries.
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
"""A little longer than the minute after which a gauge is measured anew, by any instance."""
_SECONDS = (0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
"""Bounds of histograms, for those who draw them: from one call to a run of a day."""


def _told(metric: Metric) -> dict[str, str]:
    return {"name": metric.name, "unit": metric.unit, "description": metric.meaning}


class ExpiringGauge:
    """A gauge that is told while it is fresh, and not for ever by whoever measured it once."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[float, Observation]] = {}

    def set(self, value: float, attributes: Mapping[str, str]) -> None:
        """Take the newest value."""
        known = time.monotonic(), Observation(value, attributes)
        self._values[str(sorted(attributes.items()))] = known

    def __call__(self, options: CallbackOptions) -> Iterable[Observation]:
        """Yield what was measured lately."""
        oldest = time.monotonic() - FRESH_SECONDS
        return [told for at, told in list(self._values.values()) if at >= oldest]


class Instruments:
    """One instrument for each metric in `names`."""

    def __init__(self, meter: Meter) -> None:
        def histogram(metric: Metric) -> Histogram:
            return meter.create_histogram(
                **_told(metric), explicit_bucket_boundaries_advisory=_SECONDS
            )

        def gauge(metric: Metric) -> ExpiringGauge:
            latest = ExpiringGauge()
            meter.create_observable_gauge(**_told(metric), callbacks=[latest])
            return latest

        self.runs_queued = gauge(names.RUNS_QUEUED)
        self.runs_running = gauge(names.RUNS_RUNNING)
        self.oldest_wait = gauge(names.OLDEST_WAIT)
        self.state_size = gauge(names.STATE_SIZE)
        self.runs_accepted = meter.create_counter(**_told(names.RUNS_ACCEPTED))
        self.run_wait = histogram(names.RUN_WAIT)
        self.run_duration = histogram(names.RUN_DURATION)
        self.attempt_failures = meter.create_counter(**_told(names.ATTEMPT_FAILURES))
        self.schedule_lateness = histogram(names.SCHEDULE_LATENESS)
        self.schedule_missed = meter.create_counter(**_told(names.SCHEDULE_MISSED))
        self.tick_duration = histogram(names.TICK_DURATION)
        self.repairs = meter.create_counter(**_told(names.REPAIRS))
        self.poison_messages = meter.create_counter(**_told(names.POISON_MESSAGES))
        self.call_duration = histogram(names.CALL_DURATION)


_current = Instruments(NoOpMeter(SCOPE))


def instruments() -> Instruments:
    """Return the instruments of this process."""
    return _current


def measure_with(meter: Meter) -> None:
    """Tell all metrics to this meter from now on."""
    global _current
    _current = Instruments(meter)


@contextmanager
def ticking(step: str) -> Generator[None]:
    """Measure a step of the minute's work, whether it comes to its end or not."""
    begun, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "done"
    finally:
        told = {names.STEP: step, names.OUTCOME: outcome}
        instruments().tick_duration.record(time.perf_counter() - begun, told)
