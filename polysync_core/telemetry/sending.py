"""Where telemetry is sent: to Application Insights, to an OpenTelemetry collector, or to both.

It is loaded only where something is to be sent. Nothing is registered as the process's own: what
libraries would tell by themselves (FastAPI, the clients of Azure) holds addresses with their
queries, and comes with every read of the API and of storage.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from opentelemetry.instrumentation.logging.handler import (  # pyright: ignore[reportMissingTypeStubs] - typed, but not marked so
    LoggingHandler,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from polysync_core.telemetry.instruments import SCOPE, measure_with
from polysync_core.telemetry.tracing import trace_with, wished_span_id

OUR_LOGGERS = ("polysync_core", "orchestrations", "triggers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One place that everything is sent to."""

    spans: SpanExporter
    metrics: MetricExporter
    logs: LogRecordExporter


class ChosenIds(RandomIdGenerator):
    """Gives a span the id that was wished for, as the spans of runs have."""

    def generate_span_id(self) -> int:
        """Return the id of the next span."""
        wished = wished_span_id.get()
        return super().generate_span_id() if wished is None else wished


def send(*, service_name: str, application_insights: str, to_collector: bool) -> None:
    """Send traces, metrics and logs of this process from now on; it may be called once.

    `application_insights` is a connection string, empty for none.
    """
    resource = Resource.create({SERVICE_NAME: service_name})
    tracing = TracerProvider(resource=resource, id_generator=ChosenIds())
    # Each is loaded only where it is used: the exporters are the slow part of a cold start.
    destinations = list[Destination]()
    if application_insights:
        destinations.append(_application_insights(application_insights, tracing))
    if to_collector:
        destinations.append(_collector())
    logs = LoggerProvider(resource=resource)
    for each in destinations:
        tracing.add_span_processor(BatchSpanProcessor(each.spans))
        logs.add_log_record_processor(BatchLogRecordProcessor(each.logs))
    readers = [PeriodicExportingMetricReader(each.metrics) for each in destinations]
    trace_with(tracing.get_tracer(SCOPE))
    measure_with(MeterProvider(metric_readers=readers, resource=resource).get_meter(SCOPE))
    _listen(LoggingHandler(level=logging.INFO, logger_provider=logs))


def _listen(handler: logging.Handler) -> None:
    handler.addFilter(_is_worth_sending)
    logging.getLogger().addHandler(handler)
    for name in OUR_LOGGERS:
        # The worker's own level may be any.
        logging.getLogger(name).setLevel(logging.INFO)


def _is_worth_sending(record: logging.LogRecord) -> bool:
    """Tell whether a line is ours, or a warning of a library that does no sending itself."""
    family = record.name.partition(".")[0]
    if family in OUR_LOGGERS:
        return True
    return record.levelno >= logging.WARNING and family not in {"azure", "opentelemetry", "urllib3"}


def _application_insights(connection: str, tracing: TracerProvider) -> Destination:
    """https://learn.microsoft.com/azure/azure-monitor/app/opentelemetry-configuration

    That the app's identity signs in, it reads itself (`APPLICATIONINSIGHTS_AUTHENTICATION_STRING`).
    """
    from azure.monitor.opentelemetry.exporter import (
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

    return Destination(
        # It would ask the global provider whose resource this is.
        spans=AzureMonitorTraceExporter(connection_string=connection, tracer_provider=tracing),
        metrics=AzureMonitorMetricExporter(connection_string=connection),
        logs=AzureMonitorLogExporter(connection_string=connection),
    )


def _collector() -> Destination:
    """https://opentelemetry.io/docs/specs/otel/protocol/exporter

    Address, headers and the rest it reads itself (`OTEL_EXPORTER_OTLP_…`).
    """
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return Destination(
        spans=OTLPSpanExporter(), metrics=OTLPMetricExporter(), logs=OTLPLogExporter()
    )
