"""Builds the FastAPI app with all routes, health check, OpenAPI document and API documentation."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.routing import BaseRoute

from polysync_core.api import problems
from polysync_core.api.contract.document import build_document, operation_id
from polysync_core.api.contract.page import PAGE_HEADERS, page
from polysync_core.api.contract.query_parameters import refuse_unknown_parameters
from polysync_core.api.models import Json, View
from polysync_core.api.security.access_policy import OPEN_ACCESS, AccessControl, AccessPolicy
from polysync_core.api.security.allowed_origins import AllowedOrigins
from polysync_core.api.security.audit_trail import AuditTrail
from polysync_core.api.security.bodies import DEFAULT_LIMITS, BodyLimits, BodyReader
from polysync_core.api.security.guard import Guard
from polysync_core.api.security.same_origin import SameOrigin
from polysync_core.api.tracing import RequestTracing
from polysync_core.api.use_cases import provide

_TITLE = "Polysync"
PREFIX = "/api"
"""The path prefix that the host removes from every request."""


class ApiRoutes:
    """The routes of an API and their OpenAPI document, which several apps can share."""

    def __init__(self, routers: Iterable[APIRouter]) -> None:
        self._router = APIRouter(
            generate_unique_id_function=operation_id,
            dependencies=[Depends(refuse_unknown_parameters)],
        )
        for router in (_health(), *routers, _documentation()):
            self._router.include_router(router)

    @property
    def all(self) -> list[BaseRoute]:
        """The routes of the routers, and those of every API."""
        return self._router.routes

    @cached_property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document of the routes."""
        return build_document(self.all, title=_TITLE, version=_version(), prefix=PREFIX)


def create_app(
    routes: ApiRoutes,
    use_cases: Iterable[object] = (),
    *,
    body_limits: BodyLimits = DEFAULT_LIMITS,
    access: AccessPolicy = OPEN_ACCESS,
    allowed_origins: frozenset[str] = frozenset(),
) -> FastAPI:
    """Return the API with these routes, which the host serves under `PREFIX`.

    The default access policy is for parts of the API in isolation. A deployed app needs its own.
    """
    app = FastAPI(
        title=_TITLE,
        version=_version(),
        # The routes below serve the document and its page.
        openapi_url=None,
        # The guard removes trailing slashes.
        redirect_slashes=False,
        # The app uses the routes as they are, and does not build them again.
        routes=routes.all,
    )
    provide(app, use_cases)
    # The middleware that is added last runs first.
    app.add_middleware(RequestTracing)
    if access.audit is not None:
        app.add_middleware(AuditTrail, audit=access.audit)
    app.add_middleware(BodyReader, limits=body_limits)
    app.add_middleware(AccessControl, policy=access, prefix=PREFIX)
    app.add_middleware(SameOrigin)
    app.add_middleware(Guard, limits=body_limits, prefix=PREFIX)
    if allowed_origins:
        app.add_middleware(AllowedOrigins, origins=allowed_origins)
    problems.install(app)
    app.openapi = lambda: routes.document
    return app


class Health(View):
    """The answer of an app that works."""

    status: Literal["ok"]
    """Always `ok`."""


def _health() -> APIRouter:
    router = APIRouter(tags=["Health"])

    @router.get("/health", summary="Check that the app answers")
    def get_health() -> Health:
        return Health(status="ok")

    return router


def _documentation() -> APIRouter:
    router = APIRouter(tags=["Documentation"])

    @router.get("/openapi.json", response_model=dict[str, Json], name="get openapi document")
    def openapi(request: Request) -> JSONResponse:
        """Read the OpenAPI document of the API."""
        return JSONResponse(request.app.openapi())

    @router.get("/docs", response_class=HTMLResponse, name="get documentation page")
    def docs(request: Request) -> HTMLResponse:
        """Read the API's documentation as a page without scripts."""
        return HTMLResponse(page(request.app.openapi()), headers=PAGE_HEADERS)

    return router


@cache
def _version() -> str:
    try:
        return version("polysync")
    except PackageNotFoundError:
        # A deployed app is a folder of files and not an installed package.
        return "0"
