"""Creates an OpenTelemetry trace span for each API request that may change data."""

from __future__ import annotations

from http import HTTPStatus

from opentelemetry.trace import Span, StatusCode
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polysync_core.telemetry import names, tracing

_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class RequestTracing:
    """Opens a span in the caller's trace, which the runs of the request join."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _READ_METHODS:
            await self._app(scope, receive, send)
            return
        # The Functions host has its own span in the caller's trace; the local host has none.
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
                await self._app(scope, receive, _recording_status(span, send))
            except Exception:
                _mark_failed(span, "fault")
                raise
            finally:
                _name_by_route(span, scope)


def _recording_status(span: Span, send: Send) -> Send:
    async def send_and_record(message: Message) -> None:
        if message["type"] == "http.response.start":
            status = int(message["status"])
            span.set_attribute(names.STATUS_CODE, status)
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                _mark_failed(span, str(status))
        await send(message)

    return send_and_record


def _mark_failed(span: Span, error: str) -> None:
    span.set_attribute(names.ERROR, error)
    span.set_status(StatusCode.ERROR)


def _name_by_route(span: Span, scope: Scope) -> None:
    """Name the span after the route; the address itself could contain secrets."""
    route = getattr(scope.get("route"), "path", None)
    if route is not None:
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute(names.ROUTE, route)
