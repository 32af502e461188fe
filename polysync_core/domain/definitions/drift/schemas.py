"""Compares and merges the parameters of a Job and of the platform artefact."""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import convert, convert_literal
from polysync_core.domain.security.secrets import is_secret_reference, resembles_reference


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """An attribute of a parameter before and after an import."""

    name: str
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaDifference:
    """The difference between two schemas."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    type_changed: tuple[ParameterChange, ...] = ()
    default_changed: tuple[ParameterChange, ...] = ()
    missing_changed: tuple[ParameterChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether the schemas are equal."""
        return self == NO_DIFFERENCE


NO_DIFFERENCE = SchemaDifference()


def schema_difference(before: Sequence[Parameter], after: Sequence[Parameter]) -> SchemaDifference:
    """Return the difference between two schemas."""
    old, new = {each.name: each for each in before}, {each.name: each for each in after}
    both = [(old[name], new[name]) for name in new if name in old]
    return SchemaDifference(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        type_changed=tuple(
            ParameterChange(one.name, one.data_type.value, other.data_type.value)
            for one, other in both
            if one.data_type is not other.data_type
        ),
        default_changed=tuple(
            ParameterChange(one.name, one.default, other.default)
            for one, other in both
            if json.dumps(one.default) != json.dumps(other.default)
        ),
        missing_changed=tuple(
            ParameterChange(one.name, one.missing, other.missing)
            for one, other in both
            if one.missing is not other.missing
        ),
    )


def as_job_parameter(parameter: Parameter) -> Parameter:
    """Return an artefact's parameter in the form that is valid in a Job.

    A default is external data. It can name no secret and hold no variable, so both are removed or
    escaped. A default that does not match its type is dropped.
    """
    default = parameter.default
    if isinstance(default, str) and resembles_reference(default):
        default = None
    elif default is not None:
        default = _literal(default, parameter.data_type)
    return parameter.model_copy(update={"default": default})


def unfit_default(parameter: Parameter) -> str | None:
    """Return a note about an artefact's default that no Job can hold; None if it can."""
    if parameter.default is None or as_job_parameter(parameter).default is not None:
        return None
    reason = (
        "looks like a reference to a secret"
        if isinstance(parameter.default, str) and resembles_reference(parameter.default)
        else f"does not fit its type {parameter.data_type}"
    )
    return (
        f"the default of {parameter.name} {reason}: the Job has no default for it, so a run without"
        " a value uses the default of the artefact"
    )


def merged(
    existing: Sequence[Parameter],
    found: Sequence[Parameter],
    *,
    typed: bool,
    complete: bool,
    guessed: Set[str] = frozenset(),
) -> tuple[Parameter, ...]:
    """Return a Job's schema with the present parameters of its artefact.

    Edits by people are kept: the direction, `required`, a secret default, and the type unless the
    platform is `typed` and the type is not `guessed`. A parameter that the artefact lacks is
    removed, unless the list is not `complete` or the parameter is an output.
    """
    known = {each.name: each for each in existing}
    new = [
        _refreshed(known[each.name], each, typed=typed and each.name not in guessed)
        if each.name in known
        else each
        for each in map(as_job_parameter, found)
    ]
    names = {each.name for each in new}
    kept = [
        each
        for each in existing
        if each.name not in names and (each.direction is Direction.OUTPUT or not complete)
    ]
    return (*new, *kept)


def safe_changes_only(
    existing: Sequence[Parameter], found: Sequence[Parameter], *, complete: bool = False
) -> tuple[Parameter, ...]:
    """Return the schema with only those changes that cannot break a Task.

    A parameter that a `complete` list lacks is kept and marked as missing.
    """
    names = {each.name for each in existing}
    present = {each.name for each in found}
    kept = [
        each if each.name in names else each.model_copy(update={"required": False})
        for each in merged(existing, found, typed=False, complete=False)
    ]
    return tuple(
        each.model_copy(update={"missing": True})
        if complete and each.name not in present and each.direction is not Direction.OUTPUT
        else each
        for each in kept
    )


def only_named(
    before: Sequence[Parameter], after: Sequence[Parameter], names: Set[str]
) -> tuple[Parameter, ...]:
    """Return a schema with only the changes of some parameters; the other ones stay."""
    new = {each.name: each for each in after}
    kept = [new.get(each.name) if each.name in names else each for each in before]
    present = {each.name for each in before}
    added = [each for each in after if each.name in names - present]
    return (*(each for each in kept if each is not None), *added)


def _refreshed(old: Parameter, found: Parameter, *, typed: bool) -> Parameter:
    data_type = found.data_type if typed else old.data_type
    return old.model_copy(
        update={
            "data_type": data_type,
            "default": _default(old, found, data_type),
            "description": old.description or found.description,
            "missing": False,
        }
    )


def _default(old: Parameter, found: Parameter, data_type: DataType) -> JsonValue:
    if isinstance(old.default, str) and is_secret_reference(old.default):
        return old.default
    kept = _fitting(old.default, data_type)
    if old.direction is Direction.OUTPUT or found.default is None:
        return kept
    taken = _fitting(found.default, data_type)
    # The default of the artefact does not match the type: keep the Job's own default.
    return kept if taken is None else taken


def _fitting(default: JsonValue, data_type: DataType) -> JsonValue:
    """Return a default converted to a data type, or None if that is impossible."""
    try:
        return convert(default, data_type, path="default")
    except Invalid:
        return None


def _literal(default: JsonValue, data_type: DataType) -> JsonValue:
    try:
        converted = convert_literal(default, data_type, path="default")
    except Invalid:
        return None
    return converted.replace("${", "$${") if isinstance(converted, str) else converted
