"""How a request reaches the durable engine."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from polysync_core.application.ports import Engine
from polysync_core.domain.errors import Broken

SCOPE_KEY = "polysync.engine"
"""Where in the ASGI scope the host's side puts the engine of the invocation."""


def _engine_of(request: Request) -> Engine:
    engine = request.scope.get(SCOPE_KEY)
    if engine is None:
        raise Broken("The request came without an engine.")
    return cast("Engine", engine)


def _engine_if_any(request: Request) -> Engine | None:
    return cast("Engine | None", request.scope.get(SCOPE_KEY))


CurrentEngine = Annotated[Engine, Depends(_engine_of)]

PossibleEngine = Annotated[Engine | None, Depends(_engine_if_any)]
"""The same for requests that do their work without it, such as those about definitions."""
