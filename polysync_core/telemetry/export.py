"""Exports telemetry to Application Insights, an OpenTelemetry collector, and Prometheus.

The module is loaded only if an exporter is configured. It sets no global providers. Through them,
libraries (FastAPI, the Azure clients) would export a span with the full URL for every request.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry.instrumentation.logging.handler import (  # pyright: ignore[reportMissingTypeStubs] - typed, but not marked so
    LoggingHandler,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from polysync_core.telemetry.instruments import SCOPE, measure_with
from polysync_core.telemetry.tracing import next_span_id, trace_with

if TYPE_CHECKING:
    from polysync_core.telemetry.prometheus import PrometheusMetrics

APP_LOGGERS = ("polysync_core", "orchestrations", "triggers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The exporters of one destination."""

    spans: SpanExporter
    metrics: MetricExporter
    logs: LogRecordExporter


class PresetSpanIds(RandomIdGenerator):
    """Generates span ids, or uses the given id, as the spans of runs require."""

    def generate_span_id(self) -> int:
        """Return the id of the next span."""
        chosen = next_span_id.get()
        return super().generate_span_id() if chosen is None else chosen


def start_export(
    *,
    service_name: str,
    application_insights: str,
    to_collector: bool,
    prometheus: PrometheusMetrics | None,
) -> None:
    """Export traces, metrics and logs of this process from now on; call it only once.

    `application_insights` is a connection string, empty for none.
    """
    resource = Resource.create({SERVICE_NAME: service_name})
    tracing = TracerProvider(resource=resource, id_generator=PresetSpanIds())
    # An exporter is imported only if it is used: exporters are slow to load at a cold start.
    destinations = list[Destination]()
    if application_insights:
        destinations.append(_application_insights(application_insights, tracing))
    if to_collector:
        destinations.append(_collector())
    logs = LoggerProvider(resource=resource)
    for each in destinations:
        tracing.add_span_processor(BatchSpanProcessor(each.spans))
        logs.add_log_record_processor(BatchLogRecordProcessor(each.logs))
    readers = list[MetricReader]()
    readers += [PeriodicExportingMetricReader(each.metrics) for each in destinations]
    if prometheus is not None:
        readers.append(prometheus.reader)
    if destinations:
        trace_with(tracing.get_tracer(SCOPE))
        _attach(LoggingHandler(level=logging.INFO, logger_provider=logs))
    measure_with(MeterProvider(metric_readers=readers, resource=resource).get_meter(SCOPE))


def _attach(handler: logging.Handler) -> None:
    handler.addFilter(_is_exported)
    logging.getLogger().addHandler(handler)
    for name in APP_LOGGERS:
        # The Functions worker may have set another level.
        logging.getLogger(name).setLevel(logging.INFO)


def _is_exported(record: logging.LogRecord) -> bool:
    """Return whether to export a line: a line of the app, or a warning of most libraries."""
    family = record.name.partition(".")[0]
    if family in APP_LOGGERS:
        return True
    return record.levelno >= logging.WARNING and family not in {"azure", "opentelemetry", "urllib3"}


def _application_insights(connection: str, tracing: TracerProvider) -> Destination:
    """Return the exporters of Application Insights.

    https://learn.microsoft.com/azure/azure-monitor/app/opentelemetry-configuration

    The exporter reads the app's sign-in from `APPLICATIONINSIGHTS_AUTHENTICATION_STRING`.
    """
    from azure.monitor.opentelemetry.exporter import (
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

    return Destination(
        # Without this argument the exporter would read the resource of the global provider.
        spans=AzureMonitorTraceExporter(connection_string=connection, tracer_provider=tracing),
        metrics=AzureMonitorMetricExporter(connection_string=connection),
        logs=AzureMonitorLogExporter(connection_string=connection),
    )


def _collector() -> Destination:
    """Return the exporters of an OpenTelemetry collector.

    https://opentelemetry.io/docs/specs/otel/protocol/exporter

    The exporter reads URL, headers and the rest from `OTEL_EXPORTER_OTLP_…`.
    """
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return Destination(
        spans=OTLPSpanExporter(), metrics=OTLPMetricExporter(), logs=OTLPLogExporter()
    )
