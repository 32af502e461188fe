"""Requests that leave the app, in traces and metrics: method, host and status, and nothing else.

An address may hold a secret in its query or its path, and a body may hold any: neither is told.
"""

from __future__ import annotations

import time
from collections.abc import Generator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind, StatusCode

from polysync_core.telemetry import names, tracing
from polysync_core.telemetry.instruments import instruments

_PORTS = {"https": 443, "http": 80}


@dataclass(slots=True)
class Outgoing:
    """A request under way, and what came of it."""

    status: int | None = None
    fault: str | None = None
    """Why there was no answer."""

    @property
    def error(self) -> str | None:
        """Why there was no good answer."""
        if self.status is not None and self.status >= 400:
            return str(self.status)
        return self.fault

    def results(self) -> dict[str, str | int]:
        """Return what came of it, for span and metric alike."""
        told = {names.STATUS_CODE: self.status, names.ERROR: self.error}
        return {name: value for name, value in told.items() if value is not None}


@contextmanager
def outgoing(method: str, url: str, headers: MutableMapping[str, str]) -> Generator[Outgoing]:
    """Tell of one request; its headers carry the trace on, so that the other side may join it."""
    call, begun, whom, where = Outgoing(), time.perf_counter(), tracing.subject(), urlsplit(url)
    host, port = where.hostname or "", where.port or _PORTS.get(where.scheme, 0)
    told: dict[str, str | int] = {names.METHOD: method, names.HOST: host}
    with tracing.tracer().start_as_current_span(
        f"{method} {host}",
        kind=SpanKind.CLIENT,
        attributes={**whom, **told, names.SCHEME: where.scheme, names.PORT: port},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        if parent := tracing.traceparent():
            headers["traceparent"] = parent
        try:
            yield call
        finally:
            span.set_attributes(call.results())
            if call.error is not None:
                span.set_status(StatusCode.ERROR)
            if names.PLATFORM in whom:
                told[names.PLATFORM] = str(whom[names.PLATFORM])
            lasted = time.perf_counter() - begun
            instruments().call_duration.record(lasted, {**told, **call.results()})
