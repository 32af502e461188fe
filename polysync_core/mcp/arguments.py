"""Defines the base class of MCP tool arguments, with JSON schema and validation."""

from __future__ import annotations

import json
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from polysync_core.domain.definitions.validation.messages import problems_of
from polysync_core.domain.errors import Invalid, Malformed, NotFound, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.identity import databricks_run_hint, parse_run_id

MAX_NAME = 200


class Arguments(BaseModel):
    """The arguments of one tool: camelCase names, strict types, no unknown arguments."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, allow_inf_nan=False
    )


def _path_segment(text: str) -> str:
    if not text.isprintable() or "/" in text:
        raise ValueError("is not a name: it contains invalid characters")
    return text


def _run_id(text: str) -> str:
    try:
        return parse_run_id(text)
    except NotFound as error:
        raise ValueError(
            databricks_run_hint(text)
            or "is not a run id: it must be the letter r and then 25 letters or digits"
        ) from error


type Name = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_NAME), AfterValidator(_path_segment)
]
"""The name of an existing object; the API checks that the object exists."""

type RunIdText = Annotated[str, AfterValidator(_run_id)]

type BackfillIdText = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,100}$")]

type Confirm = Annotated[
    bool,
    Field(description="true executes the change; otherwise the answer describes it."),
]

type Values = dict[str, JsonValue]
"""Values by parameter name; a secret is a reference, `vault://…`."""

type Limit = Annotated[
    int,
    Field(ge=1, le=100, description="The maximum number of items, 1 to 100; the default is 20."),
]

type PageToken = Annotated[
    Annotated[str, StringConstraints(max_length=2_000)] | None,
    Field(description="The continuationToken of the previous answer."),
]


def read_arguments[A: Arguments](model: type[A], given: JsonValue) -> A:
    """Return the arguments of a call, or raise `Invalid` with every problem."""
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise Malformed.at("", "the arguments must be an object (name: value)")
    problems: list[Problem] = []
    try:
        return model.model_validate_json(json.dumps(given))
    except ValidationError as error:
        problems = problems_of(error, model)
    raise Invalid(problems)


def properties_of(model: type[Arguments]) -> list[JsonObject]:
    """Return the tool properties in the format of the MCP extension."""
    schema = model.model_json_schema(by_alias=True)
    required = set(schema.get("required", ()))
    return [
        {
            "propertyName": name,
            **_type_of(field, schema),
            "description": field.get("description") or _resolved(field, schema)["description"],
            "isRequired": name in required,
        }
        for name, field in schema["properties"].items()
    ]


def _type_of(field: dict[str, Any], schema: dict[str, Any]) -> JsonObject:
    kind = _without_null(_resolved(field, schema), schema)
    is_array = kind.get("type") == "array"
    if is_array:
        kind = _resolved(kind["items"], schema)
    described: JsonObject = {"propertyType": kind["type"], "isArray": is_array}
    if "enum" in kind:
        described["enumValues"] = cast("list[JsonValue]", kind["enum"])
    return described


def _resolved(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its reference resolved."""
    if "$ref" in field:
        return schema["$defs"][field["$ref"].rpartition("/")[2]]
    return field


def _without_null(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an optional argument without `null`."""
    for choice in field.get("anyOf", ()):
        if choice.get("type") != "null":
            return _resolved(choice, schema)
    return field
