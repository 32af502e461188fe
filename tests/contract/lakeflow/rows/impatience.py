"""What is asked of servers that give Databricks little time.

The last row is the last of all: the original does not survive it.
"""

from __future__ import annotations

from tests.contract.lakeflow.table import read, row, run

_BUSY = {"fault": "status", "status": 429}

ROWS = (
    row(
        "Databricks is too busy for a start once",
        run(faults=({**_BUSY, "endpoint": "jobs/run-now"},)),
    ),
    row(
        "Databricks is too busy for a read once",
        read("/runs", faults=({**_BUSY, "endpoint": "jobs/runs/list"},)),
    ),
    row(
        "Databricks is too busy for reads all the time",
        read("/runs", faults=({**_BUSY, "endpoint": "jobs/runs/list", "times": 50},)),
    ),
    row(
        "Databricks does not answer a read",
        read("/runs", faults=({"endpoint": "jobs/runs/list", "fault": "silent"},)),
    ),
    row("a limit with a name in brackets", read("/runs?limit[a]=9")),
)
