"""Lists artefacts, imports them as Jobs, updates Jobs, and creates Tasks of Jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import batched, islice
from typing import cast

from polysync_core.application.definitions.editing import (
    DefinitionEditing,
    SavedDefinition,
    WriteCondition,
)
from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.platforms.import_report import (
    ArtefactPage,
    ArtefactSelection,
    FoundArtefact,
    ImportedArtefact,
    ImportReport,
)
from polysync_core.application.platforms.job_import import JobImport
from polysync_core.application.platforms.platform_lists import PlatformList
from polysync_core.application.ports import Engine
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Conflict, PlatformRefused, PolysyncError, StaleETag
from polysync_core.domain.json_types import JsonValue
from polysync_core.platforms.connector import Artefact, ArtefactSchema, Connector

CALL_BUDGET_SECONDS = 40.0
"""After this time an import returns its report so far, with a continuation token."""
_READERS = 8
_ABSENT = frozenset({404, 410})

type _JobsByArtefact = dict[tuple[str, str], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactImport:
    """The use cases that list and import artefacts."""

    lookup: DefinitionLookup
    editing: DefinitionEditing
    connect: Callable[[str], Connector]
    """Returns the connector of a Platform, or raises `NotFound`."""
    monotonic: Callable[[], float] = time.monotonic

    def artefacts(self, platform: str, selection: ArtefactSelection) -> ArtefactPage:
        """Return the artefacts of a platform, each with the Jobs that run it."""
        connector, jobs = self.connect(platform), self._jobs_on(platform)
        listed = _list_of(platform, selection)
        page = list(islice(_selected(connector, selection, listed), selection.limit))
        items = [
            FoundArtefact(artefact=each, jobs=tuple(jobs.get(_key(each), ()))) for each in page
        ]
        more = len(page) == selection.limit
        return ArtefactPage(items=items, token=listed.token_after(page[-1]) if more else None)

    def import_artefacts(
        self, platform: str, selection: ArtefactSelection, *, engine: Engine | None
    ) -> ImportReport:
        """Create or update the Jobs of a platform's artefacts.

        A failed artefact does not stop the others. The token of the report starts the next call,
        which continues after the last artefact of this one.
        """
        started_at, connector = self.monotonic(), self.connect(platform)
        job_import = JobImport(definitions=self.editing, engine=engine)
        jobs = self._jobs_on(platform)
        missing = set(selection.external_ids or ())
        items: list[ImportedArtefact] = []
        listed, seen = _list_of(platform, selection), set[tuple[str, str]]()
        artefacts = islice(_selected(connector, selection, listed, seen), selection.limit)
        done = 0
        with ThreadPoolExecutor(_READERS, thread_name_prefix="artefact-reader") as readers:
            for group in batched(artefacts, _READERS, strict=False):
                schemas = list(readers.map(partial(_schema_of, connector), group))
                for artefact, schema in zip(group, schemas, strict=True):
                    items += _import_one(job_import, platform, artefact, schema, jobs)
                    missing.discard(artefact.external_id)
                done += len(group)
                late = self.monotonic() - started_at > CALL_BUDGET_SECONDS
                if done == selection.limit or late:
                    return ImportReport(items=items, token=listed.token_after(group[-1]))
            items += [ImportedArtefact.missing(external_id) for external_id in sorted(missing)]
            if selection.is_whole:
                items += _vanished(connector, _unlisted(jobs, seen, selection), readers)
        return ImportReport(items=items, token=None)

    def sync_parameters(self, job_name: str, *, engine: Engine | None) -> ImportedArtefact:
        """Read a Job's artefact again and update the Job's parameters; Tasks stay linked."""
        job = self.lookup.job(job_name)
        try:
            schema = self.connect(job.platform).job(job.job_type).describe(job.external_id)
        except PlatformRefused as error:
            message = f"The artefact {job.external_id} cannot be read: {error}"
            raise PlatformRefused(message, cause=error.cause, status=error.status) from error
        return JobImport(definitions=self.editing, engine=engine).update(job_name, schema)

    def create_task(
        self,
        job_name: str,
        name: str,
        parameters: dict[str, JsonValue],
        *,
        engine: Engine | None,
    ) -> SavedDefinition:
        """Create a Task that inherits its Job's defaults; raises `Conflict` if the Task exists."""
        job = self.lookup.job(job_name)
        raw: dict[str, JsonValue] = {"name": name, "job": job.name, "parameters": parameters}
        task = cast("Task", read_definition(Kind.TASK, raw))
        try:
            return self.editing.put(task, WriteCondition(if_absent=True), engine=engine)
        except StaleETag as error:
            raise Conflict(f"Task '{name}' exists already: choose another name.") from error

    def _jobs_on(self, platform: str) -> _JobsByArtefact:
        jobs: _JobsByArtefact = {}
        for job in self.lookup.jobs_on(platform):
            jobs.setdefault((job.job_type, job.external_id), []).append(job.name)
        return jobs


