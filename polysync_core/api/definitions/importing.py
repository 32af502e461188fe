"""The routes that take over a platform's artefacts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from polysync_core.api.definitions.routes import Limit, Publish, Token, unheard
from polysync_core.api.engine import PossibleEngine
from polysync_core.application.platforms.import_report import (
    Found,
    Imported,
    ImportReport,
    Result,
    Selection,
)
from polysync_core.application.platforms.importing import Importing
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference, write_definition
from polysync_core.domain.definitions.schemas import Change, SchemaDifference
from polysync_core.domain.json_types import JsonValue

MOST_AT_ONCE = 500

JobTypeOf = Annotated[str | None, Query(alias="jobType", description="Only of this job type.")]
Search = Annotated[str | None, Query(max_length=200, description="A part of the name.")]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class ImportRequest(_Body):
    """The body of an import; without `externalIds` all that is selected is imported."""

    external_ids: Annotated[list[str] | None, Field(min_length=1, max_length=MOST_AT_ONCE)] = None
    job_type: str | None = None
    search: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(strict=True, ge=1, le=MOST_AT_ONCE)] = 100
    continuation_token: str | None = None


class CreateTask(_Body):
    """The body of Create Task."""

    name: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)


def importing_routes(importing: Importing, publish: Publish = unheard) -> APIRouter:
    """Return the routes of import; `publish` is told of every write."""
    routes = APIRouter(tags=["Import"])

    @routes.get("/platforms/{name}/artefacts")
    def list_artefacts(
        name: str,
        job_type: JobTypeOf = None,
        search: Search = None,
        limit: Limit = 20,
        token: Token = None,
    ) -> dict[str, Any]:
        """List what exists on a platform."""
        selection = Selection(job_type=job_type, search=search, limit=limit, token=token)
        page = importing.artefacts(name, selection)
        return {"items": [_found(each) for each in page.items], "continuationToken": page.token}

    @routes.post("/platforms/{name}/import")
    def import_artefacts(
        name: str, engine: PossibleEngine, body: ImportRequest | None = None
    ) -> dict[str, Any]:
        """Create or update the Jobs of a platform's artefacts."""
        report = importing.import_artefacts(name, _selection(body or ImportRequest()))
        written = {Result.CREATED, Result.UPDATED}
        jobs = [each.job for each in report.items if each.result in written and each.job]
        publish([Reference(Kind.JOB, job) for job in jobs], engine)
        return _report(report)

    @routes.post("/jobs/{name}/sync-parameters")
    def sync_parameters(name: str, engine: PossibleEngine) -> dict[str, Any]:
        """Read a job's parameters from its platform again."""
        imported = importing.sync_parameters(name)
        publish([Reference(Kind.JOB, name)], engine)
        return _imported(imported)

    @routes.post("/jobs/{name}/tasks", status_code=201)
    def create_task(name: str, body: CreateTask, engine: PossibleEngine) -> dict[str, Any]:
        """Create a task of a job."""
        task = importing.create_task(name, body.name, body.parameters)
        publish([Reference(Kind.TASK, task.name)], engine)
        return dict(write_definition(task))

    return routes


def _selection(body: ImportRequest) -> Selection:
    return Selection(
        job_type=body.job_type,
        search=body.search,
        external_ids=None if body.external_ids is None else frozenset(body.external_ids),
        limit=body.limit if body.external_ids is None else MOST_AT_ONCE,
        token=body.continuation_token,
    )


def _found(found: Found) -> dict[str, Any]:
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
        for result in Result
    }
    return {**answer, "continuationToken": report.token}


def _imported(imported: Imported) -> dict[str, Any]:
    return {
        "result": imported.result,
        "externalId": imported.external_id,
        "jobType": imported.job_type,
        "job": imported.job,
        "difference": _difference(imported.difference),
        "notes": list(imported.notes),
        "tasks": [
            {
                "task": misfit.task,
                "problems": [
                    {"path": problem.path, "message": problem.message}
                    for problem in misfit.problems
                ],
            }
            for misfit in imported.misfits
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


def _change(change: Change) -> dict[str, Any]:
    return {"name": change.name, "before": change.before, "after": change.after}
