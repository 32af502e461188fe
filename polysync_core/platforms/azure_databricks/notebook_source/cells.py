"""Splits a notebook's source into cells of one language each.

The source format separates cells by `COMMAND ----------` comments; comments such as `MAGIC %sql`
mark the lines of another language, and the other lines of the cell are code of the notebook. A
Jupyter document has cells whose first line is the magic command.
https://docs.databricks.com/notebooks/notebook-export-import.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast


class Language(StrEnum):
    """The languages of cells; `OTHER` is Markdown and shell."""

    PYTHON = "python"
    SQL = "sql"
    SCALA = "scala"
    R = "r"
    RUN = "run"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; the text of a `RUN` cell is the path and arguments of the other notebook."""

    language: Language
    text: str


_COMMENTS = {
    Language.PYTHON: "#",
    Language.R: "#",
    Language.SQL: "--",
    Language.SCALA: "//",
}
_BY_KIND = {
    "py": Language.PYTHON,
    "python": Language.PYTHON,
    "sql": Language.SQL,
    "scala": Language.SCALA,
    "r": Language.R,
}
_CELL_MAGIC = re.compile(
    r"(?:[ \t]*(?:(?:#|--|//)[^\n]*)?\n)*[ \t]*"
    r"%{1,2}(python|sql|scala|r|run|md|sh|fs|pip|conda|html|javascript)\b[ \t]*",
    re.IGNORECASE,
)
_RUN_LINE = re.compile(r"^[ \t]*%run[ \t]+(\S.*)$", re.MULTILINE)
_LINE_MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)


def cells_of(text: str, kind: str) -> list[Cell]:
    """Return the cells of an exported notebook of the `file_type` `kind`."""
    if kind == "ipynb" or text.lstrip().startswith("{"):
        cells = _jupyter_cells(text)
        if cells is not None:
            return cells
    language = _BY_KIND.get(kind) or _language_by_header(text)
    comment = _COMMENTS[language]
    separator = re.compile(rf"^{re.escape(comment)}[ \t]*COMMAND[ \t]*-{{5,}}[ \t]*$", re.MULTILINE)
    return [
        cell for part in separator.split(_lines(text)) for cell in _cells(part, language, comment)
    ]


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _language_by_header(text: str) -> Language:
    header = text.lstrip().partition("\n")[0]
    if header.startswith("--"):
        return Language.SQL
    return Language.SCALA if header.startswith("//") else Language.PYTHON


def _cells(part: str, language: Language, comment: str) -> Iterator[Cell]:
    """Yield the cells of a part: its marked lines together, and its other lines."""
    mark = re.compile(rf"{re.escape(comment)}[ \t]*MAGIC[ \t]?")
    marked: list[str] = []
    others: list[str] = []
    for line in part.splitlines():
        found = mark.match(line)
        if found is None:
            others.append(line)
        else:
            marked.append(line[found.end() :])
    if marked:
        yield from _magic_cells("\n".join(marked), language)
    if not marked or any(line.strip() for line in others):
        yield from _code_cells("\n".join(others), language)


def _magic_cells(text: str, default: Language) -> Iterator[Cell]:
    """Yield the cells of a text whose first line may be a magic command."""
    found = _CELL_MAGIC.match(text)
    if found is None:
        yield from _code_cells(text, default)
        return
    rest, word = text[found.end() :], found[1].lower()
    match word:
        case "run":
            line, _, below = rest.partition("\n")
            yield Cell(Language.RUN, line.strip())
            if below.strip():
                yield from _magic_cells(below, default)
        case "python" | "sql" | "scala" | "r":
            yield from _code_cells(rest, Language(word))
        case "pip" | "conda":
            # The command takes one line; code follows.
            yield from _magic_cells(rest.partition("\n")[2], default)
        case _:
            yield Cell(Language.OTHER, rest)


def _code_cells(text: str, language: Language) -> Iterator[Cell]:
    """Yield a cell of code; a line of Python may run another notebook."""
    if language is Language.PYTHON:
        for line in _RUN_LINE.findall(text):
            yield Cell(Language.RUN, line.strip())
    yield Cell(language, text)


def without_line_magic(text: str) -> str:
    """Return the text of a Python cell with its magic commands blanked."""
    return _LINE_MAGIC.sub("", text)


def _jupyter_cells(text: str) -> list[Cell] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    found = cast("dict[str, Any]", document)
    default = _jupyter_language(found.get("metadata"))
    cells = found.get("cells")
    if not isinstance(cells, list):
        return None
    return [
        cell
        for text in _code(cast("list[Any]", cells))
        for cell in _magic_cells(_lines(text), default)
    ]


def _jupyter_language(metadata: object) -> Language:
    match metadata:
        case {"application/vnd.databricks.v1+notebook": {"language": str(language)}}:
            return _BY_KIND.get(language.lower(), Language.PYTHON)
        case {"language_info": {"name": str(language)}}:
            return _BY_KIND.get(language.lower(), Language.PYTHON)
        case _:
            return Language.PYTHON


def _code(cells: Iterable[Any]) -> Iterator[str]:
    for cell in cells:
        match cell:
            case {"cell_type": "code", "source": str(source)}:
                yield source
            case {"cell_type": "code", "source": [*parts]}:
                yield "".join(part for part in parts if isinstance(part, str))
            case _:
                continue
