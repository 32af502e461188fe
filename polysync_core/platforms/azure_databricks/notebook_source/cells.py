"""Splits a notebook into cells of one language each.

The source format separates cells by `COMMAND ----------` comments; comments such as `MAGIC %sql`
mark a cell in another language. A Jupyter document has cells whose first line is the magic
command. https://docs.databricks.com/notebooks/notebook-export-import.html
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
    """One cell; the text of a `RUN` cell is the path of the other notebook."""

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
_CELL_MAGIC = re.compile(r"\s*%(python|sql|scala|r|run|md|sh|fs|pip|conda)\b[ \t]*", re.IGNORECASE)
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
    return [_cell(part, language, comment) for part in separator.split(_lines(text))]


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _language_by_header(text: str) -> Language:
    header = text.lstrip().partition("\n")[0]
    if header.startswith("--"):
        return Language.SQL
    return Language.SCALA if header.startswith("//") else Language.PYTHON


def _cell(part: str, language: Language, comment: str) -> Cell:
    magic = re.compile(rf"^{re.escape(comment)}[ \t]*MAGIC[ \t]?", re.MULTILINE)
    if magic.search(part) is None:
        return Cell(language, _without_line_magic(part, language))
    uncommented = "\n".join(line[found.end() :] for line, found in _magic_lines(part, magic))
    return _magic_cell(uncommented, language)


def _magic_lines(part: str, magic: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    for line in part.splitlines():
        found = magic.match(line)
        if found is not None:
            yield line, found


def _magic_cell(text: str, default: Language) -> Cell:
    """Return the cell for a text with a magic command in its first line."""
    found = _CELL_MAGIC.match(text)
    if found is None:
        return Cell(default, _without_line_magic(text, default))
    rest, word = text[found.end() :], found[1].lower()
    match word:
        case "run":
            return Cell(Language.RUN, rest.strip().partition("\n")[0])
        case "python" | "sql" | "scala" | "r":
            language = Language(word)
            return Cell(language, _without_line_magic(rest, language))
        case "pip" | "conda":
            # The command takes one line; code follows.
            return Cell(default, _without_line_magic(rest.partition("\n")[2], default))
        case _:
            return Cell(Language.OTHER, rest)


def _without_line_magic(text: str, language: Language) -> str:
    return _LINE_MAGIC.sub("", text) if language is Language.PYTHON else text


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
    return [_magic_cell(_lines(text), default) for text in _code(cast("list[Any]", cells))]


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
