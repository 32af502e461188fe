"""Limits concurrent requests that wait for platforms, so that other requests get threads."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from fastapi import Request, Response
from fastapi.routing import APIRoute

PLATFORM_REQUESTS = 24
"""Requests that call platforms at the same time; all requests of an event loop share 40 threads."""
_limiter: RunVar[CapacityLimiter] = RunVar("platform_requests")


class PlatformRoute(APIRoute):
    """A route whose handler may wait for a platform or a vault."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which waits for its turn without a thread."""
        handle = super().get_route_handler()

        async def handle_in_turn(request: Request) -> Response:
            async with _turns():
                return await handle(request)

        return handle_in_turn


def _turns() -> CapacityLimiter:
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(PLATFORM_REQUESTS)
        _limiter.set(limiter)
        return limiter
