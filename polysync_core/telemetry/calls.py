"""Traces and measures outgoing HTTP requests, without the path, query or body.

Path, query and body may contain a secret, so they are never exported.
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
    """An outgoing request and its result."""

    status: int | None = None
    failure: str | None = None
    """The reason for a missing answer."""

    @property
    def error(self) -> str | None:
        """Return the status of an error answer, or the reason for a missing answer."""
        if self.status is not None and self.status >= 400:
            return str(self.status)
        return self.failure

    def results(self) -> dict[str, str | int]:
        """Return the attributes of the result, for span and metric."""
        attributes = {names.STATUS_CODE: self.status, names.ERROR: self.error}
        return {name: value for name, value in attributes.items() if value is not None}


@contextmanager
def outgoing(method: str, url: str, headers: MutableMapping[str, str]) -> Generator[Outgoing]:
    """Trace and measure one request; its headers pass on the trace context."""
    call, started = Outgoing(), time.perf_counter()
    run_ids, parts = tracing.subject(), urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    attributes: dict[str, str | int] = {names.METHOD: method, names.HOST: host}
    with tracing.tracer().start_as_current_span(
        f"{method} {host}",
        kind=SpanKind.CLIENT,
        attributes={**run_ids, **attributes, names.SCHEME: parts.scheme, names.PORT: port},
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
            if names.PLATFORM in run_ids:
                attributes[names.PLATFORM] = str(run_ids[names.PLATFORM])
            duration = time.perf_counter() - started
            instruments().call_duration.record(duration, {**attributes, **call.results()})
