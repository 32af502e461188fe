"""The kinds of definition: their models, how one is read and how it is written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import ValidationError

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.calendars import Calendar
from polysync_core.domain.definitions.contention import (
    ConcurrencyProfile,
    ProfileType,
    RateLimitProfile,
)
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation_messages import nearest, problems_of
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Broken, Invalid, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue

ORDER = (
    Kind.VAULT,
    Kind.CONTENTION_PROFILE,
    Kind.CALENDAR,
    Kind.PLATFORM,
    Kind.JOB,
    Kind.TASK,
    Kind.WEBHOOK,
)
"""Kinds so that each refers only to itself and to those before it."""

SINGULAR: Mapping[Kind, str] = {
    Kind.VAULT: "vault",
    Kind.PLATFORM: "platform",
    Kind.CONTENTION_PROFILE: "contention profile",
    Kind.CALENDAR: "calendar",
    Kind.JOB: "job",
    Kind.TASK: "task",
    Kind.WEBHOOK: "webhook",
}

_MODELS: Mapping[Kind, type[Definition]] = {
    Kind.VAULT: Vault,
    Kind.PLATFORM: Platform,
    Kind.CALENDAR: Calendar,
    Kind.JOB: Job,
    Kind.TASK: Task,
    Kind.WEBHOOK: Webhook,
}
_PROFILES: Mapping[object, type[Definition]] = {
    ProfileType.CONCURRENCY.value: ConcurrencyProfile,
    ProfileType.RATE_LIMIT.value: RateLimitProfile,
}


@dataclass(frozen=True, slots=True)
class Reference:
    """Which definition: its kind and its name."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{SINGULAR[self.kind]} '{self.name}'"


@dataclass(frozen=True, slots=True)
class Document:
    """The definitions of one document, each with its path in it."""

    items: tuple[Definition, ...] = ()
    paths: Mapping[Reference, str] = field(default_factory=dict[Reference, str])
    kinds: frozenset[Kind] = frozenset()
    """The lists that the document has, empty ones included."""


def kind_of(definition: Definition) -> Kind:
    """Return the kind of a definition."""
    if isinstance(definition, ConcurrencyProfile | RateLimitProfile):
        return Kind.CONTENTION_PROFILE
    for kind, model in _MODELS.items():
        if isinstance(definition, model):
            return kind
    raise Broken(f"{type(definition).__name__} is no kind of definition")


def reference_to(definition: Definition) -> Reference:
    """Return the reference to a definition."""
    return Reference(kind_of(definition), definition.name)


def read_definition(kind: Kind, raw: JsonValue, *, path: str = "") -> Definition:
    """Return a definition from plain values, or raise `Invalid` with every problem's path."""
    model = _model_for(kind, raw, path)
    try:
        return model.model_validate_json(json.dumps(raw), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise Invalid(problems_of(error, model, prefix=path)) from error


def write_definition(definition: Definition) -> JsonObject:
    """Return a definition as plain values in the form of a document; defaults are left out."""
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
    """Tell whether two definitions say the same; unlike `==`, 1 is not the same as true."""
    return canonical(one) == canonical(other)


def canonical(definition: Definition) -> str:
    """Return one text for all ways of writing a definition."""
    return json.dumps(write_definition(definition), sort_keys=True, ensure_ascii=False)


def read_document(raw: JsonValue) -> Document:
    """Return the definitions of a document, or raise `Invalid` with every problem and its path."""
    if raw is None:
        return Document()
    if not isinstance(raw, dict):
        raise Invalid.at("", f"a document is an object of lists: {', '.join(Kind)}")
    reading = _Reading()
    for key, entries in raw.items():
        reading.add_list(key, entries)
    if reading.problems:
        raise Invalid(reading.problems)
    return Document(tuple(reading.items), reading.paths, frozenset(reading.kinds))


def write_document(definitions: Iterable[Definition]) -> JsonObject:
    """Return a document of all of them; lists in a fixed order, names in alphabetical order."""
    lists: dict[Kind, list[Definition]] = {}
    for definition in sorted(definitions, key=lambda each: each.name):
        lists.setdefault(kind_of(definition), []).append(definition)
    return {
        kind.value: [write_definition(each) for each in lists[kind]]
        for kind in ORDER
        if kind in lists
    }


class _Reading:
    """Collects what is right and what is wrong in a document."""

    def __init__(self) -> None:
        self.items: list[Definition] = []
        self.paths: dict[Reference, str] = {}
        self.problems: list[Problem] = []
        self.kinds: set[Kind] = set()

    def add_list(self, key: str, entries: JsonValue) -> None:
        if key not in set(Kind):
            hint = nearest(key, Kind) or f" (known: {', '.join(Kind)})"
            self.problems.append(Problem(key, "is not a known list" + hint))
        elif isinstance(entries, list):
            self.kinds.add(Kind(key))
            for place, entry in enumerate(entries):
                self._add(Kind(key), entry, f"{key}[{place}]")
        elif entries is not None:
            self.problems.append(Problem(key, "must be a list"))

    def _add(self, kind: Kind, entry: JsonValue, path: str) -> None:
        try:
            definition = read_definition(kind, entry, path=path)
        except Invalid as error:
            self.problems += error.problems
            return
        reference = reference_to(definition)
        if first := self.paths.get(reference):
            message = f"'{definition.name}' is there already, at {first}"
            self.problems.append(Problem(f"{path}.name", message))
            return
        self.paths[reference] = path
        self.items.append(definition)


def _model_for(kind: Kind, raw: JsonValue, path: str) -> type[Definition]:
    if kind is not Kind.CONTENTION_PROFILE:
        return _MODELS[kind]
    given: Any = raw.get("type") if isinstance(raw, dict) else None
    model = _PROFILES.get(given) if isinstance(given, str) else None
    if model is not None:
        return model
    inner = f"{path}.type" if path else "type"
    if not isinstance(raw, dict):
        raise Invalid.at(path, "must be an object (name: value)")
    choices = [each.value for each in ProfileType]
    raise Invalid.at(inner, f"must be one of {', '.join(choices)}" + nearest(given, choices))
