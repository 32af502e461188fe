"""Serves the API routes that apply and export YAML or JSON documents of definitions."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import JSONResponse
from pydantic import StringConstraints

from polysync_core.api.definitions.bodies import DocumentBody, PlanToken
from polysync_core.api.definitions.plan_views import PlanView, plan_view
from polysync_core.api.definitions.routes import DryRun
from polysync_core.api.definitions.schemas import document_body, document_content
from polysync_core.api.engine import PossibleEngine
from polysync_core.api.security.audit_record import CurrentRecord, changes_nothing
from polysync_core.api.security.authors import DocumentAuthor
from polysync_core.api.use_cases import use_case
from polysync_core.application.definitions.documents import Documents
from polysync_core.domain.bundles.selection import ExportSelection
from polysync_core.domain.definitions.base import Kind, ObjectName
from polysync_core.domain.definitions.document import read_document
from polysync_core.domain.strict_documents import write_yaml

YAML = "application/yaml"
EXPORT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The selected definitions.", **document_content(YAML, "application/json")}
}

BundleName = Annotated[
    ObjectName | None,
    Query(description="The bundle of the document: it owns the definitions that are written."),
]

CurrentDocuments = Annotated[Documents, Depends(use_case(Documents))]


async def _selection(
    kind: Annotated[
        list[Kind] | None,
        Query(description="Only this kind, by its list; repeat the parameter for several."),
    ] = None,
    name: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=63)]] | None,
        Query(
            max_length=100,
            description="Only this name, or a pattern with `*`; repeat it for several.",
        ),
    ] = None,
    tag: Annotated[
        str | None,
        Query(max_length=400, description="Only Jobs and Tasks with this tag, or `name=value`."),
    ] = None,
) -> ExportSelection:
    return ExportSelection(kinds=tuple(kind or ()), names=tuple(name or ()), tag=tag)


Selection = Annotated[ExportSelection, Depends(_selection)]


def document_routes() -> APIRouter:
    """Return the routes of whole documents."""
    routes = APIRouter(tags=["Definitions"])

    @routes.get(
        "/definitions",
        summary="Export all definitions, or some of them",
        name="export definitions",
        response_model=None,
        responses=EXPORT,
    )
    def export(
        documents: CurrentDocuments,
        selection: Selection,
        accept: Annotated[
            str, Header(description="`application/yaml` for YAML; JSON otherwise.")
        ] = "*/*",
    ) -> Response:
        content = documents.export(selection)
        if "yaml" in accept.lower():
            return Response(write_yaml(content), media_type=YAML)
        return JSONResponse(content)

    @routes.put(
        "/definitions",
        summary="Apply a document of definitions",
        name="apply definitions",
        openapi_extra=document_body(YAML, "application/json"),
    )
    def apply(  # noqa: PLR0913
        documents: CurrentDocuments,
        body: DocumentBody,
        engine: PossibleEngine,
        author: DocumentAuthor,
        record: CurrentRecord,
        dry_run: DryRun = False,
        prune: Annotated[
            bool,
            Query(description="Delete the definitions of the bundle that the document omits."),
        ] = False,
        bundle: BundleName = None,
        plan_token: PlanToken = None,
    ) -> PlanView:
        document = read_document(body)
        if dry_run:
            changes_nothing(record)
            plan = documents.plan(document, prune=prune, bundle=bundle)
            return plan_view(plan, dry_run=True)
        plan = documents.apply(
            document,
            engine=engine,
            prune=prune,
            plan_token=plan_token,
            author=replace(author, bundle=bundle),
        )
        return plan_view(plan, dry_run=False)

    return routes
