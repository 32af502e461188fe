"""Builds the terminal table of a platform's artefacts and their problems."""

from __future__ import annotations

from collections.abc import Sequence

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import FittedTable
from polysync_core.cli.layout.tables import name_column, new_table, whole_column
from polysync_core.domain.json_types import JsonObject


def artefacts_view(items: Sequence[JsonObject]) -> FittedTable:
    """Return a table with a line for each artefact."""
    table = new_table(
        whole_column("Artefact"),
        whole_column("Job type", drop=1),
        name_column("Name", drop=2),
        name_column("Jobs"),
    )
    for item in items:
        reader = Reader("the artefact", item)
        facts = map(reader.text, ("externalId", "jobType", "name"))
        table.add(*facts, ", ".join(reader.texts("jobs")))
    return table


def artefact_problems(items: Sequence[JsonObject]) -> list[str]:
    """Return a line for each artefact or folder with a problem.

    The table has no room for the reasons.
    """
    readers = [Reader("the artefact", item) for item in items]
    return [
        f"{each.text('externalId')}: {each.text('problem')}"
        for each in readers
        if each.text("problem")
    ]
