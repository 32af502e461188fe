"""Serves the routes that list and import artefacts, and sync parameters."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from polysync_core.api.definitions.routes import Limit, Token
from polysync_core.api.engine import PossibleEngine
from polysync_core.application.platforms.artefact_import import ArtefactImport
from polysync_core.application.platforms.import_report import (
    ArtefactSelection,
    FoundArtefact,
    ImportedArtefact,
    ImportReport,
    ImportResult,
)
from polysync_core.domain.definitions.document import write_definition
from polysync_core.domain.definitions.schemas import ParameterChange, SchemaDifference
from polysync_core.domain.json_types import JsonValue

MAX_PER_CALL = 500

JobTypeOf = Annotated[str | None, Query(alias="jobType", description="Only this job type.")]
Search = Annotated[str | None, Query(max_length=200, description="Part of the name.")]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class ImportRequest(_Body):
    """The body of an import; without `externalIds` every selected artefact is imported."""

    external_ids: Annotated[list[str] | None, Field(min_length=1, max_length=MAX_PER_CALL)] = None
    job_type: str | None = None
    search: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_PER_CALL)] = 100
    continuation_token: str | None = None


class CreateTask(_Body):
    """The body of a request that creates a Task."""

    name: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)


def import_routes(artefact_import: ArtefactImport) -> APIRouter:
    """Return the routes of import."""
    routes = APIRouter(tags=["Import"])

    @routes.get("/platforms/{name}/artefacts")
    def list_artefacts(
        name: str,
        job_type: JobTypeOf = None,
        search: Search = None,
        limit: Limit = 20,
        token: Token = None,
    ) -> dict[str, Any]:
        """List the artefacts of a platform."""
        selection = ArtefactSelection(job_type=job_type, search=search, limit=limit, token=token)
        page = artefact_import.artefacts(name, selection)
        return {"items": [_found(each) for each in page.items], "continuationToken": page.token}

    @routes.post("/platforms/{name}/import")
    def import_artefacts(
        name: str, engine: PossibleEngine, body: ImportRequest | None = None
    ) -> dict[str, Any]:
        """Create or update the Jobs of a platform's artefacts."""
        report = artefact_import.import_artefacts(
            name, _selection(body or ImportRequest()), engine=engine
        )
        return _report(report)

    @routes.post("/jobs/{name}/sync-parameters")
    def sync_parameters(name: str, engine: PossibleEngine) -> dict[str, Any]:
        """Update a job's parameters from its platform."""
        return _imported(artefact_import.sync_parameters(name, engine=engine))

    @routes.post("/jobs/{name}/tasks", status_code=201)
    def create_task(name: str, body: CreateTask, engine: PossibleEngine) -> dict[str, Any]:
        """Create a task of a job."""
        task = artefact_import.create_task(name, body.name, body.parameters, engine=engine)
        return dict(write_definition(task))

    return routes


def _selection(body: ImportRequest) -> ArtefactSelection:
    return ArtefactSelection(
        job_type=body.job_type,
        search=body.search,
        external_ids=None if body.external_ids is None else frozenset(body.external_ids),
        limit=body.limit if body.external_ids is None else MAX_PER_CALL,
        token=body.continuation_token,
    )


def _found(found: FoundArtefact) -> dict[str, Any]:
    artefact = found.artefact
    return {
        "externalId": artefact.external_id,
        "jobType": artefact.job_type,
        "name": artefact.name,
        "description": artefact.description,
        "imported": bool(found.jobs),
        "jobs": list(found.jobs),
    }


def _report(report: ImportReport) -> dict[str, Any]:
    answer: dict[str, Any] = {
        result.value: [_imported(each) for each in report.items if each.result is result]
        for result in ImportResult
    }
    return {**answer, "continuationToken": report.token}


def _imported(imported: ImportedArtefact) -> dict[str, Any]:
    return {
        "result": imported.result,
        "externalId": imported.external_id,
        "jobType": imported.job_type,
        "job": imported.job,
        "difference": _difference(imported.difference),
        "notes": list(imported.notes),
        "tasks": [
            {
                "task": each.task,
                "problems": [
                    {"path": problem.path, "message": problem.message} for problem in each.problems
                ],
            }
            for each in imported.incompatible_tasks
        ],
        "error": imported.error,
    }


def _difference(difference: SchemaDifference) -> dict[str, Any]:
    return {
        "added": list(difference.added),
        "removed": list(difference.removed),
        "typeChanged": [_change(each) for each in difference.type_changed],
        "defaultChanged": [_change(each) for each in difference.default_changed],
    }


def _change(change: ParameterChange) -> dict[str, Any]:
    return {"name": change.name, "before": change.before, "after": change.after}
