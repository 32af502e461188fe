"""Failures of Databricks."""

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
_UNAUTHORISED = 401
_TRANSIENT = 500
_BROKEN = {
    "lost-response": "no answer",
    "cut": "a cut answer",
    "truncated": "half of the JSON",
    "malformed": "invalid JSON",
}


def _status(endpoint: str, status: int, **more: Any) -> dict[str, Any]:
    return _fault(endpoint, "status", status=status, **more)


def _fault(endpoint: str, kind: str, **more: Any) -> dict[str, Any]:
    """Return a fault that lasts longer than all retries."""
    return {"endpoint": endpoint, "fault": kind, "times": 9, **more}


def _differs(status: int, call: dict[str, Any]) -> Difference | None:
    if status >= _TRANSIENT:
        return repeated(call)
    return signed_in_again(call) if status == _UNAUTHORISED else None


def _run_now(status: int) -> Row:
    return row(
        f"{status} for the start of a run",
        run(faults=(_status("jobs/run-now", status),)),
        differs=_differs(status, RUN_NOW),
    )


def _read(status: int) -> Row:
    return row(
        f"{status} for a read of a run",
        read("/runs/5", faults=(_status("jobs/runs/get", status),)),
        differs=_differs(status, get_run("5")),
    )


def _list(status: int) -> tuple[Row, ...]:
    faults = (_status("jobs/runs/list", status),)
    return (
        row(
            f"{status} for a list",
            read("/runs", faults=faults),
            differs=_differs(status, list_runs(20)),
        ),
        row(
            f"{status} for the status",
            read("/status", faults=faults),
            differs=_differs(status, list_runs(1)),
        ),
    )


def _broken(kind: str, name: str) -> tuple[Row, ...]:
    return (
        row(
            f"{name} for the start of a run",
            run(faults=(_fault("jobs/run-now", kind),)),
            differs=repeated(RUN_NOW),
        ),
        row(
            f"{name} for a read of a run",
            run(),
            read(faults=(_fault("jobs/runs/get", kind),)),
            differs=repeated(get_run(), index=1),
        ),
    )


ROWS = (
    *(_run_now(status) for status in _STATUSES),
    *(_read(status) for status in _STATUSES),
    *(each for status in (403, 500) for each in _list(status)),
    *(each for kind, name in _BROKEN.items() for each in _broken(kind, name)),
    row(
        "an error page for the start of a run",
        run(faults=(_status("jobs/run-now", 503, body="html"),)),
        differs=repeated(RUN_NOW),
    ),
    row(
        "an empty error for a read of a run",
        read("/runs/5", faults=(_status("jobs/runs/get", 403, body="empty"),)),
    ),
    row(
        "texts from Databricks are not shown",
        run(faults=(_status("jobs/run-now", 403, message="canary"),)),
    ),
    row(
        "an error is not cached",
        run(),
        read(faults=(_status("jobs/runs/get", 403),)),
        read(after="TERMINATED"),
    ),
    row(
        "a run id that is a text is passed on",
        run(faults=(_fault("jobs/run-now", "wrong-type", replace={"run_id": "abc"}),)),
    ),
    row(
        "a start without a run id in the answer",
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
        "a run whose job id is a text",
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
        "Databricks is too busy for the first attempt of a start",
        run(
            keeps_token=True,
            faults=({"endpoint": "jobs/run-now", "fault": "status", "status": 429},),
        ),
        differs=with_token(2),
    ),
)
