"""Streams of server-sent events."""

from __future__ import annotations

from typing import Any

from tests.contract.appkit.differences import (
    RUN_NOW,
    STARTED,
    STREAM,
    additional,
    get_run,
    repeated,
    resumed,
    unknown_parameter,
)
from tests.contract.appkit.table import JSON, Has, Row, Setup, read, row, run, stream


def _poll(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    replace = {"state": state, "status": None, "tasks": [], "start_time": 0, "end_time": 0, **more}
    return {"endpoint": "jobs/runs/get", "fault": "wrong-type", "replace": replace}


def _states(*states: str) -> tuple[dict[str, Any], ...]:
    return tuple(_poll({"life_cycle_state": state} if state else {}) for state in states)


def _query(query: str, name: str) -> Row:
    return row(f"{name} opens no stream", run(query=query))


def _unknown(query: str, name: str) -> Row:
    differs = unknown_parameter((200, STARTED, [RUN_NOW]))
    return row(f"{name} opens no stream", run(query=query), differs=differs)


def _failed(name: str, **fault: Any) -> Row:
    faults = (*_states("RUNNING"), {"endpoint": "jobs/runs/get", "times": 9, **fault})
    differs = repeated(get_run(), before=(RUN_NOW, get_run()))
    return row(
        f"a stream whose second poll fails with {name}", stream(faults=faults), differs=differs
    )


def _too_long(run_id: str) -> list[dict[str, Any]]:
    text = f"Job run {run_id} polling timeout after 100ms"
    return [{"id": True, "event": "error", "data": {"error": text, "code": "TIMEOUT"}}]


ROWS = (
    row(
        "a stream has an event for each poll until the end",
        stream({"a": 1}, faults=_states("PENDING", "RUNNING", "RUNNING", "TERMINATED")),
    ),
    row("a stream ends with a skipped run", stream(faults=_states("SKIPPED"))),
    row(
        "a stream ends with an internal error", stream(faults=_states("RUNNING", "INTERNAL_ERROR"))
    ),
    row(
        "a stream continues in other states",
        stream(
            faults=_states(
                "QUEUED", "BLOCKED", "WAITING_FOR_RETRY", "TERMINATING", "DREAMING", "TERMINATED"
            )
        ),
    ),
    row("a snapshot without a state has no status", stream(faults=_states("", "TERMINATED"))),
    row("a run is streamed to its end", stream(last_event_only=True)),
    row(
        "a stream without parameters",
        stream(faults=_states("TERMINATED")),
        setup=Setup(task_type=None),
    ),
    row(
        "a stream is independent of the Accept header",
        stream(headers={**JSON, "Accept": "application/json"}, faults=_states("TERMINATED")),
    ),
    _query("?stream=1", "1"),
    _query("?stream=TRUE", "TRUE"),
    _query("?stream=", "nothing"),
    _query("?stream=false", "false"),
    _query("?stream=true&stream=true", "true twice"),
    _unknown("?stream[]=true", "true in brackets"),
    _unknown("?Stream=true", "another name"),
    row(
        "a refused start in a stream",
        stream(
            faults=({"endpoint": "jobs/run-now", "fault": "status", "status": 403, "times": 9},)
        ),
    ),
    row(
        "a failed start in a stream",
        stream(
            faults=({"endpoint": "jobs/run-now", "fault": "status", "status": 500, "times": 9},)
        ),
        differs=repeated(RUN_NOW),
    ),
    row(
        "a start without an answer in a stream",
        stream(faults=({"endpoint": "jobs/run-now", "fault": "lost-response", "times": 9},)),
        differs=repeated(RUN_NOW),
    ),
    row(
        "a start without a run id in a stream",
        stream(faults=({"endpoint": "jobs/run-now", "fault": "wrong-type"},)),
    ),
    _failed("a 500", fault="status", status=500),
    _failed("a 503", fault="status", status=503),
    row(
        "a stream whose second poll is refused",
        stream(
            faults=(
                *_states("RUNNING"),
                {"endpoint": "jobs/runs/get", "fault": "status", "status": 403},
            )
        ),
    ),
    _failed("invalid JSON", fault="malformed"),
    _failed("a cut answer", fault="cut"),
    row(
        "a run continues after its stream",
        stream(last_event_only=True),
        read(after="RUNNING"),
        setup=Setup(notebook="long", wait_timeout=100),
    ),
    row(
        "an event that is too large",
        stream(
            faults=(
                _poll({"life_cycle_state": "RUNNING"}, blob="x" * 1_100_000),
                *_states("TERMINATED"),
            )
        ),
    ),
    row(
        "line ends in an event",
        stream(
            faults=(_poll({"life_cycle_state": "TERMINATED", "state_message": "a\nb\r\nc\u2028d"}),)
        ),
    ),
    row(
        "a stream's run may belong to another job",
        stream(faults=(_poll({"life_cycle_state": "TERMINATED"}, job_id=5),)),
    ),
    row(
        "a stream does not change the cache",
        run(),
        read(after="TERMINATED"),
        stream(faults=_states("TERMINATED")),
        read(after="TERMINATED"),
    ),
    row(
        "a stream is resumed",
        stream(last_event_only=True),
        stream(headers={**JSON, "Last-Event-ID": "{event}"}, last_event_only=True),
        setup=Setup(notebook="long", wait_timeout=100),
        differs=resumed(
            1,
            {
                "body": (_too_long("<id 4>"), _too_long("<id 2>")),
                "sent": ([RUN_NOW, get_run("<id 4>")], [get_run()]),
            },
        ),
    ),
    row(
        "a stream is resumed after the end of the run",
        stream(faults=_states("RUNNING", "TERMINATED")),
        stream(headers={**JSON, "Last-Event-ID": "{event}"}, last_event_only=True),
        differs=resumed(
            1,
            {
                "body": (Has([{"data": {"status": "TERMINATED"}}]), []),
                "sent": ([RUN_NOW, get_run("<id 3>")], [get_run()]),
            },
        ),
    ),
    row(
        "an existing run as a stream",
        run(),
        read("/runs/{run}?stream=true", after="TERMINATED", last_event_only=True),
        differs=additional(
            1,
            {
                "type": ("application/json; charset=utf-8", "text/event-stream; charset=utf-8"),
                "body": (
                    Has({"state": {"life_cycle_state": "TERMINATED"}}),
                    Has([{"event": "message", "data": {"status": "TERMINATED"}}]),
                ),
                "cache-control": (None, "no-cache, no-transform"),
                "x-accel-buffering": (None, "no"),
            },
        ),
    ),
    row(
        "a stream with an unknown event id",
        stream(
            headers={**JSON, "Last-Event-ID": "6e8bc430-9c3a-11d9-9669-0800200c9a66"},
            faults=_states("TERMINATED"),
        ),
        differs=resumed(
            0,
            {
                "status": (200, 400),
                "body": (
                    Has([{"data": {"status": "TERMINATED"}}]),
                    Has({"error": "Bad Request", "plugin": "jobs"}),
                ),
                "sent": ([RUN_NOW, get_run()], []),
                **STREAM,
            },
        ),
    ),
)
