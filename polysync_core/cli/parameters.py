"""Parameter values on the command line: `name=text` and `name:=json`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import typer

if TYPE_CHECKING:
    from polysync_core.cli.json import JsonObject, JsonValue


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


def given_values(assignments: Iterable[str] | None) -> JsonObject:
    """Return the values that options gave, or end the command where one is malformed."""
    try:
        return parse_parameters(assignments or [])
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="-p") from error


def _parse(assignment: str) -> tuple[str, JsonValue]:
    left, equals, right = assignment.partition("=")
    typed = left.endswith(":")
    name = left.removesuffix(":")
    if not equals or not name:
        # The text may be a value that was meant to stay private: it is not repeated.
        raise ValueError("A parameter is written name=value, or name:=json for a typed value.")
    return name, (_typed(name, right) if typed else right)


def _typed(name: str, text: str) -> JsonValue:
    try:
        return cast("JsonValue", json.loads(text, parse_constant=_refuse_constant))
    except ValueError as error:
        raise ValueError(
            f"The value of {name} is not JSON; write {name}=… (without the colon) for plain text."
        ) from error


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
