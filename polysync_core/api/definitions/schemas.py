"""Adds the schemas of definitions to the OpenAPI document."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.kinds import KINDS, SPECS

_REF = "#/components/schemas/{model}"


def body_of(kind: Kind | None, *media_types: str) -> dict[str, Any]:
    """Return the OpenAPI schema of a request body; None means any object."""
    schema: dict[str, Any] = {"type": "object"}
    if kind is not None:
        choices = [{"$ref": _REF.format(model=model.__name__)} for model in SPECS[kind].models]
        schema = choices[0] if len(choices) == 1 else {"oneOf": choices}
    content = {media_type: {"schema": schema} for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}}


def document_body(*media_types: str) -> dict[str, Any]:
    """Return the OpenAPI schema of a whole document."""
    lists = {
        spec.kind.value: {
            "type": "array",
            "items": {
                "anyOf": [{"$ref": _REF.format(model=each.__name__)} for each in spec.models]
            },
        }
        for spec in KINDS
    }
    schema = {"type": "object", "properties": lists, "additionalProperties": False}
    content = {media_type: {"schema": schema} for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}}


def describe_definitions(app: FastAPI) -> None:
    """Add the schemas that `body_of` names to the OpenAPI document of the app."""
    models = [(model, "validation") for spec in KINDS for model in spec.models]
    _, schemas = models_json_schema(models, ref_template=_REF)  # pyright: ignore[reportArgumentType]
    build = app.openapi

    def openapi() -> dict[str, Any]:
        described = build()
        components = described.setdefault("components", {}).setdefault("schemas", {})
        components.update(schemas.get("$defs", {}))
        return described

    app.openapi = openapi
