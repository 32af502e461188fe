"""Requests that leave the app, in traces and metrics: method, host and status, and nothing else.

An address may hold a secret in its query or its path, and a body may hold any: neither is told.
"""

from __future__ import annotations

import time
from collections.abc import Generator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from polysync_core.telemetry import names
from polysync_core.telemetry.instruments import SCOPE, call_duration
from polysync_core.telemetry.tracing import subject, traceparent

_tracer = trace.get_tracer(SCOPE)


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
def outgoing(method: str, host: str, headers: MutableMapping[str, str]) -> Generator[Outgoing]:
    """Tell of one request; its headers carry the trace on, so that the other side may join it."""
    call, begun, whom = Outgoing(), time.perf_counter(), subject()
    told: dict[str, str | int] = {names.METHOD: method, names.HOST: host}
    with _tracer.start_as_current_span(
        f"{method} {host}",
        kind=SpanKind.CLIENT,
        attributes={**whom, **told},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        if parent := traceparent():
            headers["traceparent"] = parent
        try:
            yield call
        finally:
            span.set_attributes(call.results())
            if call.error is not None:
                span.set_status(StatusCode.ERROR)
            if names.PLATFORM in whom:
                told[names.PLATFORM] = str(whom[names.PLATFORM])
            call_duration.record(time.perf_counter() - begun, {**told, **call.results()})
