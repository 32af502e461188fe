"""Builds the app of the console, which both hosts serve under `/console`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.middleware.gzip import GZipMiddleware

from polysync_core.api import problems
from polysync_core.api.security.access_policy import AccessControl, AccessPolicy
from polysync_core.api.security.audit_trail import AuditTrail
from polysync_core.api.security.bodies import DEFAULT_LIMITS, BodyReader
from polysync_core.api.security.guard import Guard
from polysync_core.api.security.same_origin import SameOrigin
from polysync_core.api.tracing import RequestTracing
from polysync_core.api.use_cases import provide
from polysync_core.console.live import graph_states
from polysync_core.console.live import runs as live_runs
from polysync_core.console.pages.editors import editor_pages
from polysync_core.console.pages.graph import routes as graph_routes
from polysync_core.console.pages.help import api_reference
from polysync_core.console.pages.help import routes as help_routes
from polysync_core.console.pages.jobs.routes import job_routers
from polysync_core.console.pages.jump import routes as jump_routes
from polysync_core.console.pages.limits import routes as limits_routes
from polysync_core.console.pages.missed import routes as missed_routes
from polysync_core.console.pages.operations import audit, definitions
from polysync_core.console.pages.run import actions as run_actions
from polysync_core.console.pages.run import page as run_page
from polysync_core.console.pages.runs import bulk
from polysync_core.console.pages.runs import page as runs_page
from polysync_core.console.pages.tasks.routes import task_routers
from polysync_core.console.pages.upcoming import routes as upcoming_routes
from polysync_core.console.paths import BASE, page_path
from polysync_core.console.problem_pages import ProblemPages
from polysync_core.console.shell import redirect
from polysync_core.console.static_files import static_routes

_SMALLEST_COMPRESSED = 1_000
"""The size in bytes from which an answer is compressed."""


@cache
def page_routes() -> tuple[APIRouter, ...]:
    """Return the routes of all pages, which every console of this process shares."""
    return (
        _home(),
        static_routes(),
        runs_page.router,
        bulk.router,
        live_runs.router,
        run_page.router,
        run_actions.router,
        jump_routes.router,
        graph_routes.router,
        graph_states.router,
        missed_routes.router,
        limits_routes.router,
        upcoming_routes.router,
        definitions.router,
        audit.router,
        # The reference of the API comes before the pages of the documentation.
        api_reference.router,
        help_routes.router,
        *job_routers(),
        *task_routers(),
        *editor_pages(),
    )


def create_console(
    routers: Iterable[APIRouter], use_cases: Iterable[object], *, access: AccessPolicy
) -> FastAPI:
    """Return the console with these routes.

    Args:
        routers: the routes of the pages, and those of signing in.
        use_cases: the use cases behind the pages, and the `Deployment`.
        access: how people are identified, their roles, and the audit.
    """
    app = FastAPI(
        openapi_url=None,
        # The guard removes trailing slashes.
        redirect_slashes=False,
        routes=[route for router in routers for route in router.routes],
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


def _home() -> APIRouter:
    router = APIRouter()

    @router.get("/")
    async def home(request: Request) -> Response:
        return redirect(page_path("runs"))

    return router
