"""Requests that may change something, in traces; what only reads starts nothing to be followed."""

from __future__ import annotations

from opentelemetry.trace import Span, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polysync_core.telemetry import names, tracing

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Traced:
    """Gives a request its place in the caller's trace, which the runs that it makes are in too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _READING:
            await self._app(scope, receive, send)
            return
        # The host has its own span around this one, in the caller's trace; devhost has none.
        parent = tracing.traceparent() or Headers(scope=scope).get("traceparent", "")
        with (
            tracing.continued(parent),
            tracing.tracer().start_as_current_span(
                scope["method"],
                attributes={names.METHOD: scope["method"]},
                record_exception=False,
                set_status_on_exception=False,
            ) as span,
        ):
            try:
                await self._app(scope, receive, _watching(span, send))
            except Exception:
                _fail(span, "fault")
                raise
            finally:
                _name(span, scope)


def _watching(span: Span, send: Send) -> Send:
    async def watched(message: Message) -> None:
        if message["type"] == "http.response.start":
            status = int(message["status"])
            span.set_attribute(names.STATUS_CODE, status)
            if status >= 500:
                _fail(span, str(status))
        await send(message)

    return watched


def _fail(span: Span, why: str) -> None:
    span.set_attribute(names.ERROR, why)
    span.set_status(StatusCode.ERROR)


def _name(span: Span, scope: Scope) -> None:
    """Name the span by the route, which is known only now; an address may hold anything."""
    route = getattr(scope.get("route"), "path", None)
    if route is not None:
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute(names.ROUTE, route)
