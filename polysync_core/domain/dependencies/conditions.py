"""Defines the conditions of dependencies, and the upstream outcomes that meet each condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, cast

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from polysync_core.domain.runs.status import RunStatus


class Condition(StrEnum):
    """The final outcome of the upstream Task that a dependency requires."""

    ON_SUCCESS = "OnSuccess"
    ON_FAILURE = "OnFailure"
    ON_COMPLETION = "OnCompletion"
    ON_SKIPPED = "OnSkipped"
    ALWAYS = "Always"


_VALUES = tuple(each.value for each in Condition)
_ENDED = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})

MEETS: Mapping[Condition, frozenset[RunStatus]] = {
    Condition.ON_SUCCESS: frozenset({RunStatus.SUCCEEDED}),
    Condition.ON_FAILURE: frozenset({RunStatus.FAILED}),
    Condition.ON_COMPLETION: _ENDED,
    Condition.ON_SKIPPED: frozenset({RunStatus.SKIPPED}),
    Condition.ALWAYS: _ENDED | {RunStatus.SKIPPED},
}
"""The outcomes that meet each condition."""


DEFAULT_CONDITIONS = (Condition.ON_SUCCESS,)
"""The conditions of a dependency that names none."""


def outcomes_of(conditions: Iterable[Condition]) -> frozenset[RunStatus]:
    """Return the outcomes that meet at least one of the conditions."""
    return frozenset[RunStatus]().union(*(MEETS[each] for each in conditions))


def condition_text(conditions: Iterable[Condition]) -> str:
    """Return conditions as the words of a sentence: `OnSuccess or OnSkipped`."""
    return " or ".join(conditions)


def _as_tuple(given: object) -> object:
    """Return one condition, or a list of conditions, as a tuple without repetitions."""
    if not isinstance(given, list | tuple):
        return (_condition(given),)
    items = cast("Sequence[object]", given)
    if any(each not in _VALUES for each in items):
        raise ValueError(f"each condition must be one of {', '.join(_VALUES)}")
    return tuple(dict.fromkeys(map(_condition, items)))


def _condition(given: object) -> Condition:
    if given not in _VALUES:
        expected = ", ".join(f"'{each}'" for each in _VALUES)
        raise PydanticCustomError("enum", "Input should be {expected}", {"expected": expected})
    return Condition(given)


def _as_written(conditions: tuple[Condition, ...]) -> str | list[str]:
    """Return a single condition as text, and several as a list."""
    return conditions[0].value if len(conditions) == 1 else [each.value for each in conditions]


_ONE = {"type": "string", "enum": [*_VALUES]}

type Conditions = Annotated[
    tuple[Condition, ...],
    Field(min_length=1),
    BeforeValidator(_as_tuple),
    PlainSerializer(_as_written),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]
"""One condition, or a list of conditions of which one must be met."""
