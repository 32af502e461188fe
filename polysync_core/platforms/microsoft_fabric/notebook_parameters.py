"""Reads the parameters of a Fabric notebook from its parameters cell.

The cell has the tag `parameters`. A run gets one more cell below it, with the given values.
https://learn.microsoft.com/fabric/data-engineering/author-execute-notebook#parameterized-session-configuration-from-a-pipeline
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, cast

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.json_types import JsonValue
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.values import data_type_of, is_parameter_name

_TAG = "parameters"
_MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)
_PYTHON = frozenset({"", "python", "pyspark", "jupyter", "synapse_pyspark", "ipython"})
_UNREADABLE = "the notebook cannot be read: declare its parameters by hand"
_STRUCTURED = frozenset({DataType.JSON, DataType.JSON_ARRAY})


def parameters_of(document: bytes) -> ArtefactSchema:
    """Return the variables that the parameters cell of a Jupyter document assigns."""
    try:
        notebook: Any = json.loads(document)
        cells = [cell for cell in notebook["cells"] if _TAG in _tags(cell)]
        languages = {_language(cell, notebook) for cell in cells}
        sources = ["".join(cell["source"]) for cell in cells]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ArtefactSchema(parameters=(), notes=(_UNREADABLE,))
    other = next((each for each in languages if each not in _PYTHON), None)
    if other is not None:
        note = f"the parameters cell is written in {other[:40]}: declare its parameters by hand"
        return ArtefactSchema(parameters=(), notes=(note,))
    return _schema_of("\n".join(sources))


def _tags(cell: Any) -> list[Any]:
    tags = cell.get("metadata", {}).get("tags")
    return cast("list[Any]", tags) if isinstance(tags, list) else []


def _language(cell: Any, notebook: Any) -> str:
    """Return the language of a cell: its own, or that of the notebook."""
    own = cell.get("metadata", {}).get("microsoft", {}).get("language")
    info = notebook.get("metadata", {}).get("language_info", {}).get("name")
    return str(own or info or "").lower()


def _schema_of(source: str) -> ArtefactSchema:
    try:
        statements = ast.parse(_MAGIC.sub("pass", source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ArtefactSchema(parameters=(), notes=(_UNREADABLE,))
    notes: list[str] = []
    found: dict[str, Parameter] = {}
    for name, value in _assignments(statements):
        if is_parameter_name(name) and not name.startswith("_"):
            found[name] = _parameter(name, value, notes)
    return ArtefactSchema(parameters=tuple(found.values()), notes=tuple(notes), complete=True)


def _assignments(statements: list[ast.stmt]) -> Iterator[tuple[str, ast.expr | None]]:
    for statement in statements:
        match statement:
            case ast.Assign(targets=targets, value=value):
                yield from ((each.id, value) for each in targets if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                yield name, value
            case _:
                continue


def _parameter(name: str, value: ast.expr | None, notes: list[str]) -> Parameter:
    try:
        default = None if value is None else _json(ast.literal_eval(value))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        notes.append(f"the default of {name} is computed: the Job has no default for it")
        return Parameter(name=name)
    data_type = data_type_of(default)
    if data_type in _STRUCTURED:
        # Fabric passes texts, numbers and booleans only.
        notes.append(f"{name} is a list or a dictionary: the notebook gets a given value as text")
        default = None
    return Parameter(name=name, data_type=data_type, default=default)


def _json(value: object) -> JsonValue:
    """Return a literal as JSON; raise `ValueError` or `TypeError` for other values."""
    return cast("JsonValue", json.loads(json.dumps(value, allow_nan=False)))
