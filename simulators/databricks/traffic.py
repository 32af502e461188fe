"""What the simulator was asked for: for tests of what a client really sends, and how often."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from typing import Any

from aiohttp import web

MAX_KEPT = 2_000
_MAX_BODY_BYTES = 16 * 1024


class Traffic:
    """The newest requests to the API, and the count of all by method and endpoint."""

    def __init__(self) -> None:
        self._kept: deque[dict[str, Any]] = deque(maxlen=MAX_KEPT)
        self._counts: Counter[str] = Counter()

    async def note(self, request: web.Request, endpoint: str) -> None:
        """Keep what a request asks for; of its token only a digest."""
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
        """Return what was asked for, oldest first."""
        return {"counts": dict(self._counts), "requests": list(self._kept)}

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._counts.clear()


TRAFFIC = web.AppKey("traffic", Traffic)


def traffic_routes() -> list[web.RouteDef]:
    """Return the part of the control API that tells the traffic; `app[TRAFFIC]` is needed."""
    return [
        web.get("/simulator/requests", _list_requests),
        web.delete("/simulator/requests", _clear_requests),
    ]


def digest(authorization: str) -> str:
    """Return what stands for the credentials of a caller, empty for none."""
    token = authorization.partition(" ")[2].strip()
    return hashlib.sha256(token.encode()).hexdigest()[:12] if token else ""


async def _list_requests(request: web.Request) -> web.Response:
    return web.json_response(request.app[TRAFFIC].as_json())


async def _clear_requests(request: web.Request) -> web.Response:
    request.app[TRAFFIC].clear()
    return await _list_requests(request)


async def _body(request: web.Request) -> Any:
    """Return the JSON of a request; None where there is none, or more than is worth keeping."""
    length = request.content_length
    if length is None or not 0 < length <= _MAX_BODY_BYTES:
        return None
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        return None
