"""Finds the keywords and patterns of a JSON Schema that Polysync cannot support."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from polysync_core.appkit.json_schema.ecma_pattern import ecma_pattern
from polysync_core.appkit.json_schema.ecma_translation import PatternRefused
from polysync_core.appkit.json_schema.formats import ANNOTATIONS, FORMATS
from polysync_core.appkit.json_schema.references import Unresolvable, resolved
from polysync_core.appkit.json_schema.scalars import has_pattern
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue

if TYPE_CHECKING:
    from jsonschema.exceptions import SchemaError

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_UNSUPPORTED = {
    "unevaluatedProperties": "use additionalProperties",
    "unevaluatedItems": "use items",
    "$dynamicRef": "use $ref",
    "$recursiveRef": "use $ref",
    "additionalItems": "export the schema for draft 2020-12",
    "dependencies": "use dependentRequired or dependentSchemas",
    "nullable": "export the schema for draft 2020-12",
    "contentSchema": "describe the text itself",
}
"""Keywords of other dialects, and those that Zod does not export, with their replacements."""

_MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLES = (
    "additionalProperties",
    "propertyNames",
    "items",
    "contains",
    "not",
    "if",
    "then",
    "else",
)
_SAME_VALUE_LISTS = ("allOf", "anyOf", "oneOf")
_SAME_VALUE = ("not", "if", "then", "else")
_MAX_DEPTH = 60


def schema_problems(schema: JsonObject) -> list[Problem]:
    """Return the problems of a schema with their paths; none if the schema is usable."""
    invalid = _meta_problem(schema)
    if invalid is not None:
        return [invalid]
    checker = _Checker(schema)
    problems = list(checker.problems(schema, ""))
    if not problems and not checker.describes_object(schema):
        problems.append(Problem("", '"type" must be "object", or each alternative must be one'))
    return problems


def _meta_problem(schema: JsonObject) -> Problem | None:
    # These imports cost start-up time, so only jobs with a JSON Schema need them.
    from jsonschema import Draft202012Validator, FormatChecker
    from jsonschema.exceptions import SchemaError

    dialect = schema.get("$schema", DIALECT)
    if not isinstance(dialect, str) or dialect.rstrip("#") != DIALECT:
        return Problem("$schema", "must be draft 2020-12, the default of z.toJSONSchema")
    try:
        # The library would read patterns as Python does.
        Draft202012Validator.check_schema(schema, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        return Problem(_path_of(error), error.message)
    except RecursionError:
        return Problem("", f"is nested deeper than {_MAX_DEPTH} levels")
    return None


def _path_of(error: SchemaError) -> str:
    return ".".join(str(part) for part in cast("Any", error.absolute_path))


def _joined(path: str, *parts: object) -> str:
    return ".".join(str(part) for part in (path, *parts) if part != "")


@dataclass(slots=True)
class _Checker:
    """Checks all parts of one schema."""

    root: JsonObject
    _finite: set[int] = field(default_factory=set[int])
    """The schemas that are known not to refer to themselves."""

    def problems(self, schema: JsonValue, path: str, depth: int = 0) -> Iterator[Problem]:
        """Yield the problems of a schema and of its parts."""
        if not isinstance(schema, dict):
            return
        if depth > _MAX_DEPTH:
            yield Problem(path, f"is nested deeper than {_MAX_DEPTH} levels")
            return
        yield from self._own_problems(schema, path)
        for name, part in _parts(schema):
            yield from self.problems(part, _joined(path, name), depth + 1)

    def _own_problems(self, schema: JsonObject, path: str) -> Iterator[Problem]:
        for keyword in _UNSUPPORTED.keys() & schema.keys():
            yield Problem(_joined(path, keyword), f"is not supported: {_UNSUPPORTED[keyword]}")
        if schema.get("contentEncoding") == "binary":
            yield Problem(_joined(path, "contentEncoding"), "is not supported: JSON has no files")
        yield from _pattern_problems(schema, path)
        yield from _format_problems(schema, path)
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield from self._reference_problems(schema, reference, _joined(path, "$ref"))
        elif self._is_endless(schema, []):
            yield Problem(path, "refers to itself without a field or an element between")

    def _reference_problems(
        self, schema: JsonObject, reference: str, path: str
    ) -> Iterator[Problem]:
        try:
            target = resolved(self.root, reference)
        except Unresolvable:
            yield Problem(path, f"'{reference}' does not resolve within the schema")
            return
        if not isinstance(target, dict | bool):
            yield Problem(path, f"'{reference}' does not name a schema")
        elif self._is_endless(schema, []):
            yield Problem(path, "refers to itself without a field or an element between")

    def _is_endless(self, schema: JsonValue, above: list[int]) -> bool:
        """Return whether the schema of a value refers to itself for the same value."""
        if not isinstance(schema, dict):
            return False
        if id(schema) in above:
            return True
        if id(schema) in self._finite:
            return False
        inner = [*above, id(schema)]
        if any(self._is_endless(each, inner) for each in self._same_value(schema)):
            return True
        self._finite.add(id(schema))
        return False

    def _same_value(self, schema: JsonObject) -> Iterator[JsonValue]:
        for name in _SAME_VALUE_LISTS:
            yield from cast("list[JsonValue]", schema.get(name, []))
        yield from (schema[name] for name in _SAME_VALUE if name in schema)
        yield from cast("JsonObject", schema.get("dependentSchemas", {})).values()
        reference = schema.get("$ref")
        if isinstance(reference, str):
            try:
                yield resolved(self.root, reference)
            except Unresolvable:
                # The reference has a problem of its own.
                return

    def describes_object(self, schema: JsonValue) -> bool:
        """Return whether only objects fit a schema."""
        if not isinstance(schema, dict):
            return False
        if schema.get("type") == "object":
            return True
        if isinstance(schema.get("$ref"), str):
            return self.describes_object(resolved(self.root, cast("str", schema["$ref"])))
        options = cast("list[JsonValue]", schema.get("anyOf", schema.get("oneOf", [])))
        if options and all(self.describes_object(each) for each in options):
            return True
        parts = cast("list[JsonValue]", schema.get("allOf", []))
        return any(self.describes_object(each) for each in parts)


def _parts(schema: JsonObject) -> Iterator[tuple[str, JsonValue]]:
    for keyword in _MAPS:
        for name, part in cast("JsonObject", schema.get(keyword, {})).items():
            yield _joined(keyword, name), part
    for keyword in _LISTS:
        for index, part in enumerate(cast("list[JsonValue]", schema.get(keyword, []))):
            yield _joined(keyword, index), part
    yield from ((keyword, schema[keyword]) for keyword in _SINGLES if keyword in schema)


def _pattern_problems(schema: JsonObject, path: str) -> Iterator[Problem]:
    patterns = [
        (pattern, "patternProperties")
        for pattern in cast("JsonObject", schema.get("patternProperties", {}))
    ]
    if isinstance(schema.get("pattern"), str):
        patterns.append((cast("str", schema["pattern"]), "pattern"))
    for pattern, keyword in patterns:
        try:
            ecma_pattern(pattern)
        except PatternRefused as error:
            yield Problem(_joined(path, keyword), f"'{pattern}' {error}")


def _format_problems(schema: JsonObject, path: str) -> Iterator[Problem]:
    wanted = schema.get("format")
    if not isinstance(wanted, str) or wanted in FORMATS.keys() | ANNOTATIONS or has_pattern(schema):
        return
    known = ", ".join(sorted(FORMATS))
    yield Problem(
        _joined(path, "format"),
        f"'{wanted}' cannot be checked: add a pattern, or use one of {known}",
    )
