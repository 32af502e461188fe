"""Supplies routes with the orchestration engine that the host attached to the request."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from polysync_core.application.ports import Engine
from polysync_core.domain.errors import Broken

SCOPE_KEY = "polysync.engine"
"""The key in the ASGI scope under which the host puts the engine of the invocation."""


def require_engine(engine: Engine | None) -> Engine:
    """Return the engine, or raise `Broken` if the host gave none."""
    if engine is None:
        raise Broken("The request came without an engine.")
    return engine


async def _engine_if_any(request: Request) -> Engine | None:
    return cast("Engine | None", request.scope.get(SCOPE_KEY))


async def _engine_of(request: Request) -> Engine:
    return require_engine(await _engine_if_any(request))


CurrentEngine = Annotated[Engine, Depends(_engine_of)]

PossibleEngine = Annotated[Engine | None, Depends(_engine_if_any)]
"""The engine for requests that also work without it, such as changes of definitions."""
