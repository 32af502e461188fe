"""Builds the terminal table of job keys, the short names of Databricks jobs."""

from __future__ import annotations

from polysync_core.cli.api.reader import Reader, as_object
from polysync_core.cli.layout.fitted_table import FittedTable
from polysync_core.cli.layout.tables import name_column, new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject


def job_keys_view(keys: JsonObject) -> FittedTable:
    """Return a table with a line for each key."""
    table = new_table(
        name_column("Key"),
        whole_column("Task type"),
        text_column("Parameters"),
        name_column("Platform", drop=1),
        whole_column("Job id", drop=2),
    )
    for key, options in keys.items():
        reader = Reader("the job key", as_object(options, what=f"job key {key}"))
        table.add(
            key,
            reader.text("taskType"),
            _parameters(reader.object("params")),
            reader.text("platform"),
            "yes" if reader.members.get("hasJobId") else "missing",
        )
    return table


def _parameters(schema: JsonObject) -> str | None:
    """Return the names of the parameters; a star marks a required one."""
    reader = Reader("the schema", schema)
    required = reader.texts("required")
    names = [f"{name}*" if name in required else name for name in reader.object("properties")]
    return ", ".join(names) or None
