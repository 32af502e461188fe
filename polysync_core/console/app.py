"""Builds the ASGI app of the web console with all HTML pages, under `/console`."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import FastAPI, Request, Response
from starlette.middleware.gzip import GZipMiddleware

from polysync_core.api import problems
from polysync_core.api.security.access_policy import AccessControl, AccessPolicy
from polysync_core.api.security.audit_trail import AuditTrail
from polysync_core.api.security.bodies import DEFAULT_LIMITS, BodyReader
from polysync_core.api.security.guard import Guard
from polysync_core.api.security.same_origin import SameOrigin
from polysync_core.api.tracing import RequestTracing
from polysync_core.api.use_cases import provide
from polysync_core.console.page_groups import subjects
from polysync_core.console.paths import BASE, page_path
from polysync_core.console.problem_pages import ProblemPages
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import redirect
from polysync_core.console.static_files import static_routes

_SMALLEST_COMPRESSED = 1_000
"""The size in bytes from which an answer is compressed."""


def create_console(
    sign_in: PageRouter, use_cases: Iterable[object], *, access: AccessPolicy
) -> FastAPI:
    """Return the console.

    Args:
        sign_in: the routes of signing in and out.
        use_cases: the use cases behind the pages, and the `Deployment`.
        access: how people are identified, their roles, and the audit.
    """
    app = FastAPI(
        openapi_url=None,
        # The guard removes trailing slashes.
        redirect_slashes=False,
        routes=[*_home().routes, *static_routes().routes, *sign_in.routes, *subjects()],
    )
    provide(app, use_cases)
    problems.install(app)
    # The middleware that is added last runs first.
    app.add_middleware(RequestTracing)
    if access.audit is not None:
        app.add_middleware(AuditTrail, audit=access.audit, prefix=BASE)
    app.add_middleware(BodyReader, limits=DEFAULT_LIMITS)
    app.add_middleware(AccessControl, policy=access, prefix=BASE)
    app.add_middleware(SameOrigin)
    app.add_middleware(ProblemPages)
    app.add_middleware(Guard, limits=DEFAULT_LIMITS, prefix=BASE)
    # The guard's own refusals become pages, too.
    app.add_middleware(ProblemPages)
    app.add_middleware(GZipMiddleware, minimum_size=_SMALLEST_COMPRESSED)
    return app


def _home() -> PageRouter:
    router = PageRouter()

    @router.get("/")
    async def home(request: Request) -> Response:
        return redirect(page_path("runs"))

    return router
