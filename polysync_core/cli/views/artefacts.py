"""Shows the artefacts of a platform as a table (`artefacts`)."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.views.tables import cell, new_table
from polysync_core.domain.json_types import JsonObject


def artefacts_view(items: Sequence[JsonObject]) -> Table:
    """Return a table with a line for each artefact."""
    table = new_table("Artefact", "Job type", "Name", "Jobs")
    for item in items:
        reader = Reader("the artefact", item)
        facts = map(reader.text, ("externalId", "jobType", "name"))
        table.add_row(*map(cell, facts), cell(", ".join(reader.texts("jobs"))))
    return table
