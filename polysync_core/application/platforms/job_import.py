"""Creates a Job from a platform artefact, or updates the Job's parameters."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field, replace
from functools import partial
from typing import cast

from polysync_core.application.definitions.editing import DefinitionEditing, WriteCondition
from polysync_core.application.platforms.import_report import (
    ImportedArtefact,
    ImportResult,
    IncompatibleTask,
)
from polysync_core.application.ports import Engine
from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.changes.versions import Author
from polysync_core.domain.definitions.document import Reference, read_definition, write_definition
from polysync_core.domain.definitions.drift.schemas import (
    SchemaDifference,
    as_job_parameter,
    merged,
    only_named,
    safe_changes_only,
    schema_difference,
    unfit_default,
)
from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.errors import Conflict, Invalid, Problem, StaleETag
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import no_such_parameter
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from polysync_core.platforms.text import shortened_line

MAX_NAME_LENGTH = 63
_DIGEST_LENGTH = 8
_TASK_PATHS = "tasks/"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobImport:
    """Writes the Jobs of artefacts during one import, or only plans these writes."""

    definitions: DefinitionEditing
    engine: Engine | None
    author: Author | None = None
    is_dry_run: bool = False
    """True if nothing is written."""
    remove: bool = False
    """True if a parameter that was not found is removed even after an incomplete reading."""
    _planned: set[str] = field(default_factory=set[str], init=False)
    """The names of the Jobs that the dry run would create."""

    def create(self, platform: str, artefact: Artefact, schema: ArtefactSchema) -> ImportedArtefact:
        """Create a Job under the first free name; raises `Conflict` if every name is taken."""
        parameters = tuple(map(as_job_parameter, schema.parameters))
        for name in job_names(platform, artefact):
            if name in self._planned:
                continue
            job = _new_job(name, platform, artefact, schema)
            try:
                self._put(job, WriteCondition(if_absent=True))
            except StaleETag:
                # The Job of another artefact has this name.
                continue
            self._note_created(name)
            return ImportedArtefact(
                result=ImportResult.CREATED,
                external_id=artefact.external_id,
                job_type=artefact.job_type,
                job=name,
                difference=schema_difference((), parameters),
                notes=notes_of(schema),
                is_complete=schema.is_complete,
                definition=job,
            )
        raise Conflict("Other jobs have every possible name for the new job: rename one of them.")

    def draft(self, platform: str, artefact: Artefact, schema: ArtefactSchema) -> Job:
        """Return the Job that `create` would store; writes nothing."""
        names = [*job_names(platform, artefact)]
        free = (name for name in names if not self.definitions.exists(Reference(Kind.JOB, name)))
        return _new_job(next(free, names[-1]), platform, artefact, schema)

    def update(
        self, name: str, schema: ArtefactSchema, *, only: Set[str] | None = None
    ) -> ImportedArtefact:
        """Bring a Job's parameters in line with its artefact; Tasks of the Job stay valid.

        `only` selects parameters; the other parameters stay as they are. Raises `Invalid` for a
        name that neither the Job nor the artefact has.
        """
        exhausted = Conflict(f"Job '{name}' was changed at the same time: import it again.")

        def attempt() -> ImportedArtefact:
            stored = self.definitions.get(Kind.JOB, name)
            job, condition = cast("Job", stored.definition), WriteCondition(if_match=stored.etag)
            write = partial(self._put, condition=condition)
            return _update(job, schema, only, write=write, remove=self.remove).imported

        return retry_on_conflict(attempt, exhausted=exhausted)

    def _note_created(self, name: str) -> None:
        if self.is_dry_run:
            self._planned.add(name)
        else:
            _log.info("Artefact imported.", extra={"action": "artefact_imported", "job": name})

    def _put(self, job: Job, condition: WriteCondition) -> None:
        if self.is_dry_run:
            self.definitions.plan_put(job, condition)
        else:
            self.definitions.put(job, condition, engine=self.engine, author=self.author)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobUpdate:
    """The update of a Job from its artefact, planned or executed."""

    imported: ImportedArtefact
    """The outcome; its difference has the changes that break no Task."""
    difference: SchemaDifference
    """The whole difference between the Job and its artefact."""


def planned_update(
    definitions: DefinitionEditing,
    job: Job,
    schema: ArtefactSchema,
    *,
    only: Set[str] | None = None,
    remove: bool = False,
) -> JobUpdate:
    """Return the update that `JobImport.update` would make; raises as it does."""
    return _update(job, schema, only, write=definitions.plan_put, remove=remove)


def _update(
    job: Job,
    schema: ArtefactSchema,
    only: Set[str] | None,
    *,
    write: Callable[[Job], object],
    remove: bool,
) -> JobUpdate:
    complete = schema.is_complete or remove
    found = merged(
        job.parameters,
        schema.parameters,
        typed=schema.typed,
        complete=complete,
        guessed=schema.guessed,
    )
    whole = _chosen(job, found, only)
    parameters, incompatible = whole, tuple[IncompatibleTask, ...]()
    try:
        write(_with_parameters(job, whole))
    except Invalid as error:
        incompatible = _incompatible_tasks(error, job, whole)
        if not incompatible:
            raise
    if incompatible:
        safe = safe_changes_only(job.parameters, schema.parameters, complete=complete)
        parameters = _chosen(job, safe, only)
        write(_with_parameters(job, parameters))
    return JobUpdate(
        imported=_imported(job, schema, parameters, incompatible),
        difference=schema_difference(job.parameters, whole),
    )


def _imported(
    job: Job,
    schema: ArtefactSchema,
    parameters: tuple[Parameter, ...],
    incompatible: tuple[IncompatibleTask, ...],
) -> ImportedArtefact:
    difference = schema_difference(job.parameters, parameters)
    return ImportedArtefact(
        result=ImportResult.UNCHANGED if difference.is_empty else ImportResult.UPDATED,
        external_id=job.external_id,
        job_type=job.job_type,
        job=job.name,
        difference=difference,
        notes=notes_of(schema),
        is_complete=schema.is_complete,
        incompatible_tasks=incompatible,
        definition=_with_parameters(job, parameters),
    )


def _chosen(job: Job, found: tuple[Parameter, ...], only: Set[str] | None) -> tuple[Parameter, ...]:
    """Return the found parameters, or the changes of the chosen ones."""
    if only is None:
        return found
    known = {each.name for each in (*job.parameters, *found)}
    unknown = [Problem("parameters", _no_parameter(name)) for name in sorted(only - known)]
    if unknown:
        raise Invalid(unknown)
    return only_named(job.parameters, found, only)


def _no_parameter(name: str) -> str:
    return f"neither the job nor its artefact has a parameter '{name}': correct the name"


def job_names(platform: str, artefact: Artefact) -> Iterator[str]:
    """Yield a name from the artefact's name, then a name with a digest."""
    folded = unicodedata.normalize("NFKD", artefact.name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", folded.lower()).strip("-")
    if slug:
        yield slug[:MAX_NAME_LENGTH].rstrip("-")
    identity = json.dumps([platform, artefact.job_type, artefact.external_id])
    digest = hashlib.sha256(identity.encode()).hexdigest()[:_DIGEST_LENGTH]
    stem = slug[: MAX_NAME_LENGTH - _DIGEST_LENGTH - 1].rstrip("-") or "job"
    yield f"{stem}-{digest}"


def notes_of(schema: ArtefactSchema) -> tuple[str, ...]:
    """Return the notes about a schema, also about the defaults that no Job can hold."""
    unfit = filter(None, map(unfit_default, schema.parameters))
    return (*schema.notes, *unfit)


def _new_job(name: str, platform: str, artefact: Artefact, schema: ArtefactSchema) -> Job:
    """Return the Job of an artefact, or raise `Invalid`."""
    raw: dict[str, JsonValue] = {
        "name": name,
        "platform": platform,
        "jobType": artefact.job_type,
        "externalId": artefact.external_id,
        "displayName": (shortened_line(artefact.name) or "")[:200] or None,
        "description": shortened_line(artefact.description),
        "settings": dict(schema.settings),
    }
    parameters = tuple(map(as_job_parameter, schema.parameters))
    return _with_parameters(cast("Job", read_definition(Kind.JOB, raw)), parameters)


def _with_parameters(job: Job, parameters: tuple[Parameter, ...]) -> Job:
    """Return a Job with other parameters, or raise `Invalid`."""
    changed = job.model_copy(update={"parameters": parameters})
    # A copy is not validated, and an invalid stored definition could not be read again.
    return cast("Job", read_definition(Kind.JOB, write_definition(changed)))


def _incompatible_tasks(
    error: Invalid, job: Job, found: tuple[Parameter, ...]
) -> tuple[IncompatibleTask, ...]:
    """Return the Tasks that a Job would break; empty if other problems exist."""
    removed = {each.name for each in job.parameters} - {each.name for each in found}
    tasks: dict[str, list[Problem]] = {}
    for problem in error.problems:
        if not problem.path.startswith(_TASK_PATHS):
            return ()
        name, _, path = problem.path.removeprefix(_TASK_PATHS).partition(".")
        text = _of_artefact(problem, job, removed)
        tasks.setdefault(name, []).append(replace(problem, path=path, text=text))
    return tuple(
        IncompatibleTask(task=name, problems=tuple(problems)) for name, problems in tasks.items()
    )


def _of_artefact(problem: Problem, job: Job, removed: Set[str]) -> str:
    """Return the text of a problem; a parameter is missing in the artefact, not yet in the Job."""
    if problem.text != no_such_parameter(job):
        return problem.text
    name = problem.path.rpartition("parameters.")[2]
    parameter = f"parameter '{name}'" if name in removed else "this parameter"
    return f"the artefact no longer reads {parameter}"
