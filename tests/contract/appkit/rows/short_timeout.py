"""Requests to the servers with a short time-out.

The last row must be the last of the table, because it ends the original's process.
"""

from __future__ import annotations

from tests.contract.appkit.differences import PROBLEM_TYPE, list_runs, survived, too_busy
from tests.contract.appkit.table import Has, read, row

ROWS = (
    row(
        "Databricks stays too busy for reads",
        read(
            "/runs",
            faults=({"endpoint": "jobs/runs/list", "fault": "status", "status": 429, "times": 50},),
        ),
        differs=too_busy(
            {
                "status": (500, 429),
                "body": (
                    {"error": "Internal Server Error", "plugin": "jobs"},
                    Has({"error": "Too Many Requests", "plugin": "jobs"}),
                ),
                "sent": ([list_runs(20)], [list_runs(20)] * 3),
            }
        ),
    ),
    row(
        "Databricks does not answer a read",
        read("/runs", faults=({"endpoint": "jobs/runs/list", "fault": "silent"},)),
    ),
    row(
        "a limit with a name in brackets",
        read("/runs?limit[a]=9"),
        differs=survived(
            {
                "status": (0, 422),
                "type": ("", PROBLEM_TYPE),
                "body": ("", Has({"error": "Unprocessable Entity"})),
            }
        ),
    ),
)
