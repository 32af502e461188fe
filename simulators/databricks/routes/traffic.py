"""Records requests for tests, with request counts by method and endpoint."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from typing import Any

from aiohttp import web

MAX_KEPT = 2_000
_MAX_BODY_BYTES = 16 * 1024


class Traffic:
    """The newest requests to the API, and the counts by method and endpoint."""

    def __init__(self) -> None:
        self._kept: deque[dict[str, Any]] = deque(maxlen=MAX_KEPT)
        self._counts: Counter[str] = Counter()

    async def record(self, request: web.Request, endpoint: str) -> None:
        """Record a request, with a digest in place of its token."""
        self._counts[f"{request.method} {endpoint}"] += 1
        self._kept.append(
            {
                "method": request.method,
                "path": request.path,
                "endpoint": endpoint,
                "query": dict(request.query),
                "body": await _body(request),
                "caller": digest(request.headers.get("Authorization", "")),
            }
        )

    def as_json(self) -> dict[str, Any]:
        """Return the recorded requests, oldest first."""
        return {"counts": dict(self._counts), "requests": list(self._kept)}

    def clear(self) -> None:
        """Remove all records."""
        self._kept.clear()
        self._counts.clear()


TRAFFIC = web.AppKey("traffic", Traffic)


def traffic_routes() -> list[web.RouteDef]:
    """Return the control routes for traffic; they need `app[TRAFFIC]`."""
    return [
        web.get("/simulator/requests", _list_requests),
        web.delete("/simulator/requests", _clear_requests),
    ]


def digest(authorization: str) -> str:
    """Return a digest of a caller's credentials; empty without credentials."""
    token = authorization.partition(" ")[2].strip()
    return hashlib.sha256(token.encode()).hexdigest()[:12] if token else ""


async def _list_requests(request: web.Request) -> web.Response:
    return web.json_response(request.app[TRAFFIC].as_json())


async def _clear_requests(request: web.Request) -> web.Response:
    request.app[TRAFFIC].clear()
    return await _list_requests(request)


async def _body(request: web.Request) -> Any:
    """Return the JSON of a request; None if it is absent or too long to record."""
    length = request.content_length
    if length is None or not 0 < length <= _MAX_BODY_BYTES:
        return None
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        return None
