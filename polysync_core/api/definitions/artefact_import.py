"""Serves the API routes that list notebooks and other artefacts, and import them as Jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from polysync_core.api.contract.answers import LOCATION, PLATFORM_ERRORS
from polysync_core.api.definitions.import_views import (
    ArtefactView,
    ImportedArtefactView,
    ImportReportView,
    found_view,
    imported_view,
    report_view,
)
from polysync_core.api.definitions.routes import DryRun, Limit, Token, answer
from polysync_core.api.definitions.views import StoredView, answer_of
from polysync_core.api.engine import PossibleEngine
from polysync_core.api.models import Page
from polysync_core.api.platform_route import PlatformRoute
from polysync_core.api.security.audit_record import CurrentRecord, changes_nothing
from polysync_core.api.security.authors import EditAuthor, ImportAuthor
from polysync_core.api.use_cases import use_case
from polysync_core.application.platforms.artefact_import import ArtefactImport
from polysync_core.application.platforms.import_report import ArtefactSelection
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.json_types import JsonValue

MAX_PER_CALL = 500

JobTypeOf = Annotated[str | None, Query(alias="jobType", description="Only this job type.")]
Search = Annotated[str | None, Query(max_length=200, description="Part of the name.")]


Remove = Annotated[
    bool,
    Field(
        strict=True,
        description="True also removes parameters that an incomplete reading did not find.",
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class ImportRequest(_Body):
    """The body of an import; without `externalIds` every selected artefact is imported."""

    external_ids: Annotated[list[str] | None, Field(min_length=1, max_length=MAX_PER_CALL)] = None
    job_type: str | None = None
    search: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_PER_CALL)] = 100
    continuation_token: str | None = None
    remove: Remove = False


class SyncRequest(_Body):
    """The body of a synchronisation; without `parameters` every difference is taken."""

    parameters: Annotated[
        list[Annotated[str, Field(max_length=255)]] | None,
        Field(
            max_length=MAX_PER_CALL,
            description="The names of the parameters whose differences are taken; null takes all.",
        ),
    ] = None
    remove: Remove = False


class CreateTask(_Body):
    """The body of a request that creates a Task."""

    name: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)


CurrentArtefactImport = Annotated[ArtefactImport, Depends(use_case(ArtefactImport))]


def import_routes() -> APIRouter:
    """Return the routes of import."""
    routes = APIRouter(tags=["Import"], responses=PLATFORM_ERRORS, route_class=PlatformRoute)

    @routes.get("/platforms/{name}/artefacts")
    def list_artefacts(  # noqa: PLR0913
        name: str,
        artefact_import: CurrentArtefactImport,
        job_type: JobTypeOf = None,
        search: Search = None,
        limit: Limit = 20,
        token: Token = None,
    ) -> Page[ArtefactView]:
        """List the artefacts of a platform."""
        selection = ArtefactSelection(job_type=job_type, search=search, limit=limit, token=token)
        page = artefact_import.artefacts(name, selection)
        return Page(items=[found_view(each) for each in page.items], continuation_token=page.token)

    @routes.post("/platforms/{name}/import")
    def import_artefacts(  # noqa: PLR0913
        name: str,
        artefact_import: CurrentArtefactImport,
        engine: PossibleEngine,
        author: ImportAuthor,
        record: CurrentRecord,
        body: ImportRequest | None = None,
        dry_run: DryRun = False,
    ) -> ImportReportView:
        """Create or update the Jobs of a platform's artefacts."""
        selection = _selection(body or ImportRequest())
        if dry_run:
            changes_nothing(record)
            plan = artefact_import.plan_import(name, selection)
            return report_view(plan, is_planned=True)
        return report_view(
            artefact_import.import_artefacts(name, selection, engine=engine, author=author)
        )

    @routes.post("/jobs/{name}/sync-parameters")
    def sync_parameters(  # noqa: PLR0913
        name: str,
        artefact_import: CurrentArtefactImport,
        engine: PossibleEngine,
        author: ImportAuthor,
        record: CurrentRecord,
        body: SyncRequest | None = None,
        dry_run: DryRun = False,
    ) -> ImportedArtefactView:
        """Update a job's parameters from its platform."""
        request = body or SyncRequest()
        only = None if request.parameters is None else frozenset(request.parameters)
        if dry_run:
            changes_nothing(record)
            planned = artefact_import.plan_sync(name, only=only, remove=request.remove)
            return imported_view(planned)
        imported = artefact_import.sync_parameters(
            name, engine=engine, only=only, remove=request.remove, author=author
        )
        return imported_view(imported)

    @routes.post(
        "/jobs/{name}/tasks",
        response_model=answer_of(Kind.TASK),
        status_code=201,
        responses={201: LOCATION},
    )
    def create_task(  # noqa: PLR0913
        name: str,
        artefact_import: CurrentArtefactImport,
        body: CreateTask,
        response: Response,
        engine: PossibleEngine,
        author: EditAuthor,
    ) -> StoredView:
        """Create a task of a job."""
        saved = artefact_import.create_task(
            name, body.name, body.parameters, engine=engine, author=author
        )
        return answer(saved, response)

    return routes


def _selection(body: ImportRequest) -> ArtefactSelection:
    return ArtefactSelection(
        job_type=body.job_type,
        search=body.search,
        external_ids=None if body.external_ids is None else frozenset(body.external_ids),
        limit=body.limit if body.external_ids is None else MAX_PER_CALL,
        token=body.continuation_token,
        remove=body.remove,
    )
