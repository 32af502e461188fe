"""Parses notebook source files into cells, and converts between source and Jupyter format."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

HEADER = "# Databricks notebook source"
JUPYTER = ".ipynb"
LANGUAGES = {".py": "PYTHON", ".sql": "SQL", ".scala": "SCALA", ".r": "R"}
"""The languages of notebooks in the source format, by the suffix of their files."""
_COMMENTS = {".py": "#", ".sql": "--", ".scala": "//", ".r": "#"}
_MARKDOWN = ("%md-sandbox", "%md")
_METADATA = "application/vnd.databricks.v1+notebook"


class CellKind(StrEnum):
    """The kinds of cells."""

    PYTHON = "python"
    """Code in the language of the notebook, or of Python by `%python`."""
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


class _Marks:
    """The comments that structure the source of a notebook in one language."""

    def __init__(self, suffix: str) -> None:
        comment = re.escape(_COMMENTS[suffix.lower()])
        self.separator = re.compile(rf"^{comment} COMMAND -{{10}}[ \t]*$", re.MULTILINE)
        self.magic = re.compile(rf"^{comment} MAGIC ?", re.MULTILINE)
        self.whole = re.compile(rf"^{comment} MAGIC.*$", re.MULTILINE)
        self.title = re.compile(rf"^{comment} DBTITLE \d+,(.*)$", re.MULTILINE)


_MARKS = {suffix: _Marks(suffix) for suffix in _COMMENTS}


def is_notebook(text: str, suffix: str = ".py") -> bool:
    """Return whether a source file is a notebook; its first line decides."""
    first, _, _ = text.partition("\n")
    comment = _COMMENTS.get(suffix.lower())
    return comment is not None and first.rstrip() == f"{comment} Databricks notebook source"


def read_cells(text: str, suffix: str = ".py") -> list[Cell]:
    """Split the source of a notebook into its non-empty cells."""
    cells: list[Cell] = []
    marks = _MARKS[suffix.lower()]
    start = text.find("\n") + 1 if is_notebook(text, suffix) else 0
    for match in [*marks.separator.finditer(text, start), None]:
        end = match.start() if match else len(text)
        if text[start:end].strip():
            cells += _read_cells(text, start, end, marks)
        start = match.end() if match else end
    return cells


def _read_cells(text: str, start: int, end: int, marks: _Marks) -> list[Cell]:
    """Return the cells of a part: its marked lines together, then its other lines."""
    body = text[start:end]
    first_line = text.count("\n", 0, start) + 1
    found = marks.title.search(body)
    title = found.group(1).strip() if found else None
    lines = [line for line in body.splitlines() if line.strip() and not marks.title.match(line)]
    marked = [line for line in lines if marks.magic.match(line)]
    if not marked:
        return [Cell(kind=CellKind.PYTHON, text=body, first_line=first_line, title=title)]
    kind, plain = _marked(marked, body, marks)
    cells = [Cell(kind=kind, text=plain, first_line=first_line, title=title)]
    if len(marked) < len(lines):
        # Blank lines replace the marked ones, so that the line numbers of a traceback stay right.
        rest = marks.whole.sub("", body)
        cells.append(Cell(kind=CellKind.PYTHON, text=rest, first_line=first_line))
    return cells


def _marked(lines: list[str], body: str, marks: _Marks) -> tuple[CellKind, str]:
    plain = marks.magic.sub("", "\n".join(lines))
    if plain.startswith("%python"):
        # Only the word is removed, so that the line numbers of a traceback stay right.
        kept = [marks.magic.sub("", line) if line in lines else "" for line in body.splitlines()]
        return CellKind.PYTHON, "\n".join(kept).replace("%python", "", 1)
    return CellKind.MARKDOWN if plain.startswith(_MARKDOWN) else CellKind.MAGIC, plain


def to_jupyter(text: str, *, name: str, suffix: str = ".py") -> dict[str, Any]:
    """Return the notebook as Jupyter JSON in the form of the workspace export."""
    language = LANGUAGES[suffix.lower()].lower()
    return {
        "cells": [_jupyter_cell(cell) for cell in read_cells(text, suffix)],
        "metadata": {
            _METADATA: {
                "dashboards": [],
                "language": language,
                "notebookMetadata": {"pythonIndentUnit": 4},
                "notebookName": name,
                "widgets": {},
            },
            "language_info": {"name": language},
        },
        "nbformat": 4,
        "nbformat_minor": 0,
    }


def to_source(document: str) -> tuple[str, str]:
    """Return the source of a Jupyter notebook, and the suffix of its language."""
    notebook = json.loads(document)
    known = notebook.get("metadata", {}).get(_METADATA, {}).get("language", "python")
    languages = {name.lower(): suffix for suffix, name in LANGUAGES.items()}
    suffix = languages.get(str(known).lower(), ".py")
    comment = _COMMENTS[suffix]
    cells = [_source_cell(cell, comment) for cell in notebook.get("cells", [])]
    separator = f"\n\n{comment} COMMAND ----------\n\n"
    return f"{comment} Databricks notebook source\n" + separator.join(cells), suffix


def _source_cell(cell: dict[str, Any], comment: str) -> str:
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    if cell.get("cell_type") == "markdown":
        text = f"%md\n{text}"
    if not text.lstrip().startswith("%"):
        return text
    return "\n".join(f"{comment} MAGIC {line}" for line in text.splitlines())


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
