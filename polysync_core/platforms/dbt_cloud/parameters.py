"""Reads and writes the variables (`--vars`) in the commands of a dbt job.

dbt Cloud has no call that sets the variables of one run. The commands of a run may be replaced,
so the values stand in the commands. https://docs.getdbt.com/docs/build/project-variables
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from typing import cast

import yaml

from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.values import INVALID_NAME, data_type_of, is_parameter_name

_OPTION = "--vars"
_UNREADABLE = "the variables of a command cannot be read: add its parameters by hand"


class UnreadableCommand(ValueError):
    """The command is no shell command, or its variables are no object."""


def with_variables(commands: Iterable[str], values: JsonObject) -> list[str]:
    """Return commands with these variables, which replace variables of the same names.

    Raises `PlatformRefused` (cause `Parameters`) for a command that cannot be read.
    """
    return [_with_variables(command, values) for command in commands]


def schema_of(commands: Sequence[str]) -> ArtefactSchema:
    """Return the variables in the commands of a job as parameters with their defaults."""
    found: dict[str, Parameter] = {}
    notes: list[str] = []
    for command in commands:
        try:
            _, variables = _split(command)
        except UnreadableCommand:
            notes.append(_UNREADABLE)
            continue
        for name, value in variables.items():
            if is_parameter_name(name):
                data_type = data_type_of(value)
                found[name] = Parameter(name=name, data_type=data_type, default=value)
            else:
                notes.append(INVALID_NAME)
    # A project may read more variables than its commands set.
    return ArtefactSchema(parameters=tuple(found.values()), notes=tuple(notes), complete=False)


def _with_variables(command: str, values: JsonObject) -> str:
    try:
        words, variables = _split(command)
    except UnreadableCommand as error:
        reason = str(error)
    else:
        content = json.dumps({**variables, **values}, ensure_ascii=False)
        return shlex.join([*words, _OPTION, content])
    raise PlatformRefused(
        f"a command of the dbt job cannot get variables: {reason}", cause=FailureCause.PARAMETERS
    )


def _split(command: str) -> tuple[list[str], JsonObject]:
    """Return the words of a command without the variables, and the variables."""
    try:
        words = shlex.split(command)
    except ValueError:
        raise UnreadableCommand("its quotes are not closed") from None
    kept: list[str] = []
    variables: JsonObject = {}
    rest = iter(words)
    for word in rest:
        if word == _OPTION:
            # As in dbt, the last option counts.
            variables = _read(next(rest, ""))
        elif word.startswith(f"{_OPTION}="):
            variables = _read(word.removeprefix(f"{_OPTION}="))
        else:
            kept.append(word)
    return kept, variables


def _read(text: str) -> JsonObject:
    try:
        value = cast("JsonValue", json.loads(json.dumps(yaml.safe_load(text))))
    except (yaml.YAMLError, TypeError, ValueError, RecursionError):
        raise UnreadableCommand("its variables are no YAML") from None
    if not isinstance(value, dict):
        raise UnreadableCommand("its variables are no object")
    return value