def _import_one(
    job_import: JobImport,
    platform: str,
    artefact: Artefact,
    schema: ArtefactSchema | PolysyncError,
    jobs: _JobsByArtefact,
) -> Iterator[ImportedArtefact]:
    """Update every Job of an artefact, or create its first Job."""
    names = list(jobs.get(_key(artefact), ()))
    if isinstance(schema, PolysyncError):
        yield ImportedArtefact.failed(artefact, schema, names[0] if names else None)
        return
    for name in names or [None]:
        try:
            if name is None:
                imported = job_import.create(platform, artefact, schema)
                jobs.setdefault(_key(artefact), []).append(imported.job or "")
            else:
                imported = job_import.update(name, schema)
        except PolysyncError as error:
            imported = ImportedArtefact.failed(artefact, error, name)
        yield imported


def _unlisted(
    jobs: _JobsByArtefact, seen: Set[tuple[str, str]], selection: ArtefactSelection
) -> list[tuple[Artefact, str]]:
    """Return the Jobs whose artefacts the platform's list does not have."""
    return [
        (Artefact(external_id=external_id, job_type=job_type, name=external_id), name)
        for (job_type, external_id), names in jobs.items()
        if (job_type, external_id) not in seen and selection.job_type in {None, job_type}
        for name in names
    ]


def _vanished(
    connector: Connector, jobs: list[tuple[Artefact, str]], readers: Executor
) -> Iterator[ImportedArtefact]:
    """Yield the Jobs whose artefacts do not exist; others are only outside of the list."""
    answers = readers.map(partial(_schema_of, connector), [artefact for artefact, _ in jobs])
    for (artefact, job), answer in zip(jobs, answers, strict=True):
        if isinstance(answer, PlatformRefused) and answer.status in _ABSENT:
            yield ImportedArtefact.vanished(artefact, answer, job)


def _list_of(platform: str, selection: ArtefactSelection) -> PlatformList[Artefact]:
    return PlatformList(("artefacts", platform, selection.job_type, selection.search), _key)


def _selected(
    connector: Connector,
    selection: ArtefactSelection,
    listed: PlatformList[Artefact],
    seen: set[tuple[str, str]] | None = None,
) -> Iterator[Artefact]:
    """Yield the artefacts of a selection after the position of its token; `seen` gets them all."""
    artefacts = connector.artefacts(job_type=selection.job_type, search=selection.search)
    artefacts = listed.rest(_noted(artefacts, seen), selection.token)
    if selection.external_ids is None:
        yield from artefacts
        return
    wanted = set(selection.external_ids)
    for artefact in artefacts:
        if artefact.external_id in wanted:
            wanted.discard(artefact.external_id)
            yield artefact
            if not wanted:
                return


def _noted(artefacts: Iterator[Artefact], seen: set[tuple[str, str]] | None) -> Iterator[Artefact]:
    for artefact in artefacts:
        if seen is not None:
            seen.add(_key(artefact))
        yield artefact


def _key(artefact: Artefact) -> tuple[str, str]:
    return artefact.job_type, artefact.external_id


def _schema_of(connector: Connector, artefact: Artefact) -> ArtefactSchema | PolysyncError:
    if artefact.schema is not None:
        return artefact.schema
    try:
        return connector.job(artefact.job_type).describe(artefact.external_id)
    except PolysyncError as error:
        return error
