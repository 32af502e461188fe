"""Server-sent events."""

from __future__ import annotations

from typing import Any

from tests.contract.lakeflow.table import JSON, Row, Setup, read, row, run, stream


def _poll(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    replace = {"state": state, "status": None, "tasks": [], "start_time": 0, "end_time": 0, **more}
    return {"endpoint": "jobs/runs/get", "fault": "wrong-type", "replace": replace}


def _states(*states: str) -> tuple[dict[str, Any], ...]:
    return tuple(_poll({"life_cycle_state": state} if state else {}) for state in states)


def _query(query: str, name: str) -> Row:
    return row(f"{name} asks for no stream", run(query=query))


def _failed(name: str, **fault: Any) -> Row:
    faults = (*_states("RUNNING"), {"endpoint": "jobs/runs/get", "times": 9, **fault})
    return row(f"a stream whose second look meets {name}", stream(faults=faults))


ROWS = (
    row(
        "a stream tells every look until the run has ended",
        stream({"a": 1}, faults=_states("PENDING", "RUNNING", "RUNNING", "TERMINATED")),
    ),
    row("a stream ends with a run that was skipped", stream(faults=_states("SKIPPED"))),
    row(
        "a stream ends with an internal error", stream(faults=_states("RUNNING", "INTERNAL_ERROR"))
    ),
    row(
        "a stream goes on in other states",
        stream(
            faults=_states(
                "QUEUED", "BLOCKED", "WAITING_FOR_RETRY", "TERMINATING", "DREAMING", "TERMINATED"
            )
        ),
    ),
    row("a look without a state has no status", stream(faults=_states("", "TERMINATED"))),
    row("a run is followed to its end", stream(last_event_only=True)),
    row(
        "a stream without parameters",
        stream(faults=_states("TERMINATED")),
        setup=Setup(task_type=None),
    ),
    row(
        "a stream whatever the client accepts",
        stream(headers={**JSON, "Accept": "application/json"}, faults=_states("TERMINATED")),
    ),
    _query("?stream=1", "1"),
    _query("?stream=TRUE", "TRUE"),
    _query("?stream=", "nothing"),
    _query("?stream=false", "false"),
    _query("?stream=true&stream=true", "true twice"),
    _query("?stream[]=true", "true in brackets"),
    _query("?Stream=true", "another name"),
    row(
        "a start that Databricks refuses in a stream",
        stream(
            faults=({"endpoint": "jobs/run-now", "fault": "status", "status": 403, "times": 9},)
        ),
    ),
    row(
        "a start that fails in a stream",
        stream(
            faults=({"endpoint": "jobs/run-now", "fault": "status", "status": 500, "times": 9},)
        ),
    ),
    row(
        "a start without an answer in a stream",
        stream(faults=({"endpoint": "jobs/run-now", "fault": "lost-response", "times": 9},)),
    ),
    row(
        "a start without a run id in a stream",
        stream(faults=({"endpoint": "jobs/run-now", "fault": "wrong-type"},)),
    ),
    _failed("a 500", fault="status", status=500),
    _failed("a 503", fault="status", status=503),
    _failed("a 403", fault="status", status=403),
    _failed("no JSON", fault="malformed"),
    _failed("a cut answer", fault="cut"),
    row(
        "a stream that waits no longer",
        stream(faults=_states("RUNNING"), last_event_only=True),
        setup=Setup(notebook="long", wait_timeout=200),
    ),
    row(
        "a run goes on after the stream that waited for it",
        stream(last_event_only=True),
        read(),
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
        "a stream's run may be of another job",
        stream(faults=(_poll({"life_cycle_state": "TERMINATED"}, job_id=5),)),
    ),
    row(
        "a stream leaves what is kept alone",
        run(),
        read(after="TERMINATED"),
        stream(faults=_states("TERMINATED")),
        read(),
    ),
    row(
        "a stream is taken up again",
        stream(last_event_only=True),
        stream(headers={**JSON, "Last-Event-ID": "{event}"}, last_event_only=True),
        setup=Setup(notebook="long", wait_timeout=100),
    ),
    row(
        "a stream is taken up again when the run has ended",
        stream(faults=_states("RUNNING", "TERMINATED")),
        stream(headers={**JSON, "Last-Event-ID": "{event}"}, last_event_only=True),
    ),
    row(
        "a stream of an event that nobody knows",
        stream(
            headers={**JSON, "Last-Event-ID": "6e8bc430-9c3a-11d9-9669-0800200c9a66"},
            faults=_states("TERMINATED"),
        ),
    ),
)
