"""What is asked of servers that give Databricks little time.

The last row is the last of all: the original does not survive it.
"""

from __future__ import annotations

from tests.contract.lakeflow.table import read, row

ROWS = (
    row(
        "Databricks is too busy for reads all the time",
        read(
            "/runs",
            faults=({"endpoint": "jobs/runs/list", "fault": "status", "status": 429, "times": 50},),
        ),
    ),
    row(
        "Databricks does not answer a read",
        read("/runs", faults=({"endpoint": "jobs/runs/list", "fault": "silent"},)),
    ),
    row("a limit with a name in brackets", read("/runs?limit[a]=9")),
)
