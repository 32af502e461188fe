"""Builds the tables and cells of all views, in one style.

Every value becomes a `Text`, so that Rich never reads markup in text of a user or a platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from polysync_core.cli.terminal import printable
from polysync_core.cli.views.formats import ABSENT

_MAX_NAMES = 3


def new_table(*columns: str) -> Table:
    """Return an empty table with these columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def new_facts(rows: Iterable[tuple[str, Text | str]]) -> Table:
    """Return a table of names and values without a header."""
    table = Table(box=None, show_header=False, padding=(0, 2), pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(cell(name), value)
    return table


def cell(value: str | None, style: str = "") -> Text:
    """Return a value as a table cell, a dash if it is absent."""
    return Text(printable(value), style=style) if value else Text(ABSENT)


def names_cell(names: Sequence[str]) -> Text:
    """Return the first three names and the number of the others."""
    more = len(names) - _MAX_NAMES
    shown = ", ".join(names[:_MAX_NAMES])
    return cell(f"{shown} and {more} more" if more > 0 else shown)


def lines(texts: Iterable[str]) -> list[Text]:
    """Return sentences of the API, one per line."""
    return [Text(printable(text)) for text in texts]
