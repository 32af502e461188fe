"""Serves the simulated Vertex AI, Dataflow and Cloud Storage APIs on one port."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.google_cloud.dataflow import FLOW_STORE, Flows, dataflow_routes
from simulators.google_cloud.errors import ApiError, answer_refusal, error_json
from simulators.google_cloud.requests import PAGE_SIZE
from simulators.google_cloud.runs import Pace, Submissions
from simulators.google_cloud.vertex import JOB_STORE, VertexJobs, vertex_routes
from simulators.serving import api_middleware


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The options of the simulator."""

    data: Path
    pace: Pace
    page_size: int


def build_app(service: Service) -> web.Application:
    """Return the application with all APIs."""
    middleware = api_middleware(
        check=_check,
        endpoint=_endpoint,
        answer_refusal=answer_refusal,
        error_body=error_json,
    )
    app = web.Application(client_max_size=8 * 1024 * 1024, middlewares=[middleware])
    submissions = Submissions(service.data)
    app[FAULTS], app[PAGE_SIZE] = FaultQueue(), service.page_size
    app[JOB_STORE] = VertexJobs(service.pace, submissions)
    app[FLOW_STORE] = Flows(service.pace, submissions)
    app.add_routes([*fault_routes(), *vertex_routes(), *dataflow_routes()])
    return app


def _check(request: web.Request) -> None:
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        raise ApiError(401, "Request had invalid authentication credentials.")
    if "%3a" in request.raw_path.partition("?")[0].lower():
        # The front end of the real services does not find an encoded custom method.
        raise ApiError(404, "The requested URL was not found on this server.")


def _endpoint(request: web.Request) -> str:
    """Return the path below the region, such as `pipelineJobs/x:cancel`."""
    _, _, below = request.path.partition(f"/locations/{request.match_info.get('location')}/")
    return below or request.path.strip("/")
