"""Reads parameters from the placeholders and default values of a Batch job definition.

A command holds placeholders such as `Ref::rows`. The definition may give them default values.
https://docs.aws.amazon.com/batch/latest/userguide/job_definition_parameters.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.values import INVALID_NAME, is_parameter_name

_PLACEHOLDER = re.compile(r"Ref::([A-Za-z0-9_.-]+)")
_PROPERTIES = ("containerProperties", "nodeProperties", "ecsProperties", "eksProperties")
_COMMANDS = frozenset({"command", "args"})
_DEEPEST = 12


def schema_of(definition: JsonObject) -> ArtefactSchema:
    """Return the placeholders and the default values of a job definition as parameters."""
    found: dict[str, Parameter] = {}
    notes: list[str] = []
    for name, value in object_in(definition, "parameters").items():
        if is_parameter_name(name):
            found[name] = Parameter(name=name, default=value if isinstance(value, str) else None)
        else:
            notes.append(INVALID_NAME)
    for name in _placeholders(definition):
        found.setdefault(name, Parameter(name=name, required=True))
    return ArtefactSchema(parameters=tuple(found.values()), notes=tuple(notes))


def _placeholders(definition: JsonObject) -> Iterator[str]:
    for name in _PROPERTIES:
        for command in _commands(definition.get(name)):
            yield from _PLACEHOLDER.findall(command)


def _commands(value: JsonValue, depth: int = 0) -> Iterator[str]:
    """Yield the words of all commands in a part of a job definition."""
    if depth == _DEEPEST:
        return
    if isinstance(value, list):
        for each in value:
            yield from _commands(each, depth + 1)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name in _COMMANDS and isinstance(each, list):
                yield from (word for word in each if isinstance(word, str))
            else:
                yield from _commands(each, depth + 1)
