"""Parses and serialises definitions, and documents that hold many definitions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from pydantic import ValidationError

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.kinds import KINDS, SPECS
from polysync_core.domain.definitions.validation.drafts import (
    ENOUGH_PROBLEMS,
    checked_model,
    read_draft,
    validated,
)
from polysync_core.domain.definitions.validation.lengths import too_many
from polysync_core.domain.definitions.validation.messages import problems_of, similar, suggestion
from polysync_core.domain.definitions.validation.unread import Unread, UnreadFields
from polysync_core.domain.errors import MAX_PROBLEMS, Broken, Invalid, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.stored_values import STORED

BROKEN_FIELD = "broken"
"""The field by which an export names the fault of a stored definition; no reader takes it."""
MAX_DEFINITIONS = 10_000
"""The maximum length of one list of a document."""


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
    problems: tuple[Problem, ...] = ()
    """The wrong fields and lists. An apply reports them with all other problems."""
    omitted: int = 0
    """The number of further problems, which are not in `problems`."""
    unread: Unread = field(default_factory=Unread)
    """The parts that the problems leave unknown."""


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
    """Read a definition from a JSON value, or raise `Invalid` with its wrong fields.

    A stored definition is not refused for a time or a character that an earlier release accepted.
    """
    model = checked_model(kind, raw, path)
    try:
        return validated(model, raw, STORED if is_stored else None)
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
    """Return the readable definitions of a document, and every problem."""
    if raw is None:
        return Document()
    if not isinstance(raw, dict):
        raise Invalid.at("", f"a document is an object of lists: {', '.join(Kind)}")
    if len(raw) > MAX_PROBLEMS:
        raise Invalid.at("", f"a document has only these lists: {', '.join(Kind)}")
    reading = _Reading()
    for key, entries in raw.items():
        reading.add_list(key, entries)
    return Document(
        items=tuple(reading.items),
        paths=reading.paths,
        kinds=frozenset(reading.kinds),
        problems=tuple(reading.problems),
        omitted=reading.omitted,
        unread=reading.unread,
    )


class _Reading:
    """Collects the definitions and the problems of a document."""

    def __init__(self) -> None:
        self.items: list[Definition] = []
        self.paths: dict[Reference, str] = {}
        self.problems: list[Problem] = []
        self.omitted = 0
        self.kinds: set[Kind] = set()
        self.unread = Unread()

    def add_list(self, key: str, entries: JsonValue) -> None:
        if key not in set(Kind):
            hint = suggestion(key, Kind, otherwise=f" (known: {', '.join(Kind)})")
            self.problems.append(Problem(key, "is not a known list", hint))
            for kind in similar(key, Kind) or Kind:
                self.unread.add_list(Kind(kind), entries)
        elif isinstance(entries, list) and len(entries) > MAX_DEFINITIONS:
            self.problems.append(Problem(key, too_many(len(entries), MAX_DEFINITIONS)))
            self.unread.add_list(Kind(key), entries)
        elif isinstance(entries, list):
            self.kinds.add(Kind(key))
            for index, entry in enumerate(entries):
                if len(self.problems) + self.omitted >= ENOUGH_PROBLEMS:
                    break
                self._add(Kind(key), entry, f"{key}[{index}]")
        elif entries is not None:
            self.problems.append(Problem(key, "must be a list"))
            self.unread.add_list(Kind(key), entries)

    def _add(self, kind: Kind, entry: JsonValue, path: str) -> None:
        if isinstance(entry, dict):
            entry = {key: value for key, value in entry.items() if key != BROKEN_FIELD}
        draft = read_draft(kind, entry, path=path)
        self.problems += draft.problems
        self.omitted += draft.omitted
        definition, unread_fields = draft.definition, draft.unread_fields
        if definition is None or unread_fields.includes("name"):
            self.unread.add_entry(kind, entry)
        if definition is None:
            return
        if first := self.paths.get(Reference(kind, definition.name)):
            message = f"'{definition.name}' is defined already at {first}"
            self.problems.append(Problem(f"{path}.name", message))
            definition = definition.model_copy(update={"name": path})
            unread_fields = UnreadFields(unread_fields.paths | {"name"})
        self.paths[Reference(kind, definition.name)] = path
        self.unread.fields[kind, definition.name] = unread_fields
        self.items.append(definition)
