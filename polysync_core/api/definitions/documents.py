"""The routes of whole documents of definitions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from polysync_core.api.definitions.bodies import DocumentBody
from polysync_core.api.definitions.routes import Publish, unheard
from polysync_core.api.definitions.schemas import document_body
from polysync_core.api.engine import PossibleEngine
from polysync_core.api.security.records import CurrentRecord, changes_nothing
from polysync_core.application.definitions.documents import Action, Documents, Plan, Step
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference, read_document
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.strict_documents import write_yaml

YAML = "application/yaml"
PlanToken = Annotated[
    str | None,
    Query(alias="planToken", description="Of a dry run: apply that very plan or, with 412, none."),
]
_WORDS: dict[Kind, str] = {
    Kind.VAULT: "vault",
    Kind.PLATFORM: "platform",
    Kind.CONTENTION_PROFILE: "contentionProfile",
    Kind.CALENDAR: "calendar",
    Kind.JOB: "job",
    Kind.TASK: "task",
    Kind.WEBHOOK: "webhook",
}


def document_routes(documents: Documents, publish: Publish = unheard) -> APIRouter:
    """Return the routes of whole documents; `publish` is told of what was written."""
    routes = APIRouter(tags=["definitions"])

    @routes.get("/definitions", summary="Export all definitions", response_model=None)
    def export(accept: Annotated[str, Header()] = "*/*") -> Response:
        content = documents.export()
        if "yaml" in accept.lower():
            return Response(write_yaml(content), media_type=YAML)
        return JSONResponse(content)

    @routes.put(
        "/definitions",
        summary="Apply a document of definitions",
        openapi_extra=document_body(YAML, "application/json"),
    )
    def apply(  # noqa: PLR0913
        body: DocumentBody,
        engine: PossibleEngine,
        record: CurrentRecord,
        dry_run: Annotated[bool, Query(alias="dryRun", description="Only plan.")] = False,
        prune: Annotated[
            bool, Query(description="Delete what the document's lists do not have.")
        ] = False,
        plan_token: PlanToken = None,
    ) -> dict[str, Any]:
        document = read_document(body)
        if dry_run:
            changes_nothing(record)
            plan = documents.plan(document, prune=prune)
            return {"dryRun": True, "planToken": plan.token, **plan_view(plan)}
        try:
            plan = documents.apply(document, prune=prune, plan_token=plan_token)
        except PolysyncError:
            # It may have stopped half-way.
            publish(document.paths, engine)
            raise
        publish(_changed(plan), engine)
        return {"dryRun": False, **plan_view(plan)}

    return routes


def _changed(plan: Plan) -> list[Reference]:
    return [step.reference for step in plan.steps if step.action is not Action.UNCHANGED]


def plan_view(plan: Plan) -> dict[str, Any]:
    """Return a plan as the API shows it: a list for each action."""
    return {action.value: [_step_view(step) for step in plan.of(action)] for action in Action}


def _step_view(step: Step) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": _WORDS[step.reference.kind], "name": step.reference.name}
    if step.action is Action.UPDATE:
        entry["differences"] = [
            {"path": each.path, "before": each.before, "after": each.after}
            for each in step.differences
        ]
    return entry
