"""Parses a value by a JSON Schema: validates, fills defaults and drops unnamed fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from polysync_core.appkit.json_schema.code_points import trimmed
from polysync_core.appkit.json_schema.objects import ObjectRules
from polysync_core.appkit.json_schema.parse_result import Parsed, merged
from polysync_core.appkit.json_schema.references import resolved
from polysync_core.appkit.json_schema.scalars import (
    MatchingTime,
    identity,
    is_number,
    length_problems,
    scalar_problems,
    type_problem,
)
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue

_OBJECT_KEYWORDS = frozenset({"properties", "patternProperties", "additionalProperties"})
_ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated", "readOnly"})
_LOOP = "is described by a schema that refers to itself"


@dataclass(slots=True, kw_only=True)
class Parser:
    """Applies one schema to one value. Each part of both is combined only once."""

    root: JsonObject
    drop_unknown: bool = False
    """Drop the fields that a closed object forbids, instead of refusing them."""
    time: MatchingTime = field(default_factory=MatchingTime)
    _known: dict[tuple[int, int], Parsed | None] = field(
        default_factory=dict[tuple[int, int], "Parsed | None"]
    )
    """The results for objects and lists by the identities of schema and value."""

    def parse(self, schema: JsonValue, value: JsonValue, path: str) -> Parsed:
        """Return the value as the schema reads it."""
        if not isinstance(schema, dict):
            problems = [] if schema is True else [Problem(path, "must be left out")]
            return Parsed(value=value, problems=problems, names_fields=True)
        if not isinstance(value, dict | list):
            return self._parse(schema, value, path)
        key = (id(schema), id(value))
        if key in self._known:
            # The result is missing while the schema is being applied to the same value.
            return self._known[key] or Parsed(value=value, problems=[Problem(path, _LOOP)])
        self._known[key] = None
        found = self._known[key] = self._parse(schema, value, path)
        return found

    def _parse(self, schema: JsonObject, value: JsonValue, path: str) -> Parsed:
        if problem := type_problem(schema, value):
            return Parsed(value=value, problems=[Problem(path, problem)], names_fields=True)
        own = self._own(schema, value, path)
        target = self._target(schema, value, path)
        together = self._all_of(schema, value, path)
        others = self._others(schema, value, path, collects=own.names_fields)
        result = merged(value, [own, *target, *together, *others])
        return Parsed(
            value=result.value,
            problems=result.problems,
            names_fields=result.names_fields or not schema.keys() - _ANNOTATIONS,
            unknown=own.unknown.union(
                *(each.unknown for each in target), _unknown_to_all(together)
            ),
        )

    def settled(self, schema: JsonValue, value: JsonValue, path: str) -> Parsed:
        """Return the value as the schema reads it, with a problem for each unknown field."""
        found = self.parse(schema, value, path)
        unknown = [
            Problem(f"{path}.{name}", "is not a field of the schema: leave it out")
            for name in sorted(found.unknown)
        ]
        return Parsed(
            value=found.value,
            problems=[*found.problems, *unknown],
            names_fields=found.names_fields,
        )

    def _own(self, schema: JsonObject, value: JsonValue, path: str) -> Parsed:
        """Apply the keywords that have no alternatives."""
        problems = [Problem(path, each) for each in scalar_problems(schema, value, self.time)]
        match value:
            case str() if schema.get("format") == "uri":
                # Zod returns an address without the white space around it.
                return Parsed(value=trimmed(value), problems=problems)
            case dict():
                found = ObjectRules(self, schema, path).apply(value)
                names = bool(schema.keys() & _OBJECT_KEYWORDS) or schema.get("type") == "object"
                return Parsed(
                    value=found.value,
                    problems=[*problems, *found.problems],
                    names_fields=names,
                    unknown=found.unknown,
                )
            case list():
                return self._elements(schema, value, path, problems)
            case _:
                return Parsed(value=value, problems=problems)

    def _elements(
        self, schema: JsonObject, value: list[JsonValue], path: str, problems: list[Problem]
    ) -> Parsed:
        problems += [
            Problem(path, each) for each in length_problems(schema, "Items", len(value), "elements")
        ]
        prefix = cast("list[JsonValue]", schema.get("prefixItems", []))
        rest = schema.get("items", "prefixItems" not in schema)
        if len(value) < len(prefix) and "minItems" not in schema:
            problems.append(Problem(path, f"must have at least {len(prefix)} elements"))
        found = [
            self.settled(prefix[index] if index < len(prefix) else rest, each, f"{path}[{index}]")
            for index, each in enumerate(value)
        ]
        problems += [problem for each in found for problem in each.problems]
        if schema.get("uniqueItems") is True and len({identity(each) for each in value}) < len(
            value
        ):
            problems.append(Problem(path, "must have no two equal elements"))
        problems += self._contained(schema, value, path)
        changed = any(each.value is not old for each, old in zip(found, value, strict=True))
        return Parsed(value=[each.value for each in found] if changed else value, problems=problems)

    def _contained(
        self, schema: JsonObject, value: list[JsonValue], path: str
    ) -> Iterator[Problem]:
        if "contains" not in schema:
            return
        count = sum(self.parse(schema["contains"], each, path).fits for each in value)
        least, most = schema.get("minContains", 1), schema.get("maxContains")
        if count < cast("float", least) or (is_number(most) and count > cast("float", most)):
            yield Problem(path, "has the wrong number of elements that fit 'contains'")

    def _target(self, schema: JsonObject, value: JsonValue, path: str) -> list[Parsed]:
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return []
        return [self.parse(resolved(self.root, reference), value, path)]

    def _all_of(self, schema: JsonObject, value: JsonValue, path: str) -> list[Parsed]:
        parts = cast("list[JsonValue]", schema.get("allOf", []))
        return [self.parse(part, value, path) for part in parts]

    def _others(
        self, schema: JsonObject, value: JsonValue, path: str, *, collects: bool
    ) -> Iterator[Parsed]:
        """Yield the results of alternatives and conditions."""
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                options = cast("list[JsonValue]", schema[keyword])
                yield self._alternatives(keyword, options, value, path, collects=collects)
        if "not" in schema and self.parse(schema["not"], value, path).fits:
            text = "must be left out" if schema["not"] in ({}, True) else "must not fit 'not'"
            yield Parsed(value=value, problems=[Problem(path, text)])
        if "if" in schema:
            yield from self._condition(schema, value, path)
        if isinstance(value, dict):
            dependent = cast("JsonObject", schema.get("dependentSchemas", {}))
            for name in dependent.keys() & value.keys():
                yield self.settled(dependent[name], value, path)

    def _condition(self, schema: JsonObject, value: JsonValue, path: str) -> Iterator[Parsed]:
        condition = self.settled(schema["if"], value, path)
        fits = not condition.problems
        if fits:
            yield condition
        branch = "then" if fits else "else"
        if branch in schema:
            yield self.settled(schema[branch], value, path)

    def _alternatives(
        self,
        keyword: str,
        options: list[JsonValue],
        value: JsonValue,
        path: str,
        *,
        collects: bool,
    ) -> Parsed:
        """Apply alternatives: the first that fits decides, as in a union of Zod."""
        results = [self.settled(option, value, path) for option in options]
        fitting = [each for each in results if each.fits]
        if not fitting:
            nearest = min(results, key=lambda each: _distance(each, path))
            text = f"fits none of the {len(options)} alternatives"
            return Parsed(value=value, problems=[Problem(path, text), *nearest.problems])
        if keyword == "oneOf" and len(fitting) > 1:
            text = f"fits {len(fitting)} of the alternatives instead of one"
            return Parsed(value=value, problems=[Problem(path, text)])
        # Alternatives beside fields are conditions on them, so all that fit name their fields.
        return merged(value, fitting) if collects else fitting[0]


def _unknown_to_all(parts: list[Parsed]) -> frozenset[str]:
    """Return the fields that every part of an `allOf` forbids."""
    naming = [part.unknown for part in parts if part.names_fields]
    first, *others = naming or [frozenset[str]()]
    return first.intersection(*others)


def _distance(found: Parsed, path: str) -> tuple[bool, int]:
    """Order alternatives: one that reads the value further explains the problem better."""
    return (any(each.path == path for each in found.problems), len(found.problems))
