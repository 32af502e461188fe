"""Reads a workflow's parameters from the JSON schema of the workflow's request trigger.

The engine checks no schema by default, so the workflow may also read properties that the schema
does not declare. A note names them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import unquote

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import INVALID_NAME, data_type_of, is_parameter_name

_TYPES = {
    "string": DataType.STRING,
    "integer": DataType.INT,
    "number": DataType.FLOAT,
    "boolean": DataType.BOOL,
    "object": DataType.JSON,
    "array": DataType.JSON_ARRAY,
}
_DEEPEST_REFERENCE = 8
_DEEPEST_PART = 3
_MOST_PARTS = 200
"""The most schemas that one schema may combine; a schema may refer to itself."""
_MOST_NAMES = 20
_MOST_ALTERNATIVES = 20
_ALTERNATIVES = ("anyOf", "oneOf", "allOf")
_READS = re.compile(
    r"(?:triggerBody\(\)|trigger(?:Outputs\(\)|\(\)\??(?:\['outputs'\]|\.outputs))"
    r"\??(?:\['body'\]|\.body))"
    r"\??(?:\['(?P<quoted>[^']{1,255})'\]|\.(?P<plain>[A-Za-z_]\w{0,254}))",
    re.IGNORECASE,
)
_UNSETTABLE = re.compile(
    r"trigger(?:Outputs\(\)|\(\)\??(?:\['outputs'\]|\.outputs))"
    r"\??(?:\['|\.)(queries|headers|relativePathParameters)\b",
    re.IGNORECASE,
)
NO_SCHEMA = "the trigger has no schema: add the workflow's inputs to the job"


@dataclass(slots=True)
class TriggerInputs:
    """The inputs that a schema declares, with the doubts about them."""

    parameters: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    guessed: set[str] = field(default_factory=set[str])
    """The inputs whose types the schema does not tell."""
    doubts: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    def add(self, name: str, declared: JsonObject, root: JsonObject) -> None:
        """Add the input that a property of the schema declares."""
        if not is_parameter_name(name):
            self.doubts.append(INVALID_NAME)
            return
        if name in self.parameters:
            return
        data_type = _type_of(declared, root)
        if data_type is None:
            self.guessed.add(name)
            self.notes.append(
                f"the trigger's schema does not tell the type of {name}: it is imported as String"
            )
        self.parameters[name] = Parameter(
            name=name,
            data_type=data_type or DataType.STRING,
            default=declared.get("default"),
            description=shortened_line(declared.get("description")),
        )

    def require(self, names: Set[str]) -> None:
        """Mark the inputs that the schema requires and that have no default."""
        for name in names & self.parameters.keys():
            known = self.parameters[name]
            if known.default is None:
                self.parameters[name] = known.model_copy(update={"required": True})

    def note_reads(self, definition: str) -> None:
        """Note the values that the workflow reads and the schema does not declare."""
        reads = {each["quoted"] or each["plain"] for each in _READS.finditer(definition)}
        names = sorted(reads - self.parameters.keys())
        if names:
            self.doubts.append(
                f"the workflow reads {', '.join(names[:_MOST_NAMES])}, which the trigger's schema"
                " does not declare: add them to the job by hand"
            )
        parts = sorted({each[1].lower() for each in _UNSETTABLE.finditer(definition)})
        if parts:
            self.notes.append(
                f"the workflow reads {', '.join(parts)} of the call, which a run cannot set"
            )


def read_inputs(schema: JsonObject, definition: JsonObject) -> TriggerInputs:
    """Return the inputs of a trigger's schema; `definition` shows the other reads."""
    found, required = TriggerInputs(), set[str]()
    for part in islice(_parts(schema, schema), _MOST_PARTS):
        needed = part.get("required")
        names = needed if isinstance(needed, list) else []
        required |= {each for each in names if isinstance(each, str)}
        for name, declared in object_in(part, "properties").items():
            found.add(name, _resolved(declared, schema), schema)
    found.require(required)
    if not found.parameters:
        found.doubts.append(NO_SCHEMA)
    found.note_reads(json.dumps(definition, ensure_ascii=False))
    return found


def _parts(schema: JsonObject, root: JsonObject, depth: int = 0) -> Iterator[JsonObject]:
    """Yield a schema and those that it combines."""
    whole = _resolved(schema, root)
    yield whole
    if depth >= _DEEPEST_PART:
        return
    for word in _ALTERNATIVES:
        for each in _objects(whole.get(word)):
            yield from _parts(each, root, depth + 1)


def _resolved(declared: JsonValue, root: JsonObject) -> JsonObject:
    """Return a schema after its references inside the document are followed."""
    schema = declared if isinstance(declared, dict) else {}
    for _ in range(_DEEPEST_REFERENCE):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        target: JsonValue = root
        for part in reference.removeprefix("#").split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            target = target.get(key) if isinstance(target, dict) else None
        if not reference.startswith("#") or not isinstance(target, dict):
            break
        schema = {**{name: each for name, each in schema.items() if name != "$ref"}, **target}
    return schema


def _type_of(schema: JsonObject, root: JsonObject, depth: int = 0) -> DataType | None:
    """Return the data type that a schema tells; None if it tells none or several."""
    kinds = schema.get("type")
    words = kinds if isinstance(kinds, list) else [kinds]
    named = {str(each).lower() for each in words if each is not None} - {"null"}
    if named:
        return _one({_TYPES.get(each) for each in named})
    if depth < _DEEPEST_PART:
        for word in _ALTERNATIVES:
            inner = [_resolved(each, root) for each in _objects(schema.get(word))]
            found = {_type_of(each, root, depth + 1) for each in inner if not _is_null(each)}
            if found - {None} and (word == "allOf" or None not in found):
                return _one(found - {None})
    values = schema.get("enum")
    if isinstance(values, list) and values:
        return _one({data_type_of(each) for each in values if each is not None})
    if schema.get("const") is not None:
        return data_type_of(schema["const"])
    return (
        DataType.JSON
        if "properties" in schema
        else (DataType.JSON_ARRAY if "items" in schema else None)
    )


def _one(types: Set[DataType | None]) -> DataType | None:
    """Return the common type of several; None if they have none."""
    if types == {DataType.INT, DataType.FLOAT}:
        return DataType.FLOAT
    return next(iter(types)) if len(types) == 1 else None


def _is_null(schema: JsonObject) -> bool:
    return schema.get("type") == "null"


def _objects(value: JsonValue) -> list[JsonObject]:
    found = value if isinstance(value, list) else []
    return [each for each in found[:_MOST_ALTERNATIVES] if isinstance(each, dict)]
