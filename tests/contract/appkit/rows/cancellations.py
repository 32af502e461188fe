"""Cancellations of runs."""

from __future__ import annotations

from tests.contract.appkit.differences import fresh, get_run, repeated
from tests.contract.appkit.table import Has, Setup, cancel, read, row, run

_LONG = Setup(notebook="long")
_CANCEL = {"call": "POST /api/2.2/jobs/runs/cancel", "body": {"run_id": "#<id 2>"}}


def _refused(status: int) -> dict[str, object]:
    return {"endpoint": "jobs/runs/cancel", "fault": "status", "status": status, "times": 9}


ROWS = (
    row("an active run is cancelled", run(), cancel(after="RUNNING"), setup=_LONG),
    row(
        "cancelling twice",
        run(),
        cancel(after="RUNNING"),
        cancel(),
        setup=_LONG,
        differs=fresh(2, {"sent": ([_CANCEL], [get_run(), _CANCEL])}),
    ),
    row("cancelling a finished run", run(), cancel(after="TERMINATED")),
    row(
        "cancelling a cached run reads nothing again",
        run(),
        read(after="TERMINATED"),
        cancel(),
    ),
    row(
        "a cancelled run that was cached before",
        run(),
        read(after="RUNNING"),
        cancel(),
        read(after="TERMINATED"),
        setup=_LONG,
        differs=fresh(
            3,
            {
                "body": (
                    Has({"state": {"life_cycle_state": "RUNNING"}}),
                    Has({"state": {"life_cycle_state": "TERMINATED"}}),
                ),
                "sent": ([], [get_run()]),
            },
        ),
    ),
    row("cancelling a run of another job", cancel("{other_run}")),
    row("cancelling an unknown run", cancel("5")),
    row("cancelling with a word as run id", cancel("abc")),
    row("cancelling with zero as run id", cancel("0")),
    row("cancelling with digits and letters", run(), cancel("{run}abc", after="TERMINATED")),
    *(
        row(
            f"Databricks refuses to cancel with {status}",
            run(),
            cancel(after="TERMINATED", faults=(_refused(status),)),
        )
        for status in (403, 409)
    ),
    row(
        "Databricks fails to cancel",
        run(),
        cancel(after="TERMINATED", faults=(_refused(500),)),
        differs=repeated(_CANCEL, index=1, before=(get_run(),)),
    ),
)
