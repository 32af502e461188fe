"""Formats the metrics of this process in the text format of Prometheus.

The module is loaded only if the setting asks for it. The names follow the OpenTelemetry mapping:
https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics
"""

from __future__ import annotations

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import MetricReader
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder


class PrometheusMetrics:
    """Collects the instruments of this process when a scraper asks."""

    def __init__(self) -> None:
        # The library's global registry would add the metrics of other libraries.
        self._registry = CollectorRegistry(auto_describe=False)
        self.reader: MetricReader = PrometheusMetricReader(
            scope_info_enabled=False, registry=self._registry
        )

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return the current values and their media type, in the format that the scraper prefers.

        `accept` is the header Accept of the request.
        """
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type
