"""Validates the fields of an object against a JSON Schema, and fills in defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, cast

from polysync_core.appkit.json_schema.parse_result import Parsed, merged_values
from polysync_core.appkit.json_schema.scalars import (
    MatchingTime,
    length_problems,
    pattern_problem,
)
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class Applier(Protocol):
    """Applies other schemas to the fields of an object."""

    time: MatchingTime
    drop_unknown: bool

    def parse(self, schema: JsonValue, value: JsonValue, path: str) -> Parsed:
        """Return the value as the schema reads it."""
        ...

    def settled(self, schema: JsonValue, value: JsonValue, path: str) -> Parsed:
        """Return the same, with a problem for each unknown field."""
        ...


@dataclass(slots=True)
class ObjectRules:
    """The rules of one schema for the fields of one object."""

    parser: Applier
    schema: JsonObject
    path: str
    _kept: JsonObject = field(default_factory=dict[str, JsonValue])
    _problems: list[Problem] = field(default_factory=list[Problem])
    _unknown: set[str] = field(default_factory=set[str])

    def apply(self, given: JsonObject) -> Parsed:
        """Return the fields that the schema names, with their defaults."""
        properties = self._subschemas("properties")
        for name, subschema in properties.items():
            if name in given:
                self._keep(name, subschema, given[name])
            else:
                for default in _defaults(subschema):
                    self._kept[name] = self._completed(subschema, default)
                    break
        for name in given.keys() - properties.keys():
            self._keep_unnamed(name, given[name])
        # The order of a request is kept.
        order = [*(name for name in given if name in self._kept), *self._kept]
        kept = {name: self._kept[name] for name in order}
        self._problems += self._counts(given, kept)
        return Parsed(value=kept, problems=self._problems, unknown=frozenset(self._unknown))

    def _subschemas(self, keyword: str) -> JsonObject:
        return cast("JsonObject", self.schema.get(keyword, {}))

    def _keep(self, name: str, subschema: JsonValue, value: JsonValue) -> None:
        found = self.parser.settled(subschema, value, f"{self.path}.{name}")
        self._problems += found.problems
        self._kept[name] = found.value

    def _completed(self, subschema: JsonValue, default: JsonValue) -> JsonValue:
        # A default may lack fields that have defaults themselves. Zod neither checks a default nor
        # drops its fields.
        found = self.parser.settled(subschema, default, self.path)
        return default if found.problems else merged_values(default, found.value)

    def _keep_unnamed(self, name: str, value: JsonValue) -> None:
        patterns = self._subschemas("patternProperties")
        matching: list[JsonValue] = []
        for pattern, subschema in patterns.items():
            problem = pattern_problem(pattern, name, self.parser.time)
            if problem is None:
                matching.append(subschema)
            elif problem.startswith("takes"):
                self._problems.append(Problem(f"{self.path}.{name}", problem))
        for subschema in matching:
            self._keep(name, subschema, value)
        if matching:
            return
        if "additionalProperties" not in self.schema and patterns:
            # A loose record of Zod keeps the fields that no pattern matches.
            self._kept[name] = value
            return
        rest = self.schema.get("additionalProperties")
        if rest is False and not self.parser.drop_unknown:
            self._unknown.add(name)
        elif rest is not None and rest is not False:
            self._keep(name, rest, value)

    def _counts(self, given: JsonObject, kept: JsonObject) -> Iterator[Problem]:
        for name in cast("list[str]", self.schema.get("required", [])):
            if str(name) not in given.keys() | kept.keys():
                yield Problem(f"{self.path}.{name}", "is missing")
        dependent = cast("dict[str, list[str]]", self.schema.get("dependentRequired", {}))
        for name, needed in dependent.items():
            for each in needed if name in given else ():
                if each not in given.keys() | kept.keys():
                    yield Problem(f"{self.path}.{each}", f"is missing: '{name}' needs it")
        for text in length_problems(self.schema, "Properties", len(given), "fields"):
            yield Problem(self.path, text)
        if "propertyNames" in self.schema:
            yield from self._name_problems(self.schema["propertyNames"], given)

    def _name_problems(self, names: JsonValue, given: JsonObject) -> Iterator[Problem]:
        for name in given:
            path = f"{self.path}.{name}"
            found = self.parser.parse(names, name, path)
            if not found.fits and _NUMBER.fullmatch(name):
                # The keys of a record of Zod may be numbers, although JSON has texts only.
                found = self.parser.parse(names, _number(name), path)
            yield from (
                Problem(each.path, f"has a name that {each.text}") for each in found.problems
            )


def _defaults(schema: JsonValue) -> Iterator[JsonValue]:
    """Yield the defaults of a schema: its own, then those of its alternatives in their order."""
    if not isinstance(schema, dict):
        return
    if "default" in schema:
        yield schema["default"]
    for keyword in ("anyOf", "oneOf"):
        for option in cast("list[JsonValue]", schema.get(keyword, [])):
            yield from _defaults(option)


def _number(text: str) -> JsonValue:
    return float(text) if "." in text else int(text[:400])
