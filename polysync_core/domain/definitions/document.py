"""Reads and writes single definitions, and documents that hold many definitions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

from pydantic import ValidationError

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.kinds import KINDS, SPECS
from polysync_core.domain.definitions.validation.lengths import length_problems, too_many
from polysync_core.domain.definitions.validation.messages import problems_of, suggestion
from polysync_core.domain.errors import Broken, Invalid, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.stored_values import STORED

MAX_DEFINITIONS = 10_000
"""The maximum length of one list of a document."""
ENOUGH_PROBLEMS = 300
"""The number of problems after which the rest of a document is not checked."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Identifies a definition by its kind and name."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{SPECS[self.kind].singular} '{self.name}'"


@dataclass(frozen=True, slots=True)
class Document:
    """The definitions of one document, with their paths in the document."""

    items: tuple[Definition, ...] = ()
    paths: Mapping[Reference, str] = field(default_factory=dict[Reference, str])
    kinds: frozenset[Kind] = frozenset()
    """The kinds whose lists the document contains, empty lists included."""


def kind_of(definition: Definition) -> Kind:
    """Return the kind of a definition."""
    for spec in KINDS:
        if isinstance(definition, spec.models):
            return spec.kind
    raise Broken(f"{type(definition).__name__} is not a kind of definition")


def reference_to(definition: Definition) -> Reference:
    """Return the reference to a definition."""
    return Reference(kind_of(definition), definition.name)


def read_definition(
    kind: Kind, raw: JsonValue, *, path: str = "", is_stored: bool = False
) -> Definition:
    """Read a definition from a JSON value, or raise `Invalid` with all problems.

    A stored definition is not refused for a time or a character that an earlier release accepted.
    """
    model = _model_for(kind, raw, path)
    if too_long := list(islice(length_problems(model, raw, path), ENOUGH_PROBLEMS)):
        raise Invalid(too_long)
    try:
        return model.model_validate_json(
            json.dumps(raw),
            strict=True,
            by_alias=True,
            by_name=False,
            context=STORED if is_stored else None,
        )
    except ValidationError as error:
        raise Invalid(problems_of(error, model, prefix=path)) from error


def write_definition(definition: Definition) -> JsonObject:
    """Return a definition as it appears in a document, without default values."""
    return cast(
        "JsonObject", definition.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    )


def encode_definition(definition: Definition) -> str:
    """Return a definition as stored JSON, with every default written out.

    A default that a later release changes therefore never changes a stored definition.
    """
    content = definition.model_dump(mode="json", by_alias=True)
    return json.dumps(content, ensure_ascii=False)


def same(one: Definition, other: Definition) -> bool:
    """Return whether two definitions are equal; unlike `==`, 1 differs from true."""
    return canonical(one) == canonical(other)


def canonical(definition: Definition) -> str:
    """Return the canonical JSON text of a definition."""
    return json.dumps(write_definition(definition), sort_keys=True, ensure_ascii=False)


def read_document(raw: JsonValue) -> Document:
    """Return the definitions of a document, or raise `Invalid` with every problem."""
    if raw is None:
        return Document()
    if not isinstance(raw, dict):
        raise Invalid.at("", f"a document is an object of lists: {', '.join(Kind)}")
    if len(raw) > len(Kind):
        raise Invalid.at("", f"a document has only these lists: {', '.join(Kind)}")
    reading = _Reading()
    for key, entries in raw.items():
        reading.add_list(key, entries)
    if reading.problems:
        raise Invalid(reading.problems, omitted=reading.omitted)
    return Document(tuple(reading.items), reading.paths, frozenset(reading.kinds))


def write_document(definitions: Iterable[Definition]) -> JsonObject:
    """Return a document; kinds are in a fixed order, names in alphabetical order."""
    lists: dict[Kind, list[Definition]] = {}
    for definition in sorted(definitions, key=lambda each: each.name):
        lists.setdefault(kind_of(definition), []).append(definition)
    return {
        kind.value: [write_definition(each) for each in lists[kind]]
        for kind in SPECS
        if kind in lists
    }


class _Reading:
    """Collects the definitions and the problems of a document."""

    def __init__(self) -> None:
        self.items: list[Definition] = []
        self.paths: dict[Reference, str] = {}
        self.problems: list[Problem] = []
        self.omitted = 0
        self.kinds: set[Kind] = set()

    def add_list(self, key: str, entries: JsonValue) -> None:
        if key not in set(Kind):
            hint = suggestion(key, Kind, otherwise=f" (known: {', '.join(Kind)})")
            self.problems.append(Problem(key, "is not a known list", hint))
        elif isinstance(entries, list) and len(entries) > MAX_DEFINITIONS:
            self.problems.append(Problem(key, too_many(len(entries), MAX_DEFINITIONS)))
        elif isinstance(entries, list):
            self.kinds.add(Kind(key))
            for index, entry in enumerate(entries):
                if len(self.problems) + self.omitted >= ENOUGH_PROBLEMS:
                    break
                self._add(Kind(key), entry, f"{key}[{index}]")
        elif entries is not None:
            self.problems.append(Problem(key, "must be a list"))

    def _add(self, kind: Kind, entry: JsonValue, path: str) -> None:
        try:
            definition = read_definition(kind, entry, path=path)
        except Invalid as error:
            self.problems += error.problems
            self.omitted += error.omitted
            return
        reference = reference_to(definition)
        if first := self.paths.get(reference):
            message = f"'{definition.name}' is defined already at {first}"
            self.problems.append(Problem(f"{path}.name", message))
            return
        self.paths[reference] = path
        self.items.append(definition)


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
