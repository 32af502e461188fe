"""Records one trace per run, from the request to the calls to the platform.

A run outlives every process, so no span stays open. The row of a run stores its trace context (W3C
`traceparent`), and the span ids of a run are derived from its id. So every process knows the trace
context of a run. The spans of a run and an attempt are exported when the run or attempt has ended.

Orchestrators and entities must not call this module, because their code is replayed.
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
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType
from polysync_core.telemetry import names

type Attributes = Mapping[str, str | int | float]

LONGEST_SPAN = timedelta(hours=47)
"""A longer span is cut: Application Insights rejects a start more than 48 hours ago.

Source: https://github.com/microsoft/ApplicationInsights-node.js/issues/1466
"""
_MANY_AT_ONCE = frozenset({TriggerType.SCHEDULE, TriggerType.BACKFILL, TriggerType.ARRIVAL})
"""Triggers that create many runs at once; each run begins its own trace."""

next_span_id: ContextVar[int | None] = ContextVar("next_span_id", default=None)
"""The id for the next span."""

_tracer: Tracer = NoOpTracer()
_w3c = TraceContextTextMapPropagator()
_SUBJECT = context.create_key("polysync-subject")


def tracer() -> Tracer:
    """Return the tracer of the app, which is not the global one."""
    return _tracer


def trace_with(tracer: Tracer) -> None:
    """Use this tracer for all spans from now on."""
    global _tracer
    _tracer = tracer


def subject() -> Attributes:
    """Return the ids of the current run and attempt, for the spans of calls."""
    return cast("Attributes", context.get_value(_SUBJECT) or {})


def traceparent() -> str:
    """Return the current W3C trace context; empty outside a trace."""
    carrier: dict[str, str] = {}
    _w3c.inject(carrier)
    return carrier.get("traceparent", "")


@contextmanager
def continued(parent: str) -> Generator[None]:
    """Continue the caller's trace inside the block, if its trace context is valid."""
    token = context.attach(_w3c.extract({"traceparent": parent}, context.get_current()))
    try:
        yield
    finally:
        context.detach(token)


@contextmanager
def accepting(run: TaskRun) -> Generator[str]:
    """Yield the trace context for a run's row, inside the span of its acceptance."""
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
    """Attribute calls and logs inside the block to a run or an attempt."""
    ids = {**_of_attempt(run, attempt), names.STEP: step} if attempt else _of_run(run)
    span_context = _span_context(run, _span_id(run, attempt))
    token = context.attach(context.set_value(_SUBJECT, ids, span_context))
    try:
        yield
    finally:
        context.detach(token)


def record_attempt(run: TaskRun, attempt: Attempt) -> None:
    """Export the span of an ended attempt; an attempt without a start has no span."""
    started = attempt.begun_at
    if started is None or attempt.finished_at is None:
        return
    # The end comes from the platform's clock, which may be behind.
    ended = max(started, attempt.finished_at)
    parent, own = _span_context(run, _span_id(run, 0)), _span_id(run, attempt.number)
    span = _start_span(names.ATTEMPT_OF_RUN.name, parent, own, started, ended)
    _end(
        span, {**_of_attempt(run, attempt.number), **_result(attempt.status, attempt.cause)}, ended
    )


def record_run(run: TaskRun) -> None:
    """Export the span of an ended run."""
    ended = run.finished_at
    if ended is None:
        return
    parent = _w3c.extract({"traceparent": run.traceparent or ""}, Context())
    span = _start_span(names.RUN.name, parent, _span_id(run, 0), run.queued_at, ended)
    cause = run.attempt.cause if run.attempt is not None else None
    _end(span, {**_of_run(run), **_result(run.status, cause)}, ended)


def _start_span(
    name: str, parent: Context, span_id: int, started: datetime, ended: datetime
) -> Span:
    token = next_span_id.set(span_id)
    try:
        return _tracer.start_span(
            name,
            parent,
            attributes={names.SECONDS: (ended - started).total_seconds()},
            start_time=_nanoseconds(max(started, ended - LONGEST_SPAN)),
        )
    finally:
        next_span_id.reset(token)


def _end(span: Span, attributes: Attributes, at: datetime) -> None:
    span.set_attributes(attributes)
    if attributes[names.STATUS] == RunStatus.FAILED:
        span.set_status(StatusCode.ERROR)
    span.end(_nanoseconds(at))


def _span_context(run: TaskRun, span_id: int) -> Context:
    """Return the span context of a run, else the current context."""
    stored = trace.get_current_span(_w3c.extract({"traceparent": run.traceparent or ""}, Context()))
    known = stored.get_span_context()
    if not known.is_valid:
        return context.get_current()
    span = SpanContext(known.trace_id, span_id, is_remote=True, trace_flags=known.trace_flags)
    return trace.set_span_in_context(NonRecordingSpan(span), Context())


def _span_id(run: TaskRun, attempt: int) -> int:
    """Return the derived span id of a run (attempt 0) or an attempt."""
    digest = hashlib.sha256(f"{run.run_id}~{attempt}".encode()).digest()
    return int.from_bytes(digest[:8]) or 1


def _of_run(run: TaskRun) -> dict[str, str | int]:
    attributes = {
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
    return {name: value for name, value in attributes.items() if value}


def _of_attempt(run: TaskRun, number: int) -> dict[str, str | int]:
    attributes = {**_of_run(run), names.ATTEMPT: number}
    if number <= len(run.attempts) and (known := run.attempts[number - 1].external_run_id):
        attributes[names.EXTERNAL_RUN_ID] = known
    return attributes


def _result(status: RunStatus, cause: str | None) -> dict[str, str]:
    attributes = {names.STATUS: status.value}
    return attributes if cause is None else {**attributes, names.CAUSE: str(cause)}


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
