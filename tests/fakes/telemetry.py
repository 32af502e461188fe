"""Records OpenTelemetry traces and metrics in memory for tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry.metrics import NoOpMeter
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    InMemoryMetricReader,
    Metric,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NoOpTracer, format_span_id, format_trace_id

from polysync_core.telemetry.export import PresetSpanIds
from polysync_core.telemetry.instruments import SCOPE, measure_with
from polysync_core.telemetry.tracing import trace_with


@dataclass(frozen=True)
class ExportedSpan:
    """An ended span."""

    name: str
    trace: str
    id: str
    parent: str | None
    attributes: Mapping[str, object]
    seconds: float
    is_ok: bool
    text: str = field(repr=False)
    """The whole span as JSON, for a search."""


@dataclass(frozen=True)
class Point:
    """A measured value; the value of a histogram is its sum."""

    attributes: Mapping[str, object]
    value: float
    count: int = 1


class Listener:
    """Records spans and metrics."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._tracing = TracerProvider(id_generator=PresetSpanIds(), shutdown_on_exit=False)
        self._tracing.add_span_processor(SimpleSpanProcessor(self._exporter))
        delta = AggregationTemporality.DELTA
        self._reader = InMemoryMetricReader({Counter: delta, Histogram: delta})
        self._metrics = MeterProvider([self._reader], shutdown_on_exit=False)

    def listen(self) -> None:
        trace_with(self._tracing.get_tracer(SCOPE))
        measure_with(self._metrics.get_meter(SCOPE))

    def close(self) -> None:
        trace_with(NoOpTracer())
        measure_with(NoOpMeter(SCOPE))
        self._tracing.shutdown()
        self._metrics.shutdown()

    def spans(self, name: str | None = None) -> list[ExportedSpan]:
        """Return the ended spans, in the order of their ends."""
        spans = map(_exported_span, self._exporter.get_finished_spans())
        return [each for each in spans if name in {None, each.name}]

    def span(self, name: str) -> ExportedSpan:
        """Return the only span of a name."""
        (found,) = self.spans(name)
        return found

    def kinds(self) -> dict[str, tuple[str, str, str]]:
        """Return kind, unit and description of the metrics since the last call."""
        return {
            metric.name: (type(metric.data).__name__, metric.unit or "", metric.description or "")
            for metric in self._measured()
        }

    def metrics(self) -> dict[str, list[Point]]:
        """Return the values of the metrics since the last call."""
        return {
            metric.name: [_point(each) for each in metric.data.data_points]
            for metric in self._measured()
        }

    def _measured(self) -> list[Metric]:
        data = self._reader.get_metrics_data()
        resources = data.resource_metrics if data is not None else ()
        scopes = [scope for resource in resources for scope in resource.scope_metrics]
        return [metric for scope in scopes for metric in scope.metrics if metric.data.data_points]


@contextmanager
def listening() -> Iterator[Listener]:
    """Yield a listener that records all telemetry until the end of the block."""
    listener = Listener()
    listener.listen()
    try:
        yield listener
    finally:
        listener.close()


def _exported_span(span: ReadableSpan) -> ExportedSpan:
    assert span.context is not None
    assert span.end_time is not None
    assert span.start_time is not None
    return ExportedSpan(
        name=span.name,
        trace=format_trace_id(span.context.trace_id),
        id=format_span_id(span.context.span_id),
        parent=None if span.parent is None else format_span_id(span.parent.span_id),
        attributes=dict(span.attributes or {}),
        seconds=(span.end_time - span.start_time) / 1e9,
        is_ok=span.status.is_ok,
        text=span.to_json(),
    )


def _point(point: object) -> Point:
    total = getattr(point, "sum", None)
    return Point(
        attributes=dict(getattr(point, "attributes", {})),
        value=getattr(point, "value", 0.0) if total is None else total,
        count=getattr(point, "count", 1),
    )
