"""Builds the OpenAPI schemas of request bodies that contain definitions, patches or documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic.json_schema import models_json_schema

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import BROKEN_FIELD
from polysync_core.domain.definitions.kinds import KINDS, SPECS
from polysync_core.domain.definitions.types.descriptions import describe_fields

_REF = "#/components/schemas/"
_BODY, _PATCH, DOCUMENT = "Body", "Patch", "DefinitionDocument"
_READ_ONLY: Mapping[str, Any] = {
    "etag": {"type": "string", "description": "Ignored, so that a read body can be sent back."},
    "updatedAt": {
        "type": "string",
        "description": "Ignored, so that a read body can be sent back.",
    },
    BROKEN_FIELD: {"description": "Ignored, so that a read body can be sent back."},
}


def body_of(kind: Kind, *media_types: str) -> dict[str, Any]:
    """Return the OpenAPI description of a body with a definition."""
    return _request_body(_one_of(kind, _BODY), media_types)


def patch_of(kind: Kind, *media_types: str) -> dict[str, Any]:
    """Return the OpenAPI description of a body with a merge patch."""
    return _request_body(_one_of(kind, _PATCH), media_types)


def document_body(*media_types: str) -> dict[str, Any]:
    """Return the OpenAPI description of a body with a whole document."""
    return _request_body({"$ref": _REF + DOCUMENT}, media_types)


def document_content(*media_types: str) -> dict[str, Any]:
    """Return the OpenAPI description of an answer with a whole document."""
    broken = {
        "type": "object",
        "description": "A document with broken definitions; each has the field `broken`.",
    }
    return _content({"anyOf": [{"$ref": _REF + DOCUMENT}, broken]}, media_types)


def definition_schemas(present: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schemas that the bodies need, beside those that are present."""
    models = [(model, "validation") for spec in KINDS for model in spec.models]
    _, found = models_json_schema(models, ref_template=_REF + "{model}")  # pyright: ignore[reportArgumentType]
    schemas: dict[str, Any] = {**present, **found["$defs"]}
    describe_fields(schemas)
    result = dict(found["$defs"])
    for spec in KINDS:
        for model in spec.models:
            schema = schemas[model.__name__]
            result[model.__name__ + _BODY] = _without_name(schema)
            result[model.__name__ + _PATCH] = _patch(_without_name(schema), schemas)
    result[DOCUMENT] = _document()
    return result


def _request_body(schema: Mapping[str, Any], media_types: tuple[str, ...]) -> dict[str, Any]:
    return {"requestBody": {"required": True, **_content(schema, media_types)}}


def _content(schema: Mapping[str, Any], media_types: tuple[str, ...]) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema} for media_type in media_types}}


def _one_of(kind: Kind, suffix: str = "") -> dict[str, Any]:
    choices = [{"$ref": f"{_REF}{model.__name__}{suffix}"} for model in SPECS[kind].models]
    return choices[0] if len(choices) == 1 else {"anyOf": choices}


def _document() -> dict[str, Any]:
    lists = {
        spec.kind.value: {
            "type": "array",
            "description": f"The {spec.singular}s.",
            "items": _one_of(spec.kind),
        }
        for spec in KINDS
    }
    return {
        "title": DOCUMENT,
        "type": "object",
        "description": "Any of the lists of definitions.",
        "properties": lists,
        "additionalProperties": False,
    }


def _without_name(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a body: the name is in the path, read-only fields are ignored."""
    required = [each for each in schema.get("required", ()) if each != "name"]
    properties = {**schema["properties"], **_READ_ONLY}
    return {**schema, "properties": properties, "required": required}


def _patch(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a merge patch (RFC 7396): every field is optional, null resets it."""
    properties = {
        name: {
            "description": field.get("description", ""),
            "anyOf": [_patch_field(field, schemas), {"type": "null"}],
        }
        for name, field in schema["properties"].items()
    }
    return {
        "type": "object",
        "description": schema.get("description", ""),
        "properties": properties,
        "additionalProperties": schema.get("additionalProperties", True),
    }


def _patch_field(field: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the patch of one field; an object may be given in part."""
    for target in _targets(field):
        schema = cast("Mapping[str, Any]", schemas.get(target, {}))
        if "properties" in schema:
            return _patch(schema, schemas)
    if field.get("type") == "object":
        return {"type": "object"}
    return {key: value for key, value in field.items() if key != "default"}


def _targets(field: Mapping[str, Any]) -> Iterator[str]:
    for each in (field, *field.get("anyOf", ()), *field.get("allOf", ())):
        if "$ref" in each:
            yield each["$ref"].removeprefix(_REF)
