"""Parses the valid fields of an invalid definition, so that all errors are reported.

The wrong values are replaced and noted as unread fields. The rest of the definition can then be
checked against the other definitions.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from pydantic import ValidationError

from polysync_core.domain.definitions.base import Definition, FieldError, Kind
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.validation.lengths import length_problems
from polysync_core.domain.definitions.validation.messages import (
    path_of,
    problem_of,
    problems_of,
    similar,
    suggestion,
)
from polysync_core.domain.definitions.validation.model_fields import field_names
from polysync_core.domain.definitions.validation.placeholders import replace_value
from polysync_core.domain.definitions.validation.unread import ALL_READ, UnreadFields
from polysync_core.domain.errors import MAX_PROBLEMS, Invalid, Problem
from polysync_core.domain.json_types import JsonValue

ENOUGH_PROBLEMS = 300
"""The number of problems after which the rest of a document is not checked."""
_MAX_ROUNDS = 5
_MAX_COMPARED = 20
"""The number of unknown fields that are compared with the known ones."""
_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")

type _Details = Mapping[str, Any]
type _Location = tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The readable parts of a definition, and every problem of its fields."""

    kind: Kind
    problems: tuple[Problem, ...] = ()
    """The problems, with full paths."""
    omitted: int = 0
    definition: Definition | None = None
    """The definition with placeholders for its wrong values; None if nothing could be read."""
    unread_fields: UnreadFields = ALL_READ

    def with_problem(self, problem: Problem) -> Draft:
        """Return the draft with one more problem."""
        return replace(self, problems=(problem, *self.problems))


def validated(
    model: type[Definition], raw: JsonValue, context: Mapping[str, Any] | None = None
) -> Definition:
    """Return a valid definition, or raise pydantic's `ValidationError`."""
    return model.model_validate_json(
        json.dumps(raw), strict=True, by_alias=True, by_name=False, context=context
    )


def checked_model(kind: Kind, raw: JsonValue, path: str) -> type[Definition]:
    """Return the model of a definition of bounded length, or raise `Invalid`."""
    model = _model_for(kind, raw, path)
    if too_long := list(islice(length_problems(model, raw, path), ENOUGH_PROBLEMS)):
        raise Invalid(too_long)
    return model


def read_draft(
    kind: Kind, raw: JsonValue, *, path: str = "", context: Mapping[str, Any] | None = None
) -> Draft:
    """Read a definition as far as possible; `path` is its place in a document."""
    try:
        model = checked_model(kind, raw, path)
    except Invalid as error:
        return Draft(kind=kind, problems=error.problems, omitted=error.omitted)
    try:
        return Draft(kind=kind, definition=validated(model, raw, context))
    except ValidationError as error:
        if error.error_count() > MAX_PROBLEMS:
            refused = Invalid(problems_of(error, model, prefix=path))
            return Draft(kind=kind, problems=refused.problems, omitted=refused.omitted)
        repair = _Repair(model=model, raw=copy.deepcopy(raw), path=path, context=context)
        definition = repair.run(error)
    unread_fields = UnreadFields(frozenset(repair.unread_fields))
    if definition is not None and unread_fields.includes("name"):
        # No definition has such a name, so no check takes it for another definition.
        definition = definition.model_copy(update={"name": path or "?"})
    problems = tuple(repair.problems)
    return Draft(kind=kind, problems=problems, definition=definition, unread_fields=unread_fields)


@dataclass(slots=True, kw_only=True)
class _Repair:
    """Replaces wrong values until the rest of a definition is valid, and collects the problems."""

    model: type[Definition]
    raw: JsonValue
    path: str
    context: Mapping[str, Any] | None = None
    unread_fields: set[str] = field(default_factory=set[str])
    problems: list[Problem] = field(default_factory=list[Problem])
    _compared: int = 0

    def run(self, error: ValidationError) -> Definition | None:
        """Return the definition with placeholders, or None if it cannot be repaired."""
        for _ in range(_MAX_ROUNDS):
            details = error.errors(include_url=False)
            replaced = UnreadFields(frozenset(self.unread_fields))
            self.problems += [
                self._problem(each) for each in details if not _is_consequence(each, replaced)
            ]
            if not all([self._replace(each, replaced) for each in details]):
                return None
            try:
                return validated(self.model, self.raw, self.context)
            except ValidationError as following:
                error = following
        return None

    def _problem(self, details: _Details) -> Problem:
        names = tuple(part for part in details["loc"][:-1] if isinstance(part, str))
        return problem_of(details, prefix=self.path, known=field_names(self.model, names))

    def _replace(self, details: _Details, replaced: UnreadFields) -> bool:
        """Replace one wrong value; if that was done already, replace the object around it."""
        location = _location(details)
        while location and replaced.includes(path_of(location)):
            location = location[:-1]
        if not location:
            return False
        if details["type"] == "extra_forbidden":
            self.unread_fields.update(self._meant_fields(location))
        self.unread_fields.add(path_of(location))
        return replace_value(self.model, self.raw, location, len(self.unread_fields))

    def _meant_fields(self, location: _Location) -> Iterator[str]:
        """Yield the paths of the fields that an unknown field may have been meant for."""
        *parents, name = location
        given: Any = self.raw
        for part in parents:
            given = given[part]
        inner = tuple(part for part in parents if isinstance(part, str))
        fields = field_names(self.model, inner)
        self._compared += 1
        meant = similar(name, fields) if self._compared <= _MAX_COMPARED else []
        for each in meant or fields:
            if each not in given:
                yield path_of((*parents, each))


def _is_consequence(details: _Details, replaced: UnreadFields) -> bool:
    """Return whether a problem may come from a replaced value.

    A rule of a whole definition only forbids repetitions, and a replacement repeats nothing.
    """
    if replaced.includes(path_of(_location(details))):
        return True
    return bool(details["loc"]) and replaced.overlaps(path_of(details["loc"]))


def _location(details: _Details) -> _Location:
    """Return the location of the wrong value itself."""
    location: _Location = tuple(details["loc"])
    context: Mapping[str, Any] = details.get("ctx") or {}
    error = context.get("error")
    if isinstance(error, FieldError):
        if error.is_name:
            return (*location, error.path)
        parts = _PART.findall(error.path)
        return location + tuple(int(index) if index else name for index, name in parts)
    return location[:-1] if location and location[-1] == "[key]" else location


def _model_for(kind: Kind, raw: JsonValue, path: str) -> type[Definition]:
    spec = SPECS[kind]
    models = spec.model_by_type
    if not models:
        return spec.models[0]
    if not isinstance(raw, dict):
        raise Invalid.at(path, "must be an object (name: value)")
    given = raw.get("type")
    model = models.get(given) if isinstance(given, str) else None
    if model is None:
        inner = f"{path}.type" if path else "type"
        message = f"must be one of {', '.join(models)}"
        raise Invalid([Problem(inner, message, suggestion(given, models))])
    return model
