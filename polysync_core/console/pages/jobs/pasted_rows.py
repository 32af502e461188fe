"""Parses parameter rows that a user pastes from a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from polysync_core.console.forms.raw import RawObject
from polysync_core.domain.definitions.base import MAX_PARAMETERS
from polysync_core.domain.definitions.jobs import DataType, Direction

COLUMNS = ("name", "dataType", "direction", "default", "required", "sensitive", "description")
"""The columns of a sheet, and of the grid of parameters."""


def pasted_rows(text: str) -> list[RawObject]:
    """Return the rows of a sheet, or raise `csv.Error`; a row of headings is left out."""
    lines = csv.reader(text.splitlines(), delimiter="\t")
    rows = [[cell.strip() for cell in line] for line in lines]
    found = [_pasted_row(row) for row in rows if row and row[0]]
    is_heading = bool(found) and str(found[0]["name"]).casefold() in {"name", "parameter"}
    return found[is_heading : MAX_PARAMETERS + 1]


def _pasted_row(cells: Sequence[str]) -> RawObject:
    row = dict(zip(COLUMNS, cells, strict=False))
    words = {
        "dataType": _word(row.get("dataType"), [each.value for each in DataType]),
        "direction": _word(row.get("direction"), [each.value for each in Direction]),
        "required": _truth(row.get("required")),
        "sensitive": _truth(row.get("sensitive")),
    }
    return {**row, **{name: word for name, word in words.items() if name in row}}


def _word(text: str | None, known: Sequence[str]) -> str:
    """Return the known spelling of a word; an empty cell is the first word."""
    by_folded = {each.casefold(): each for each in known}
    return by_folded.get((text or known[0]).casefold(), text or "")


def _truth(text: str | None) -> str:
    return "true" if (text or "").casefold() in {"true", "yes", "x", "1"} else "false"
