"""Composes the APIs of the simulated services, with a control API for tests."""

from __future__ import annotations

from aiohttp import web

from simulators.azure_compute import batch, container_apps, kubernetes
from simulators.azure_compute.programs import Pace
from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.serving import Refusal, api_middleware

_PARTS = (batch, container_apps, kubernetes)


def build_app(pace: Pace, page_size: int) -> web.Application:
    """Return the application with all services."""
    resource_manager = api_middleware(
        check=check_resource_manager,
        endpoint=lambda request: request.path.partition("/providers/")[2],
        is_api=lambda path: path.startswith("/subscriptions/"),
    )
    app = web.Application(
        client_max_size=4 * 1024 * 1024,
        middlewares=[resource_manager, batch.MIDDLEWARE, kubernetes.MIDDLEWARE],
    )
    app[FAULTS] = FaultQueue()
    app.add_routes(fault_routes())
    for part in _PARTS:
        part.add_service(app, pace, page_size)
    return app


def check_resource_manager(request: web.Request) -> None:
    """Raise the refusal of Azure Resource Manager for a call without token or version."""
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        raise Refusal(401, "AuthenticationFailed")
    if request.query.get("api-version") is None:
        raise Refusal(400, "MissingApiVersionParameter")
