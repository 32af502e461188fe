"""Implements CORS: lets browser pages of configured origins call the API.

An answer never allows cookies, so a page needs a token or a key. In Azure, App Service answers
instead, because its authentication would refuse a preflight request.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALLOWED_KEY = "polysync.allowed_origin"
"""The key of a scope whose request comes from a page of a named origin."""

_REQUEST_HEADERS = (
    "Accept",
    "Authorization",
    "Cache-Control",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "traceparent",
    "x-functions-key",
)
_ANSWER_HEADERS = ("Allow", "ETag", "Location", "Retry-After", "WWW-Authenticate")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_MAX_AGE_SECONDS = 600


class AllowedOrigins:
    """Middleware that lets pages of some origins read the answers."""

    def __init__(self, app: ASGIApp, *, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = self._origin(scope) if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
            return
        asks = "access-control-request-method" in Headers(scope=scope)
        if scope["method"] == "OPTIONS" and asks:
            await _preflight(origin)(scope, receive, send)
            return

        async def send_readable(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = ", ".join(_ANSWER_HEADERS)
                headers.add_vary_header("Origin")
            await send(message)

        await self._app({**scope, ALLOWED_KEY: True}, receive, send_readable)

    def _origin(self, scope: Scope) -> str | None:
        """Return the origin of a request if it is a named one."""
        origins = Headers(scope=scope).getlist("origin")
        return origins[0] if len(origins) == 1 and origins[0] in self._origins else None


def _preflight(origin: str) -> Response:
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": ", ".join(_METHODS),
        "Access-Control-Allow-Headers": ", ".join(_REQUEST_HEADERS),
        "Access-Control-Max-Age": str(_MAX_AGE_SECONDS),
        "Vary": "Origin",
    }
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
