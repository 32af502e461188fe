"""What is asked of servers that give Databricks little time.

The last row is the last of all: the original does not survive it.
"""

from __future__ import annotations

from tests.contract.appkit.differences import JSON_TYPE, list_runs, survived, too_busy
from tests.contract.appkit.table import Has, read, row

ROWS = (
    row(
        "Databricks is too busy for reads all the time",
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
                "status": (0, 200),
                "type": ("", JSON_TYPE),
                "body": ("", {"runs": []}),
                "sent": ([], [list_runs(20)]),
            }
        ),
    ),
)
