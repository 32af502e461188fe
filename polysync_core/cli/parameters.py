"""Parses a run's parameter values from CLI arguments: `name=text` and `name:=json`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import typer

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject, JsonValue


def parse_parameters(assignments: Iterable[str]) -> JsonObject:
    """Return the values by name; text stays exactly as it was written.

    Raises:
        ValueError: an assignment is malformed, or a name is given twice.
    """
    values: JsonObject = {}
    for assignment in assignments:
        name, value = _parse(assignment)
        if name in values:
            raise ValueError(f"{name} is given twice.")
        values[name] = value
    return values


def parameter_values(assignments: Iterable[str] | None, *, option: str = "-p") -> JsonObject:
    """Return the values of the `-p` options, or of others with the same form.

    Raises:
        BadParameter: an assignment is malformed; the command ends with exit code 2.
    """
    try:
        return parse_parameters(assignments or [])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def _parse(assignment: str) -> tuple[str, JsonValue]:
    left, equals, right = assignment.partition("=")
    is_typed = left.endswith(":")
    name = left.removesuffix(":")
    if not equals or not name:
        # The message does not repeat the text, which may be a secret value.
        raise ValueError("A parameter is written name=value, or name:=json for a typed value.")
    return name, (_typed_value(name, right) if is_typed else right)


def _typed_value(name: str, text: str) -> JsonValue:
    try:
        return cast("JsonValue", json.loads(text, parse_constant=_reject_constant))
    except ValueError as error:
        raise ValueError(
            f"The value of {name} is not JSON; write {name}=… (without the colon) for plain text."
        ) from error


def _reject_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
