"""The FastAPI app, put together from the routes it is given."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI

from polysync_core.api import problems
from polysync_core.api.definitions.schemas import describe_definitions
from polysync_core.api.security.access_policy import OPEN_DOOR, Access, AccessPolicy
from polysync_core.api.security.guard import Guard
from polysync_core.api.tracing import Traced

BODY_LIMIT = 1024 * 1024
"""The largest body of a request, in bytes."""

PREFIX = "/api"
"""What the host in front of the app strips from every path."""


def create_app(
    routers: Iterable[APIRouter],
    *,
    body_limit: int = BODY_LIMIT,
    door: AccessPolicy = OPEN_DOOR,
) -> FastAPI:
    """Return the API with these routes, which the host serves under `PREFIX`.

    What is deployed says how its door is kept; a part of the API that stands alone does without.
    """
    app = FastAPI(
        title="Polysync",
        description="A cross-platform job orchestrator that scales to zero.",
        version=_version(),
        redoc_url=None,
        # A slash behind a path is left out before it comes here.
        redirect_slashes=False,
    )
    # The one added last comes first.
    app.add_middleware(Traced)
    app.add_middleware(Access, door=door, prefix=PREFIX)
    app.add_middleware(Guard, body_limit=body_limit, prefix=PREFIX)
    problems.install(app)
    describe_definitions(app)
    app.include_router(_health())
    for router in routers:
        app.include_router(router)
    return app


def _health() -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health", summary="Whether the app answers")
    def health() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction] - FastAPI holds it
        return {"status": "ok"}

    return router


def _version() -> str:
    try:
        return version("polysync")
    except PackageNotFoundError:
        # A deployed app is a folder of files, not an installed package.
        return "0"
