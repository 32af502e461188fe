"""Builds the FastAPI app from its routes."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from fastapi import APIRouter, Depends, FastAPI

from polysync_core.api import problems
from polysync_core.api.contract.query_parameters import refuse_unknown_parameters
from polysync_core.api.definitions.schemas import describe_definitions
from polysync_core.api.models import View
from polysync_core.api.security.access_policy import OPEN_ACCESS, AccessControl, AccessPolicy
from polysync_core.api.security.guard import Guard
from polysync_core.api.tracing import RequestTracing

BODY_LIMIT = 1024 * 1024
"""The largest body of a request, in bytes."""

PREFIX = "/api"
"""The path prefix that the host removes from every request."""


def create_app(
    routers: Iterable[APIRouter],
    *,
    body_limit: int = BODY_LIMIT,
    access: AccessPolicy = OPEN_ACCESS,
) -> FastAPI:
    """Return the API with these routes, which the host serves under `PREFIX`.

    The default access policy is for parts of the API in isolation. A deployed app needs its own.
    """
    app = FastAPI(
        title="Polysync",
        description="A cross-platform job orchestrator that scales to zero.",
        version=_version(),
        redoc_url=None,
        # The guard removes trailing slashes.
        redirect_slashes=False,
        dependencies=[Depends(refuse_unknown_parameters)],
    )
    # The middleware that is added last runs first.
    app.add_middleware(RequestTracing)
    app.add_middleware(AccessControl, policy=access, prefix=PREFIX)
    app.add_middleware(Guard, body_limit=body_limit, prefix=PREFIX)
    problems.install(app)
    describe_definitions(app)
    app.include_router(_health())
    for router in routers:
        app.include_router(router)
    return app


class Health(View):
    """The answer of an app that works."""

    status: Literal["ok"]
    """Always `ok`."""


def _health() -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health", summary="Check that the app answers")
    def health() -> Health:
        return Health(status="ok")

    return router


def _version() -> str:
    try:
        return version("polysync")
    except PackageNotFoundError:
        # A deployed app is a folder of files and not an installed package.
        return "0"
