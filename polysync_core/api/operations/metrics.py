"""Serves the route that Prometheus scrapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response

from polysync_core.api.contract.answers import METRICS
from polysync_core.domain.errors import NotFound

type MetricsText = Callable[[str], tuple[bytes, str]]
"""Returns the metrics and their media type, for the header Accept of a request."""


Accept = Annotated[str, Header(description="The formats that the scraper reads.")]


def metrics_routes(metrics: MetricsText | None) -> APIRouter:
    """Return the route of the metrics; None means that the setting is off."""
    routes = APIRouter(tags=["Metrics"])

    @routes.get("/metrics", response_class=Response, responses=METRICS)
    def get_metrics(accept: Accept = "") -> Response:
        """Read the metrics of this process in the text format of Prometheus."""
        if metrics is None:
            raise NotFound("Metrics are off: set POLYSYNC_PROMETHEUS to true.")
        content, media_type = metrics(accept)
        return Response(content, headers={"Content-Type": media_type})

    return routes
