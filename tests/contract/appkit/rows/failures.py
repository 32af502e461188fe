"""What goes wrong at Databricks."""

from __future__ import annotations

from typing import Any

from tests.contract.appkit.differences import (
    RUN_NOW,
    get_run,
    list_runs,
    repeated,
    signed_in_again,
    with_token,
)
from tests.contract.appkit.table import Difference, Row, read, row, run

_STATUSES = (400, 401, 403, 404, 409, 418, 422, 499, 500, 501, 502, 503, 504)
_SIGN_IN = 401
_MAY_PASS = 500
_BROKEN = {
    "lost-response": "no answer",
    "cut": "an answer that is cut",
    "truncated": "half of the JSON",
    "malformed": "no JSON",
}


def _status(endpoint: str, status: int, **more: Any) -> dict[str, Any]:
    return _fault(endpoint, "status", status=status, **more)


def _fault(endpoint: str, kind: str, **more: Any) -> dict[str, Any]:
    """Return a fault that outlasts every repetition."""
    return {"endpoint": endpoint, "fault": kind, "times": 9, **more}


def _differs(status: int, call: dict[str, Any]) -> Difference | None:
    if status >= _MAY_PASS:
        return repeated(call)
    return signed_in_again(call) if status == _SIGN_IN else None


def _run_now(status: int) -> Row:
    return row(
        f"{status} to the start of a run",
        run(faults=(_status("jobs/run-now", status),)),
        differs=_differs(status, RUN_NOW),
    )


def _read(status: int) -> Row:
    return row(
        f"{status} to the reading of a run",
        read("/runs/5", faults=(_status("jobs/runs/get", status),)),
        differs=_differs(status, get_run("5")),
    )


def _list(status: int) -> tuple[Row, ...]:
    faults = (_status("jobs/runs/list", status),)
    return (
        row(
            f"{status} to a list",
            read("/runs", faults=faults),
            differs=_differs(status, list_runs(20)),
        ),
        row(
            f"{status} to the status",
            read("/status", faults=faults),
            differs=_differs(status, list_runs(1)),
        ),
    )


def _broken(kind: str, name: str) -> tuple[Row, ...]:
    return (
        row(
            f"{name} to the start of a run",
            run(faults=(_fault("jobs/run-now", kind),)),
            differs=repeated(RUN_NOW),
        ),
        row(
            f"{name} to the reading of a run",
            run(),
            read(faults=(_fault("jobs/runs/get", kind),)),
            differs=repeated(get_run(), place=1),
        ),
    )


ROWS = (
    *(_run_now(status) for status in _STATUSES),
    *(_read(status) for status in _STATUSES),
    *(each for status in (403, 500) for each in _list(status)),
    *(each for kind, name in _BROKEN.items() for each in _broken(kind, name)),
    row(
        "an error page to the start of a run",
        run(faults=(_status("jobs/run-now", 503, body="html"),)),
        differs=repeated(RUN_NOW),
    ),
    row(
        "an empty error to the reading of a run",
        read("/runs/5", faults=(_status("jobs/runs/get", 403, body="empty"),)),
    ),
    row(
        "no text of Databricks comes through",
        run(faults=(_status("jobs/run-now", 403, message="canary"),)),
    ),
    row(
        "an error is not kept",
        run(),
        read(faults=(_status("jobs/runs/get", 403),)),
        read(after="TERMINATED"),
    ),
    row(
        "a run id that is a text comes as it is",
        run(faults=(_fault("jobs/run-now", "wrong-type", replace={"run_id": "abc"}),)),
    ),
    row(
        "a start that is answered without a run id",
        run(faults=(_fault("jobs/run-now", "wrong-type"),)),
    ),
    row(
        "a list of runs that is null",
        read(
            "/runs",
            faults=(_fault("jobs/runs/list", "wrong-type", replace={"runs": None}),),
        ),
    ),
    row(
        "a run whose job is told as a text",
        run(),
        read(
            after="TERMINATED",
            faults=(_fault("jobs/runs/get", "wrong-type", replace={"job_id": "5"}),),
        ),
    ),
    row(
        "a run without a job",
        run(),
        read(
            after="TERMINATED",
            faults=(_fault("jobs/runs/get", "wrong-type", replace={"job_id": None}),),
        ),
    ),
    row(
        "Databricks is too busy for a start at first",
        run(
            keeps_token=True,
            faults=({"endpoint": "jobs/run-now", "fault": "status", "status": 429},),
        ),
        differs=with_token(2),
    ),
)
