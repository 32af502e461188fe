"""Builds the terminal table of a definition's saved versions."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Moment
from polysync_core.cli.layout.tables import new_table, text_column, whole_column
from polysync_core.domain.json_types import JsonObject


def versions_view(answer: JsonObject) -> RenderableType:
    """Return the versions with their authors, newest first."""
    table = new_table(
        whole_column("Version"), whole_column("Saved"), text_column("By"), whole_column("As")
    )
    for version, note in _versions(Reader("the versions", answer)):
        table.add(
            f"{version.number('version')}{note}",
            Moment(version.time("savedAt")),
            version.text("savedBy"),
            version.text("source"),
        )
    return table


def _versions(answer: Reader) -> Iterator[tuple[Reader, str]]:
    if current := answer.object("current"):
        yield Reader("a version", current), " (now)"
    for each in answer.objects("items"):
        yield Reader("a version", each), ""
