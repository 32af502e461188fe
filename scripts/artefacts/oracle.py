"""Searches notebooks and other artefacts for parameter names that the parsers miss.

A name that the search finds must be a parameter or stand in a note. An occurrence without a name,
such as a computed one, must make the reading incomplete. Everything else is a silent miss.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from scripts.artefacts.files import ArtefactFile, Kind
from scripts.artefacts.readings import Reading

_UNNAMED = ""
_QUOTED = r"""\s*(?:name\s*=\s*)?[rRuU]?["']([^"'{}$]{1,255})["']"""
_CREATOR = re.compile(r"\bwidgets\s*\.\s*(?:text|dropdown|combobox|multiselect)\s*\(")
_READER = re.compile(r"\bwidgets\s*\.\s*get(?:Argument)?\s*\(|(?<![\w.])getArgument\s*\(")
_READS_ALL = re.compile(r"\bwidgets\s*\.\s*getAll\s*\(|\bgetCurrentBindings\s*\(")
_STATEMENT = re.compile(r"\bCREATE\s+WIDGET\s+\w+\s+(`[^`]+`|\w+)(?=[\s;]|$)", re.IGNORECASE)
_MARKER = re.compile(r"(?<![:\w`\])}\"'])\:([A-Za-z_]\w*)|\$\{\s*([A-Za-z_]\w*)\s*\}")
_COMMENT = re.compile(r"^\s*(?:#(?! ?MAGIC)|--(?! ?MAGIC)|//(?! ?MAGIC)).*$", re.MULTILINE)
_TRAILING = re.compile(r"""^((?:[^"'#\n]|"[^"\n]*"|'[^'\n]*')*)#.*$""", re.MULTILINE)
_MAGIC = re.compile(r"^(?:#|--|//) ?MAGIC ?", re.MULTILINE)
_CELLS = re.compile(r"^(?:#|--|//) ?COMMAND -+.*$", re.MULTILINE)
_TEXT_CELL = re.compile(r"\s*%(?:md|sh|html|fs)", re.IGNORECASE)
_SQL_CELL = re.compile(r"\s*%sql\b", re.IGNORECASE)
_TEXTS_OF_SQL = re.compile(r"'[^']*'|\"[^\"]*\"|/\*.*?\*/|--[^\n]*", re.DOTALL)
_NAMED_HOLDERS = frozenset(
    {"base_parameters", "named_parameters", "job_parameters", "notebook_params", "sql_params"}
)
_LISTED_KINDS = ("spark_python_task", "spark_jar_task", "spark_submit_task", "dbt_task")
_BODY = re.compile(r"triggerBody\(\)\??(?:\['([^']+)'\]|\.(\w+))")


def silent_misses(reading: Reading) -> list[str]:
    """Return the found occurrences that are neither parameters nor noted."""
    schema = reading.schema
    known = {each.name for each in schema.parameters}
    notes = "\n".join(schema.notes)
    missed: list[str] = []
    for name in dict.fromkeys(occurrences(reading.artefact)):
        if name == _UNNAMED and schema.is_complete:
            missed.append("a computed name")
        elif name and name not in known and name not in notes:
            missed.append(name)
    return missed


def occurrences(artefact: ArtefactFile) -> Iterator[str]:
    """Yield the names that a text search finds; empty for one that is computed."""
    match artefact.kind:
        case Kind.NOTEBOOK:
            for cell, is_sql in _cells(artefact):
                yield from _in_code(cell)
                if is_sql:
                    yield from _in_sql(cell)
        case Kind.JOB:
            yield from _in_job(artefact.document)
        case Kind.PIPELINE:
            declared = artefact.document["properties"].get("parameters") or {}
            yield from declared if isinstance(declared, dict) else [_UNNAMED]
        case Kind.WORKFLOW:
            text = json.dumps(artefact.document["properties"]["definition"], ensure_ascii=False)
            yield from (each[1] or each[2] for each in _BODY.finditer(text))
            yield from _in_schema(artefact.document["properties"]["definition"])
        case Kind.AML_JOB:
            yield from artefact.document.get("inputs") or {}
            yield from artefact.document.get("search_space") or {}


def _cells(artefact: ArtefactFile) -> Iterator[tuple[str, bool]]:
    """Yield the cells of code, each with the answer if it is SQL."""
    if artefact.path.suffix.lower() == ".ipynb":
        texts, is_sql = list(_jupyter(artefact.text)), '"language": "sql"' in artefact.text
    else:
        texts = _CELLS.split(artefact.text)
        is_sql = artefact.path.suffix.lower() == ".sql"
    for text in texts:
        code = _TRAILING.sub(r"\1", _MAGIC.sub("", _COMMENT.sub("", text)))
        magic = code.lstrip()
        if not _TEXT_CELL.match(magic):
            other = magic.startswith("%") and not _SQL_CELL.match(magic)
            yield code, bool(_SQL_CELL.match(magic)) or (is_sql and not other)


def _jupyter(text: str) -> Iterator[str]:
    try:
        cells = json.loads(text).get("cells", [])
    except (ValueError, AttributeError):
        return
    for cell in cells if isinstance(cells, list) else []:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            yield "".join(source) if isinstance(source, list) else str(source)


def _in_code(code: str) -> Iterator[str]:
    for pattern in (_CREATOR, _READER):
        for found in pattern.finditer(code):
            name = re.compile(_QUOTED).match(code, found.end())
            yield name[1] if name else _UNNAMED
    if _READS_ALL.search(code):
        yield _UNNAMED
    yield from (found[1].strip("`") for found in _STATEMENT.finditer(code))


def _in_sql(code: str) -> Iterator[str]:
    for found in _MARKER.finditer(_TEXTS_OF_SQL.sub("''", code)):
        yield found[1] or found[2]


def _in_job(document: Any) -> Iterator[str]:
    if isinstance(document, list):
        for each in document:
            yield from _in_job(each)
    if not isinstance(document, dict):
        return
    for name, value in document.items():
        if (name in _NAMED_HOLDERS and isinstance(value, dict)) or (
            name == "parameters" and isinstance(value, dict)
        ):
            yield from map(str, value)
        elif name == "parameters" and isinstance(value, list):
            yield from (str(each["name"]) for each in value if isinstance(each, dict))
        if name in _LISTED_KINDS:
            yield name
        yield from _in_job(value)


def _in_schema(definition: Any) -> Iterator[str]:
    for trigger in definition["triggers"].values():
        inputs = trigger.get("inputs") if isinstance(trigger, dict) else None
        schema = inputs.get("schema") if isinstance(inputs, dict) else None
        properties = schema.get("properties") if isinstance(schema, dict) else None
        yield from properties if isinstance(properties, dict) else {}
        return
