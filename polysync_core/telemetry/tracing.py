"""Traces of runs: one trace from the request that made a run to the calls made for it.

A run outlives every process, so no span of it is held open. Its row keeps where it belongs (W3C
`traceparent`), and the ids of its own spans follow from its id: whoever carries on, however late,
finds its place without asking, and the spans of run and attempt are told when they have ended.

Nothing here may be called by an orchestrator or an entity: their code is run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import cast

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, NoOpTracer, Span, SpanContext, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from polysync_core.domain.clock import rfc3339
from polysync_core.domain.runs.run import Attempt, RunStatus, TaskRun, TriggerType
from polysync_core.telemetry import names

type Attributes = Mapping[str, str | int | float]

LONGEST_SPAN = timedelta(hours=47)
"""Application Insights refuses what began more than 48 hours ago: a longer span is cut.

Its answer: https://github.com/microsoft/ApplicationInsights-node.js/issues/1466
"""
_MANY_AT_ONCE = frozenset({TriggerType.SCHEDULE, TriggerType.BACKFILL})
"""Runs of these come by the hundred: each begins a trace of its own."""

wished_span_id: ContextVar[int | None] = ContextVar("wished_span_id", default=None)
"""The id that the span which is started next is to have."""

_tracer: Tracer = NoOpTracer()
_w3c = TraceContextTextMapPropagator()
_SUBJECT = context.create_key("polysync-subject")


def tracer() -> Tracer:
    """Return the tracer of this process: the app's own, not that of the global provider."""
    return _tracer


def trace_with(tracer: Tracer) -> None:
    """Tell all spans to this tracer from now on."""
    global _tracer
    _tracer = tracer


def subject() -> Attributes:
    """Return the ids of what is being worked for, for the spans of calls."""
    return cast("Attributes", context.get_value(_SUBJECT) or {})


def traceparent() -> str:
    """Return the place in a trace that work done now belongs to; empty where there is none."""
    carrier: dict[str, str] = {}
    _w3c.inject(carrier)
    return carrier.get("traceparent", "")


@contextmanager
def continued(parent: str) -> Generator[None]:
    """Let what is done inside belong to a caller's trace, if it names a valid one."""
    token = context.attach(_w3c.extract({"traceparent": parent}, context.get_current()))
    try:
        yield
    finally:
        context.detach(token)


@contextmanager
def accepting(run: TaskRun) -> Generator[str]:
    """Yield the place in a trace that a run's row is to keep, while the row is written."""
    with _tracer.start_as_current_span(
        names.ACCEPT.name,
        context=Context() if run.trigger_type in _MANY_AT_ONCE else None,
        attributes=_of_run(run),
        record_exception=False,
        set_status_on_exception=False,
    ):
        yield traceparent()


@contextmanager
def on_behalf_of(run: TaskRun, attempt: int = 0, *, step: str = "") -> Generator[None]:
    """Let calls and logs inside belong to a run, or to one of its attempts."""
    told = {**_of_attempt(run, attempt), names.STEP: step} if attempt else _of_run(run)
    place = _place(run, _span_id(run, attempt))
    token = context.attach(context.set_value(_SUBJECT, told, place))
    try:
        yield
    finally:
        context.detach(token)


def tell_attempt(run: TaskRun, attempt: Attempt) -> None:
    """Tell of an attempt that has ended; one that never began has no span."""
    begun = attempt.begun_at
    if begun is None or attempt.finished_at is None:
        return
    # The end is by the platform's clock.
    ended = max(begun, attempt.finished_at)
    parent, own = _place(run, _span_id(run, 0)), _span_id(run, attempt.number)
    span = _started(names.ATTEMPT_OF_RUN.name, parent, own, begun, ended)
    _end(
        span, {**_of_attempt(run, attempt.number), **_verdict(attempt.status, attempt.cause)}, ended
    )


def tell_run(run: TaskRun) -> None:
    """Tell of a run that has ended."""
    ended = run.finished_at
    if ended is None:
        return
    parent = _w3c.extract({"traceparent": run.traceparent or ""}, Context())
    span = _started(names.RUN.name, parent, _span_id(run, 0), run.queued_at, ended)
    cause = run.attempt.cause if run.attempt is not None else None
    _end(span, {**_of_run(run), **_verdict(run.status, cause)}, ended)


def _started(name: str, parent: Context, span_id: int, begun: datetime, ended: datetime) -> Span:
    token = wished_span_id.set(span_id)
    try:
        return _tracer.start_span(
            name,
            parent,
            attributes={names.SECONDS: (ended - begun).total_seconds()},
            start_time=_nanoseconds(max(begun, ended - LONGEST_SPAN)),
        )
    finally:
        wished_span_id.reset(token)


def _end(span: Span, attributes: Attributes, at: datetime) -> None:
    span.set_attributes(attributes)
    if attributes[names.STATUS] == RunStatus.FAILED:
        span.set_status(StatusCode.ERROR)
    span.end(_nanoseconds(at))


def _place(run: TaskRun, span_id: int) -> Context:
    """Return the place of a span of a run; where its row knows no trace, that of the caller."""
    stored = trace.get_current_span(_w3c.extract({"traceparent": run.traceparent or ""}, Context()))
    known = stored.get_span_context()
    if not known.is_valid:
        return context.get_current()
    place = SpanContext(known.trace_id, span_id, is_remote=True, trace_flags=known.trace_flags)
    return trace.set_span_in_context(NonRecordingSpan(place), Context())


def _span_id(run: TaskRun, attempt: int) -> int:
    """Return the id of a run's span (attempt 0) or of an attempt's: the same for whoever asks."""
    digest = hashlib.sha256(f"{run.run_id}~{attempt}".encode()).digest()
    return int.from_bytes(digest[:8]) or 1


def _of_run(run: TaskRun) -> dict[str, str | int]:
    told = {
        names.RUN_ID: run.run_id,
        names.GRAPH_RUN_ID: run.graph_run_id,
        names.TASK: run.task,
        names.JOB: run.job.name,
        names.JOB_TYPE: run.job.job_type,
        names.PLATFORM: run.job.platform,
        names.TRIGGER: run.trigger_type.value,
        names.SCHEDULE: run.schedule,
        names.SCHEDULED_TIME: run.scheduled_time and rfc3339(run.scheduled_time),
        names.BACKFILL: run.backfill_id,
    }
    return {name: value for name, value in told.items() if value}


def _of_attempt(run: TaskRun, number: int) -> dict[str, str | int]:
    told = {**_of_run(run), names.ATTEMPT: number}
    if number <= len(run.attempts) and (known := run.attempts[number - 1].external_run_id):
        told[names.EXTERNAL_RUN_ID] = known
    return told


def _verdict(status: RunStatus, cause: str | None) -> dict[str, str]:
    told = {names.STATUS: status.value}
    return told if cause is None else {**told, names.CAUSE: str(cause)}


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
