"""Taking over a platform's artefacts as Jobs, and keeping the Jobs up to date."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched, islice
from typing import cast

from polysync_core.application.definitions.editing import Condition, Definitions
from polysync_core.application.platforms.cursors import Cursor, Place
from polysync_core.application.platforms.import_report import (
    Found,
    FoundPage,
    Imported,
    ImportReport,
    Misfit,
    Result,
    Selection,
    job_names,
)
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition, write_definition
from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.definitions.schemas import (
    adopted,
    merged,
    schema_difference,
    without_breakage,
)
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Conflict, Invalid, PolysyncError, Problem, StaleETag
from polysync_core.domain.json_types import JsonValue
from polysync_core.platforms.connector import Artefact, ArtefactSchema, Connector
from polysync_core.platforms.text import for_people

TIME_FOR_ONE_CALL = 40.0
"""Seconds after which an import answers with what it has, and where to go on."""
_READERS = 8
_TRIES = 3
_OF_TASKS = "tasks/"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """The use cases of import."""

    definitions: Definitions
    connect: Callable[[str], Connector]
    """Returns the connection to a Platform, or raises `NotFound`."""
    monotonic: Callable[[], float] = time.monotonic

    def artefacts(self, platform: str, selection: Selection) -> FoundPage:
        """Return what exists on a platform, and what of it Jobs run already."""
        connector, known = self.connect(platform), self._jobs_on(platform)
        page = list(islice(_selected(connector, selection), selection.limit))
        items = [
            Found(artefact=each, jobs=tuple(known.get((each.job_type, each.external_id), ())))
            for each in page
        ]
        more = len(page) == selection.limit
        return FoundPage(items=items, token=Cursor(_place(page[-1])).token if more else None)

    def import_artefacts(self, platform: str, selection: Selection) -> ImportReport:
        """Create or update the Jobs of a platform's artefacts.

        One artefact that fails does not stop the others. What does not fit into one call is left
        for the next, which the token of the report starts.
        """
        began, connector = self.monotonic(), self.connect(platform)
        known = self._jobs_on(platform)
        missing = set(selection.external_ids or ())
        items: list[Imported] = []
        artefacts = islice(_selected(connector, selection), selection.limit)
        done = 0
        with ThreadPoolExecutor(_READERS, thread_name_prefix="artefact-reader") as readers:
            for batch in batched(artefacts, _READERS, strict=False):
                schemas = list(readers.map(partial(_described, connector), batch))
                for artefact, schema in zip(batch, schemas, strict=True):
                    items += self._taken_over(platform, artefact, schema, known)
                    missing.discard(artefact.external_id)
                done += len(batch)
                late = self.monotonic() - began > TIME_FOR_ONE_CALL
                if done == selection.limit or late:
                    return ImportReport(items=items, token=Cursor(_place(batch[-1])).token)
        items += [_missing(external_id) for external_id in sorted(missing)]
        return ImportReport(items=items, token=None)

    def sync_parameters(self, job_name: str) -> Imported:
        """Read a Job's artefact again and take over its parameters; Tasks stay linked."""
        job = self.definitions.job(job_name)
        schema = self.connect(job.platform).job(job.job_type).describe(job.external_id)
        return self._updated(job_name, schema)

    def create_task(self, job_name: str, name: str, parameters: dict[str, JsonValue]) -> Task:
        """Create a Task of a Job, whose defaults it inherits; raises `Conflict` if it exists."""
        job = self.definitions.job(job_name)
        raw: dict[str, JsonValue] = {"name": name, "job": job.name, "parameters": parameters}
        task = cast("Task", read_definition(Kind.TASK, raw))
        try:
            self.definitions.put(task, Condition(if_absent=True))
        except StaleETag:
            exists = True
        else:
            exists = False
        if exists:
            raise Conflict(f"There is a task '{name}' already: choose another name.")
        return task

    def _jobs_on(self, platform: str) -> dict[tuple[str, str], list[str]]:
        """Return the names of the Jobs on a platform by their artefacts."""
        known: dict[tuple[str, str], list[str]] = {}
        for job in self.definitions.jobs_on(platform):
            known.setdefault((job.job_type, job.external_id), []).append(job.name)
        return known

    def _taken_over(
        self,
        platform: str,
        artefact: Artefact,
        schema: ArtefactSchema | PolysyncError,
        known: dict[tuple[str, str], list[str]],
    ) -> Iterator[Imported]:
        key = artefact.job_type, artefact.external_id
        names = list(known.get(key, ()))
        if isinstance(schema, PolysyncError):
            yield _failed(artefact, schema, names[0] if names else None)
            return
        for name in names or [None]:
            try:
                if name is None:
                    imported = self._created(platform, artefact, schema)
                    known.setdefault(key, []).append(imported.job or "")
                else:
                    imported = self._updated(name, schema)
            except PolysyncError as error:
                imported = _failed(artefact, error, name)
            yield imported

    def _created(self, platform: str, artefact: Artefact, schema: ArtefactSchema) -> Imported:
        parameters = tuple(map(adopted, schema.parameters))
        for name in job_names(platform, artefact):
            try:
                job = _job(name, platform, artefact, parameters)
                self.definitions.put(job, Condition(if_absent=True))
            except StaleETag:
                # Some other artefact's Job has this name.
                continue
            _log.info("Artefact imported.", extra={"action": "artefact_imported", "job": name})
            return Imported(
                result=Result.CREATED,
                external_id=artefact.external_id,
                job_type=artefact.job_type,
                job=name,
                difference=schema_difference((), parameters),
                notes=schema.notes,
            )
        raise Conflict("Every name for its job is taken by another job: rename one of them.")

    def _updated(self, name: str, schema: ArtefactSchema) -> Imported:
        for _ in range(_TRIES):
            try:
                return self._refreshed(name, schema)
            except StaleETag:
                continue
        raise Conflict(f"Job '{name}' is being changed at the same time: import it again.")

    def _refreshed(self, name: str, schema: ArtefactSchema) -> Imported:
        """Take over a schema; what Tasks do not fit is left as it is, and they are named."""
        stored = self.definitions.get(Kind.JOB, name)
        job, condition = cast("Job", stored.definition), Condition(if_match=stored.etag)
        parameters = merged(
            job.parameters, schema.parameters, typed=schema.typed, complete=not schema.notes
        )
        misfits: tuple[Misfit, ...] = ()
        try:
            self.definitions.put(_with(job, parameters), condition)
        except Invalid as error:
            misfits = _misfits(error)
            if not misfits:
                raise
        if misfits:
            parameters = without_breakage(job.parameters, schema.parameters)
            self.definitions.put(_with(job, parameters), condition)
        difference = schema_difference(job.parameters, parameters)
        return Imported(
            result=Result.UNCHANGED if difference.is_empty else Result.UPDATED,
            external_id=job.external_id,
            job_type=job.job_type,
            job=name,
            difference=difference,
            notes=schema.notes,
            misfits=misfits,
        )


