"""Serves the API routes that list, read, write and delete single definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse

from polysync_core.api.contract.answers import LOCATION, SAVED
from polysync_core.api.definitions.bodies import JsonBody, Precondition
from polysync_core.api.definitions.plan_views import PlanView, change_plan_view
from polysync_core.api.definitions.schemas import body_of, patch_of
from polysync_core.api.definitions.views import StoredView, answer_of, page_of, view
from polysync_core.api.engine import PossibleEngine
from polysync_core.api.models import Page
from polysync_core.api.security.audit_record import CurrentRecord, changes_nothing
from polysync_core.api.security.authors import EditAuthor
from polysync_core.api.use_cases import use_case
from polysync_core.application.definitions.consequences.consequences import Consequences
from polysync_core.application.definitions.editing import (
    DefinitionEditing,
    SavedDefinition,
    WriteCondition,
)
from polysync_core.application.definitions.job_list import JobFilter, JobList
from polysync_core.application.definitions.plans import PlannedChange
from polysync_core.application.ports import Engine
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.changes.versions import Author
from polysync_core.domain.definitions.document import BROKEN_FIELD, Reference, reference_to
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.validation.drafts import Draft, read_draft
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue

_READ_ONLY = ("etag", "updatedAt", "bundle", BROKEN_FIELD)

Limit = Annotated[int, Query(ge=1, le=100, description="Maximum number of items.")]
Token = Annotated[
    str | None, Query(alias="continuationToken", description="The token of the previous answer.")
]
DryRun = Annotated[
    bool, Query(alias="dryRun", description="true: answer with the plan, and write nothing.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Write:
    """The circumstances of a write: its precondition, its engine and whether it is a dry run."""

    condition: WriteCondition
    engine: Engine | None
    author: Author
    dry_run: bool
    consequences: Consequences

    def put(self, definitions: DefinitionEditing, definition: Definition) -> SavedDefinition:
        """Create or replace a definition."""
        return definitions.put(definition, self.condition, engine=self.engine, author=self.author)

    def plan(self, change: PlannedChange) -> PlanView:
        """Return the answer to a dry run."""
        return change_plan_view(change, self.consequences.of(change, self.engine))


async def _write_context(  # noqa: PLR0913 - one parameter for each circumstance
    condition: Precondition,
    engine: PossibleEngine,
    author: EditAuthor,
    record: CurrentRecord,
    consequences: Annotated[Consequences, Depends(use_case(Consequences))],
    dry_run: DryRun = False,
) -> _Write:
    if dry_run:
        changes_nothing(record)
    return _Write(
        condition=condition,
        engine=engine,
        author=author,
        dry_run=dry_run,
        consequences=consequences,
    )


WriteContext = Annotated[_Write, Depends(_write_context)]


CurrentDefinitionEditing = Annotated[DefinitionEditing, Depends(use_case(DefinitionEditing))]


async def _wanted_jobs(
    search: Annotated[
        str | None,
        Query(max_length=200, description="Part of the name, display name or external id."),
    ] = None,
    platform: Annotated[str | None, Query(description="Only jobs of this Platform.")] = None,
    job_type: Annotated[
        str | None, Query(alias="jobType", max_length=200, description="Only this job type.")
    ] = None,
    tag: Annotated[
        str | None, Query(max_length=400, description="The name of a tag, or `name=value`.")
    ] = None,
) -> JobFilter:
    return JobFilter(text=search, platform=platform, job_type=job_type, tag=tag)


WantedJobs = Annotated[JobFilter, Depends(_wanted_jobs)]


def definition_routes() -> APIRouter:
    """Return the routes of every kind of definition."""
    routes = APIRouter()
    for kind in Kind:
        path = SPECS[kind].path
        of_kind = APIRouter(prefix=f"/{path}", tags=[f"{SPECS[kind].singular.capitalize()}s"])
        _add_list_of_jobs(of_kind) if kind is Kind.JOB else _add_list(of_kind, kind)
        _add_read(of_kind, kind)
        _add_writes(of_kind, kind)
        _add_delete(of_kind, kind)
        routes.include_router(of_kind)
    return routes


def _add_list(routes: APIRouter, kind: Kind) -> None:
    path, page_model = SPECS[kind].path, page_of(kind)
    plural = f"{SPECS[kind].singular}s"

    @routes.get(
        "", response_model=page_model, summary=f"List {plural} by name", name=f"list {path}"
    )
    def list_definitions(
        definitions: CurrentDefinitionEditing, limit: Limit = 20, token: Token = None
    ) -> Page[Any]:
        page = definitions.page(kind, limit=limit, token=token)
        items = [view(stored) for stored in page.items]
        return page_model.model_construct(items=items, continuation_token=page.token)


def _add_list_of_jobs(routes: APIRouter) -> None:
    page_model = page_of(Kind.JOB)

    @routes.get("", response_model=page_model, summary="List jobs by name", name="list jobs")
    def list_jobs(
        definitions: CurrentDefinitionEditing,
        job_list: Annotated[JobList, Depends(use_case(JobList))],
        wanted: WantedJobs,
        limit: Limit = 20,
        token: Token = None,
    ) -> Page[Any]:
        """List jobs by name; a filtered page may have few jobs and still continue."""
        page = (
            definitions.page(Kind.JOB, limit=limit, token=token)
            if wanted == JobFilter()
            else job_list.page(wanted, limit=limit, token=token)
        )
        items = [view(stored) for stored in page.items]
        return page_model.model_construct(items=items, continuation_token=page.token)


def _add_read(routes: APIRouter, kind: Kind) -> None:
    singular = SPECS[kind].singular

    @routes.get(
        "/{name}",
        response_model=answer_of(kind),
        responses=SAVED,
        summary=f"Read a {singular}",
        name=f"get {singular}",
    )
    def get_definition(
        name: str, definitions: CurrentDefinitionEditing, response: Response
    ) -> StoredView:
        stored = definitions.get(kind, name)
        response.headers["ETag"] = stored.etag
        return view(stored)


def _add_writes(routes: APIRouter, kind: Kind) -> None:
    singular = SPECS[kind].singular

    @routes.put(
        "/{name}",
        summary=f"Create or replace a {singular}",
        name=f"put {singular}",
        response_model=answer_of(kind) | PlanView,
        responses=SAVED | {201: {"description": "Created", "model": answer_of(kind), **LOCATION}},
        openapi_extra=body_of(kind, "application/json", "application/yaml"),
    )
    def put_definition(
        name: str,
        definitions: CurrentDefinitionEditing,
        body: JsonBody,
        context: WriteContext,
        response: Response,
    ) -> StoredView | PlanView:
        definition = definitions.complete(_draft(kind, body, name))
        if context.dry_run:
            return context.plan(definitions.plan_put(definition, context.condition))
        return answer(context.put(definitions, definition), response)

    @routes.patch(
        "/{name}",
        summary=f"Change fields of a {singular}",
        name=f"patch {singular}",
        response_model=answer_of(kind) | PlanView,
        responses=SAVED,
        openapi_extra=patch_of(kind, "application/merge-patch+json", "application/json"),
    )
    def patch_definition(
        name: str,
        definitions: CurrentDefinitionEditing,
        body: JsonBody,
        context: WriteContext,
        response: Response,
    ) -> StoredView | PlanView:
        reference, patch = Reference(kind, name), _writable(body)
        if context.dry_run:
            return context.plan(definitions.plan_patch(reference, patch, context.condition))
        saved = definitions.patch(
            reference, patch, context.condition, engine=context.engine, author=context.author
        )
        return answer(saved, response)


def _add_delete(routes: APIRouter, kind: Kind) -> None:
    singular = SPECS[kind].singular

    @routes.delete(
        "/{name}",
        summary=f"Delete a {singular} that nothing refers to",
        name=f"delete {singular}",
        status_code=204,
        response_model=None,
        responses={200: {"description": "The plan of a dry run", "model": PlanView}},
    )
    def delete_definition(
        name: str, definitions: CurrentDefinitionEditing, context: WriteContext
    ) -> Response:
        reference = Reference(kind, name)
        if context.dry_run:
            plan = context.plan(definitions.plan_delete(reference, context.condition))
            return JSONResponse(plan.as_json())
        definitions.delete(reference, context.condition, engine=context.engine)
        return Response(status_code=204)


def answer(saved: SavedDefinition, response: Response) -> StoredView:
    """Return the answer to a write, with its headers."""
    response.headers["ETag"] = saved.stored.etag
    if saved.created:
        response.status_code = 201
        reference = reference_to(saved.stored.definition)
        response.headers["Location"] = f"/api/{SPECS[reference.kind].path}/{reference.name}"
    return view(saved.stored)


def _draft(kind: Kind, body: JsonValue, name: str) -> Draft:
    """Return the definition of a body, which has the name from the path."""
    if not isinstance(body, dict):
        raise Invalid.at("", "must be an object (name: value)")
    draft = read_draft(kind, {**_without_read_only(body), "name": name})
    if body.get("name", name) == name:
        return draft
    message = f"differs from the name in the path, '{name}': leave the field out"
    return draft.with_problem(Problem("name", message))


def _writable(body: JsonValue) -> JsonValue:
    return _without_read_only(body) if isinstance(body, dict) else body


def _without_read_only(body: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Drop the read-only fields, so that a client can send a read body back."""
    return {key: value for key, value in body.items() if key not in _READ_ONLY}
