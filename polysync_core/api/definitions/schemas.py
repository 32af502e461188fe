"""The schemas of definitions in the API's description."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.calendars import Calendar
from polysync_core.domain.definitions.contention import ConcurrencyProfile, RateLimitProfile
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.definitions.webhooks import Webhook

_REF = "#/components/schemas/{model}"
_MODELS: dict[Kind, tuple[type[BaseModel], ...]] = {
    Kind.VAULT: (Vault,),
    Kind.PLATFORM: (Platform,),
    Kind.CONTENTION_PROFILE: (ConcurrencyProfile, RateLimitProfile),
    Kind.CALENDAR: (Calendar,),
    Kind.JOB: (Job,),
    Kind.TASK: (Task,),
    Kind.WEBHOOK: (Webhook,),
}


def body_of(kind: Kind | None, *media_types: str) -> dict[str, Any]:
    """Return the description of a body that our own readers read; None is any object."""
    schema: dict[str, Any] = {"type": "object"}
    if kind is not None:
        choices = [{"$ref": _REF.format(model=model.__name__)} for model in _MODELS[kind]]
        schema = choices[0] if len(choices) == 1 else {"oneOf": choices}
    content = {media_type: {"schema": schema} for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}}


def document_body(*media_types: str) -> dict[str, Any]:
    """Return the description of a whole document."""
    lists = {
        kind.value: {
            "type": "array",
            "items": {"anyOf": [{"$ref": _REF.format(model=each.__name__)} for each in models]},
        }
        for kind, models in _MODELS.items()
    }
    schema = {"type": "object", "properties": lists, "additionalProperties": False}
    content = {media_type: {"schema": schema} for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}}


def describe_definitions(app: FastAPI) -> None:
    """Add the schemas that `body_of` names to the description of the app."""
    models = [(model, "validation") for group in _MODELS.values() for model in group]
    _, schemas = models_json_schema(models, ref_template=_REF)  # pyright: ignore[reportArgumentType]
    build = app.openapi

    def openapi() -> dict[str, Any]:
        described = build()
        components = described.setdefault("components", {}).setdefault("schemas", {})
        components.update(schemas.get("$defs", {}))
        return described

    app.openapi = openapi
