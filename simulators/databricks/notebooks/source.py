"""Reads the cells of notebooks in the Python source format, and writes Jupyter JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

HEADER = "# Databricks notebook source"
JUPYTER = ".ipynb"
LANGUAGES = {".py": "PYTHON", ".sql": "SQL", ".scala": "SCALA", ".r": "R"}
"""The languages of notebooks in the source format, by the suffix of their files."""
_HEADERS = {
    ".py": HEADER,
    ".sql": "-- Databricks notebook source",
    ".scala": "// Databricks notebook source",
    ".r": HEADER,
}
_SEPARATOR = re.compile(r"^# COMMAND -{10}[ \t]*$", re.MULTILINE)
_MAGIC = re.compile(r"^# MAGIC ?", re.MULTILINE)
_TITLE = re.compile(r"^# DBTITLE \d+,(.*)$", re.MULTILINE)
_MARKDOWN = ("%md-sandbox", "%md")


class CellKind(StrEnum):
    """The kinds of cells."""

    PYTHON = "python"
    MARKDOWN = "markdown"
    MAGIC = "magic"
    """Another language or a command, such as `%run` or `%sql`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: its text without the `# MAGIC` prefixes, and its first line in the file."""

    kind: CellKind
    text: str
    first_line: int
    title: str | None = None

    @property
    def command(self) -> str:
        """The magic command of a cell, such as `%run`; empty for other cells."""
        words = self.text.split(maxsplit=1)
        return words[0] if self.kind is CellKind.MAGIC and words else ""


def is_notebook(text: str, suffix: str = ".py") -> bool:
    """Return whether a source file is a notebook; its first line decides."""
    first, _, _ = text.partition("\n")
    return first.rstrip() == _HEADERS.get(suffix.lower())


def read_cells(text: str) -> list[Cell]:
    """Split the source of a notebook into its non-empty cells."""
    cells: list[Cell] = []
    start = text.find("\n") + 1 if is_notebook(text) else 0
    for match in [*_SEPARATOR.finditer(text, start), None]:
        end = match.start() if match else len(text)
        if text[start:end].strip():
            cells.append(_read_cell(text, start, end))
        start = match.end() if match else end
    return cells


def _read_cell(text: str, start: int, end: int) -> Cell:
    body = text[start:end]
    first_line = text.count("\n", 0, start) + 1
    title = _TITLE.search(body)
    lines = [line for line in body.splitlines() if line.strip() and not _TITLE.match(line)]
    if not all(_MAGIC.match(line) for line in lines):
        return _cell(CellKind.PYTHON, body, first_line, title)
    plain = _MAGIC.sub("", "\n".join(lines))
    if plain.startswith("%python"):
        # Only the word is removed, so that the line numbers of a traceback stay right.
        code = _MAGIC.sub("", _TITLE.sub("", body)).replace("%python", "", 1)
        return _cell(CellKind.PYTHON, code, first_line, title)
    kind = CellKind.MARKDOWN if plain.startswith(_MARKDOWN) else CellKind.MAGIC
    return _cell(kind, plain, first_line, title)


def _cell(kind: CellKind, text: str, first_line: int, title: re.Match[str] | None) -> Cell:
    name = title.group(1).strip() if title else None
    return Cell(kind=kind, text=text, first_line=first_line, title=name)


def to_jupyter(text: str, *, name: str) -> dict[str, Any]:
    """Return the notebook as Jupyter JSON in the form of the workspace export."""
    return {
        "cells": [_jupyter_cell(cell) for cell in read_cells(text)],
        "metadata": {
            "application/vnd.databricks.v1+notebook": {
                "dashboards": [],
                "language": "python",
                "notebookMetadata": {"pythonIndentUnit": 4},
                "notebookName": name,
                "widgets": {},
            },
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 0,
    }


def _jupyter_cell(cell: Cell) -> dict[str, Any]:
    metadata = {
        "application/vnd.databricks.v1+cell": {
            "showTitle": cell.title is not None,
            "title": cell.title or "",
        }
    }
    text = cell.text.strip("\n")
    if cell.kind is CellKind.MARKDOWN:
        prefix = next(prefix for prefix in _MARKDOWN if text.startswith(prefix))
        text = text.removeprefix(prefix).strip("\n ")
        return {"cell_type": "markdown", "metadata": metadata, "source": _lines(text)}
    return {
        "cell_type": "code",
        "execution_count": 0,
        "metadata": metadata,
        "outputs": [],
        "source": _lines(text),
    }


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
