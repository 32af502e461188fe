"""Serves the routes that read, write and delete single definitions of each kind."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from polysync_core.api.definitions.bodies import JsonBody, Precondition
from polysync_core.api.definitions.schemas import body_of
from polysync_core.api.engine import PossibleEngine
from polysync_core.application.definitions.editing import DefinitionEditing, SavedDefinition
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import (
    Reference,
    read_definition,
    reference_to,
)
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue

_READ_ONLY = ("etag", "updatedAt")

Limit = Annotated[int, Query(ge=1, le=100, description="Maximum number of items.")]
Token = Annotated[
    str | None, Query(alias="continuationToken", description="From the previous answer.")
]


def definition_routes(definitions: DefinitionEditing) -> APIRouter:
    """Return the routes of every kind of definition."""
    routes = APIRouter()
    for kind in Kind:
        path = SPECS[kind].path
        of_kind = APIRouter(prefix=f"/{path}", tags=[path])
        _add_reads(of_kind, definitions, kind)
        _add_writes(of_kind, definitions, kind)
        routes.include_router(of_kind)
    return routes


def _add_reads(routes: APIRouter, definitions: DefinitionEditing, kind: Kind) -> None:
    path = SPECS[kind].path

    @routes.get("", summary=f"List {path} by name", name=f"list {path}")
    def list_definitions(limit: Limit = 20, token: Token = None) -> dict[str, Any]:
        page = definitions.page(kind, limit=limit, token=token)
        items = [view(stored) for stored in page.items]
        return {"items": items, "continuationToken": page.token}

    @routes.get("/{name}", summary=f"Read one of the {path}", name=f"get {path}")
    def get_definition(name: str, response: Response) -> dict[str, Any]:
        stored = definitions.get(kind, name)
        response.headers["ETag"] = stored.etag
        return view(stored)


def _add_writes(routes: APIRouter, definitions: DefinitionEditing, kind: Kind) -> None:
    path = SPECS[kind].path

    @routes.put(
        "/{name}",
        summary=f"Create or replace one of the {path}",
        name=f"put {path}",
        responses={201: {"description": "Created"}},
        openapi_extra=body_of(kind, "application/json", "application/yaml"),
    )
    def put_definition(
        name: str,
        body: JsonBody,
        condition: Precondition,
        response: Response,
        engine: PossibleEngine,
    ) -> dict[str, Any]:
        definition = read_definition(kind, _with_name(body, name))
        saved = definitions.put(definition, condition, engine=engine)
        return _answer(saved, response)

    @routes.patch(
        "/{name}",
        summary=f"Change fields of one of the {path} (RFC 7396)",
        name=f"patch {path}",
        openapi_extra=body_of(None, "application/merge-patch+json", "application/json"),
    )
    def patch_definition(
        name: str,
        body: JsonBody,
        condition: Precondition,
        response: Response,
        engine: PossibleEngine,
    ) -> dict[str, Any]:
        saved = definitions.patch(Reference(kind, name), _writable(body), condition, engine=engine)
        return _answer(saved, response)

    @routes.delete(
        "/{name}",
        summary=f"Delete one of the {path} that nothing refers to",
        name=f"delete {path}",
        status_code=204,
    )
    def delete_definition(name: str, condition: Precondition, engine: PossibleEngine) -> None:
        definitions.delete(Reference(kind, name), condition, engine=engine)


def view(stored: StoredDefinition[Definition]) -> dict[str, Any]:
    """Return the JSON of a definition: every field, the ETag and the time of the last write."""
    content = stored.definition.model_dump(mode="json", by_alias=True)
    updated = stored.updated_at.isoformat().replace("+00:00", "Z")
    return {**content, "etag": stored.etag, "updatedAt": updated}


def _answer(saved: SavedDefinition, response: Response) -> dict[str, Any]:
    response.headers["ETag"] = saved.stored.etag
    if saved.created:
        response.status_code = 201
        reference = reference_to(saved.stored.definition)
        response.headers["Location"] = f"/api/{SPECS[reference.kind].path}/{reference.name}"
    return view(saved.stored)


def _with_name(body: JsonValue, name: str) -> JsonValue:
    """Return the body with the name from the path; raise `Invalid` for another name."""
    if not isinstance(body, dict):
        raise Invalid.at("", "must be an object (name: value)")
    if body.get("name", name) != name:
        raise Invalid.at(
            "name", f"differs from the name in the path, '{name}': leave the field out"
        )
    return {"name": name, **_without_read_only(body)}


def _writable(body: JsonValue) -> JsonValue:
    return _without_read_only(body) if isinstance(body, dict) else body


def _without_read_only(body: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Drop the read-only fields, so that a client can send a read body back."""
    return {key: value for key, value in body.items() if key not in _READ_ONLY}
