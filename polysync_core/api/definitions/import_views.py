"""Builds the JSON responses of the API routes that list and import platform artefacts."""

from __future__ import annotations

import operator

from pydantic import Field

from polysync_core.api.models import Json, View
from polysync_core.api.problem_document import ProblemItem
from polysync_core.application.platforms.import_report import (
    FoundArtefact,
    ImportedArtefact,
    ImportReport,
    ImportResult,
)
from polysync_core.domain.definitions.document import write_definition


class ArtefactView(View):
    """An artefact that exists on a platform."""

    external_id: str
    """The platform's own id of the artefact."""
    job_type: str
    """The type of a Job that runs the artefact."""
    name: str
    """The name of the artefact."""
    description: str | None
    """The description of the artefact on its platform."""
    imported: bool
    """True if a Job runs the artefact."""
    jobs: list[str]
    """The Jobs that run the artefact."""
    problem: str | None
    """The reason why no Job can run it, or why a folder was not searched; null if it is usable."""


class ParameterChangeView(View):
    """An attribute of a parameter before and after an import."""

    name: str
    """The parameter."""
    before: Json
    """The value before."""
    after: Json
    """The value after."""


class SchemaDifferenceView(View):
    """The difference between the parameters of a Job and those of its artefact."""

    added: list[str]
    """The new parameters."""
    removed: list[str]
    """The parameters that the artefact no longer has."""
    type_changed: list[ParameterChangeView]
    """The parameters with another data type."""
    default_changed: list[ParameterChangeView]
    """The parameters with another default."""
    missing_changed: list[ParameterChangeView] = Field(
        default_factory=list[ParameterChangeView], exclude_if=operator.not_
    )
    """The parameters that are missing in the artefact since this import, or no longer."""


class IncompatibleTaskView(View):
    """A Task that contradicts the present parameters of the artefact."""

    task: str
    """The Task."""
    problems: list[ProblemItem]
    """The contradictions."""


class ImportedArtefactView(View):
    """The outcome of the import of one artefact."""

    result: ImportResult
    """The outcome."""
    external_id: str
    """The platform's own id of the artefact."""
    requested: list[str] = Field(default_factory=list[str], exclude_if=operator.not_)
    """The given external ids that name the artefact; several spellings may name one artefact."""
    job_type: str | None
    """The type of the Job; null if the artefact was not found."""
    job: str | None
    """The Job; null if none was created."""
    difference: SchemaDifferenceView
    """The change of the parameters."""
    notes: list[str]
    """Facts about the reading of the artefact, such as a part that could not be read."""
    complete: bool = Field(default=True, exclude_if=bool)
    """False if the artefact may read other parameters, as the notes say. Then no parameter is
    removed, unless the request has `remove`. The field is left out if it is true."""
    tasks: list[IncompatibleTaskView]
    """The Tasks because of which a part of the schema was not changed."""
    error: str | None
    """The error of a failed import, or the reason why a folder was not searched."""
    definition: dict[str, Json] | None = Field(default=None, exclude_if=operator.not_)
    """The Job as it appears in a document; only in a dry run."""


class ImportReportView(View):
    """The outcomes of an import, one list for each result."""

    created: list[ImportedArtefactView]
    """The artefacts with a new Job."""
    updated: list[ImportedArtefactView]
    """The artefacts whose Job was changed."""
    unchanged: list[ImportedArtefactView]
    """The artefacts whose Job was up to date."""
    failed: list[ImportedArtefactView]
    """The artefacts that could not be imported."""
    skipped: list[ImportedArtefactView]
    """The folders that were not searched, with the reason."""
    continuation_token: str | None
    """Continues the import; null after the last artefact."""


def found_view(found: FoundArtefact) -> ArtefactView:
    """Return the view of a found artefact."""
    artefact = found.artefact
    return ArtefactView(
        external_id=artefact.external_id,
        job_type=artefact.job_type,
        name=artefact.name,
        description=artefact.description,
        imported=bool(found.jobs),
        jobs=list(found.jobs),
        problem=artefact.problem,
    )


def report_view(report: ImportReport, *, is_planned: bool = False) -> ImportReportView:
    """Return the view of an import; that of a dry run has the planned Jobs."""
    by_result = {
        result.value: [
            imported_view(each, is_planned=is_planned)
            for each in report.items
            if each.result is result
        ]
        for result in ImportResult
    }
    return ImportReportView.model_validate({**by_result, "continuationToken": report.token})


def imported_view(imported: ImportedArtefact, *, is_planned: bool = False) -> ImportedArtefactView:
    """Return the view of the import of one artefact."""
    job = imported.definition if is_planned else None
    return ImportedArtefactView(
        result=imported.result,
        external_id=imported.external_id,
        requested=list(imported.requested),
        job_type=imported.job_type,
        job=imported.job,
        difference=SchemaDifferenceView.model_validate(imported.difference),
        notes=list(imported.notes),
        complete=imported.is_complete,
        tasks=[IncompatibleTaskView.model_validate(each) for each in imported.incompatible_tasks],
        error=imported.error,
        definition=None if job is None else write_definition(job),
    )
