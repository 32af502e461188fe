"""Serves the API route from which Prometheus reads this process's metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.responses import Response

from polysync_core.api.contract.answers import METRICS
from polysync_core.api.use_cases import use_case
from polysync_core.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of this process."""

    text: Callable[[str], tuple[bytes, str]] | None
    """Returns the metrics and their media type, for the header Accept of a request.

    None means that the setting is off.
    """


NO_METRICS = Metrics(None)

Accept = Annotated[str, Header(description="The formats that the scraper reads.")]
CurrentMetrics = Annotated[Metrics, Depends(use_case(Metrics))]


def metrics_routes() -> APIRouter:
    """Return the route of the metrics."""
    routes = APIRouter(tags=["Metrics"])

    @routes.get("/metrics", response_class=Response, responses=METRICS)
    def get_metrics(metrics: CurrentMetrics, accept: Accept = "") -> Response:
        """Read the metrics of this process in the text format of Prometheus."""
        if metrics.text is None:
            raise NotFound("Metrics are off: set POLYSYNC_PROMETHEUS to true.")
        content, media_type = metrics.text(accept)
        return Response(content, headers={"Content-Type": media_type})

    return routes
