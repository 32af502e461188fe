"""Builds terminal tables, columns and cells in one style for all commands.

Every value becomes a `Text`, so that Rich never reads markup in text of a user or a platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.layout.fitted_table import Column, FittedTable, Wrap
from polysync_core.cli.layout.formats import ABSENT
from polysync_core.cli.layout.sentences import Facts, Sentence
from polysync_core.cli.terminal import printable
from polysync_core.domain.json_types import JsonObject

_MAX_RUNS = 3


def new_table(*columns: Column) -> FittedTable:
    """Return an empty table with these columns."""
    return FittedTable(columns)


def whole_column(title: str, drop: int = 0) -> Column:
    """Return a column whose cells stay on one line, such as ids, times and statuses."""
    return Column(title, drop)


def name_column(title: str, drop: int = 0) -> Column:
    """Return a column of names, which a narrow screen breaks into lines."""
    return Column(title, drop, Wrap.ANYWHERE)


def text_column(title: str, drop: int = 0) -> Column:
    """Return a column of sentences, which a narrow screen breaks between words."""
    return Column(title, drop, Wrap.WORDS)


def link_column(title: str) -> Column:
    """Return a column of links or ids, which a narrow screen shows below each row."""
    return Column(title, wrap=Wrap.BELOW)


def new_facts(rows: Iterable[tuple[str, Text | str]]) -> Facts:
    """Return names and values, one pair per line."""
    return Facts(
        [
            (printable(name), cell(value) if isinstance(value, str) else value)
            for name, value in rows
        ]
    )


def cell(value: str | None, style: str = "") -> Text:
    """Return a value as a table cell, a dash if it is absent."""
    return Text(printable(value), style=style) if value else Text(ABSENT)


def runs_cell(runs: Sequence[JsonObject]) -> Text:
    """Return the first runs with their Tasks; the API lists at most 100, so no number follows."""
    readers = [Reader("a run", each) for each in runs[:_MAX_RUNS]]
    shown = [_named(reader.text("runId") or "?", reader.text("task")) for reader in readers]
    return cell(", ".join([*shown, *(["…"] if len(runs) > _MAX_RUNS else [])]))


def lines(texts: Iterable[str]) -> list[Sentence]:
    """Return sentences of the API, one per line."""
    return [Sentence(Text(printable(text))) for text in texts]


def _named(run_id: str, task: str | None) -> str:
    return f"{task} ({run_id})" if task else run_id