def _selected(connector: Connector, selection: Selection) -> Iterator[Artefact]:
    """Yield the artefacts of a selection that come after its token."""
    found = connector.artefacts(job_type=selection.job_type, search=selection.search)
    if selection.token is not None:
        found = Cursor.read(selection.token).rest(found, _place)
    if selection.external_ids is None:
        yield from found
        return
    wanted = set(selection.external_ids)
    for artefact in found:
        if artefact.external_id in wanted:
            wanted.discard(artefact.external_id)
            yield artefact
            if not wanted:
                return


def _place(artefact: Artefact) -> Place:
    return artefact.job_type, artefact.external_id


def _described(connector: Connector, artefact: Artefact) -> ArtefactSchema | PolysyncError:
    if artefact.schema is not None:
        return artefact.schema
    try:
        return connector.job(artefact.job_type).describe(artefact.external_id)
    except PolysyncError as error:
        return error


def _job(name: str, platform: str, artefact: Artefact, parameters: tuple[Parameter, ...]) -> Job:
    """Return the Job of an artefact; raises `Invalid` where it cannot be one."""
    raw: dict[str, JsonValue] = {
        "name": name,
        "platform": platform,
        "jobType": artefact.job_type,
        "externalId": artefact.external_id,
        "displayName": (for_people(artefact.name) or "")[:200] or None,
        "description": for_people(artefact.description),
    }
    return _with(cast("Job", read_definition(Kind.JOB, raw)), parameters)


def _with(job: Job, parameters: tuple[Parameter, ...]) -> Job:
    """Return a Job with other parameters; raises `Invalid` where no Job can have them."""
    changed = job.model_copy(update={"parameters": parameters})
    # A copy is not checked, and what is stored unchecked cannot be read any more.
    return cast("Job", read_definition(Kind.JOB, write_definition(changed)))


def _misfits(error: Invalid) -> tuple[Misfit, ...]:
    """Return the Tasks that a changed Job would break; nothing where something else is wrong."""
    tasks: dict[str, list[Problem]] = {}
    for problem in error.problems:
        if not problem.path.startswith(_OF_TASKS):
            return ()
        name, _, path = problem.path.removeprefix(_OF_TASKS).partition(".")
        tasks.setdefault(name, []).append(replace(problem, path=path))
    return tuple(Misfit(task=name, problems=tuple(found)) for name, found in tasks.items())


def _failed(artefact: Artefact, error: PolysyncError, job: str | None) -> Imported:
    return Imported(
        result=Result.FAILED,
        external_id=artefact.external_id,
        job_type=artefact.job_type,
        job=job,
        error=str(error),
    )


def _missing(external_id: str) -> Imported:
    error = "the platform has no such artefact, or not where the search looks"
    return Imported(result=Result.FAILED, external_id=external_id, error=error)
