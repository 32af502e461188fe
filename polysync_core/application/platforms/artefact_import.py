"""Lists the artefacts of a platform (such as notebooks), and imports them as Jobs.

The use cases also update the parameters of a Job from its artefact, and create a Task from a Job.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched, islice

from polysync_core.application.definitions.editing import (
    DefinitionEditing,
    SavedDefinition,
    WriteCondition,
)
from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.platforms.artefact_keys import ArtefactKey, ArtefactKeys
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.import_report import (
    ArtefactPage,
    ArtefactSelection,
    ChosenArtefact,
    FoundArtefact,
    ImportedArtefact,
    ImportReport,
    JobDraft,
)
from polysync_core.application.platforms.job_import import (
    JobImport,
    notes_of,
    planned_update,
)
from polysync_core.application.platforms.platform_lists import PlatformList
from polysync_core.application.ports import Engine
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.changes.versions import Author
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.validation.drafts import read_draft
from polysync_core.domain.errors import Conflict, PlatformRefused, PolysyncError, StaleETag
from polysync_core.domain.json_types import JsonValue
from polysync_core.platforms.connector import Artefact, ArtefactNotFound, ArtefactSchema, Connector
from polysync_core.platforms.registry import platform_plugin

CALL_BUDGET_SECONDS = 40.0
"""After this time an import returns its report so far, with a continuation token."""
_READERS = 8

type _JobsByArtefact = dict[ArtefactKey, dict[str, str]]
"""The names of Jobs, each with the Job's own spelling of the external id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactImport:
    """The use cases that list and import artefacts."""

    lookup: DefinitionLookup
    editing: DefinitionEditing
    connections: Connections
    monotonic: Callable[[], float] = time.monotonic

    def artefacts(self, platform: str, selection: ArtefactSelection) -> ArtefactPage:
        """Return the artefacts of a platform, each with the Jobs that run it."""
        connector, keys = self.connections.to(platform), self._keys(platform)
        jobs = self._jobs_on(platform, keys)
        listed = _list_of(platform, selection, keys)
        page = list(islice(_selected(connector, selection, listed, keys), selection.limit))
        items = [
            FoundArtefact(artefact=each, jobs=tuple(jobs.get(keys.of(each), ()))) for each in page
        ]
        more = len(page) == selection.limit
        return ArtefactPage(items=items, token=listed.token_after(page[-1]) if more else None)

    def import_artefacts(
        self,
        platform: str,
        selection: ArtefactSelection,
        *,
        engine: Engine | None,
        author: Author | None = None,
    ) -> ImportReport:
        """Create or update the Jobs of a platform's artefacts.

        A failed artefact does not stop the others. The token of the report starts the next call,
        which continues after the last artefact of this one.
        """
        job_import = JobImport(
            definitions=self.editing, engine=engine, author=author, remove=selection.remove
        )
        return self._import(platform, selection, job_import)

    def plan_import(self, platform: str, selection: ArtefactSelection) -> ImportReport:
        """Return the report that `import_artefacts` would have; writes nothing."""
        job_import = JobImport(
            definitions=self.editing, engine=None, is_dry_run=True, remove=selection.remove
        )
        return self._import(platform, selection, job_import)

    def _import(
        self, platform: str, selection: ArtefactSelection, job_import: JobImport
    ) -> ImportReport:
        started_at, connector = self.monotonic(), self.connections.to(platform)
        keys = self._keys(platform)
        jobs = self._jobs_on(platform, keys)
        missing = set(selection.external_ids or ())
        wanted = keys.by_any_type(missing)
        items: list[ImportedArtefact] = []
        listed, seen = _list_of(platform, selection, keys), set[ArtefactKey]()
        artefacts = islice(_selected(connector, selection, listed, keys, seen), selection.limit)
        done = 0
        with ThreadPoolExecutor(_READERS, thread_name_prefix="artefact-reader") as readers:
            for group in batched(artefacts, _READERS, strict=False):
                schemas = list(readers.map(partial(_schema_of, connector), group))
                for artefact, schema in zip(group, schemas, strict=True):
                    known = jobs.setdefault(keys.of(artefact), {})
                    requested = wanted.get(keys.of(artefact), set())
                    imported = _import_one(job_import, platform, artefact, schema, known)
                    items += [replace(each, requested=(*sorted(requested),)) for each in imported]
                    missing -= requested
                done += len(group)
                late = self.monotonic() - started_at > CALL_BUDGET_SECONDS
                if done == selection.limit or late:
                    return ImportReport(items=items, token=listed.token_after(group[-1]))
            items += [ImportedArtefact.missing(external_id) for external_id in sorted(missing)]
            if selection.is_whole:
                items += _vanished(connector, _unlisted(jobs, seen, selection), readers)
        return ImportReport(items=items, token=None)

    def sync_parameters(
        self,
        job_name: str,
        *,
        engine: Engine | None,
        only: Set[str] | None = None,
        remove: bool = False,
        author: Author | None = None,
    ) -> ImportedArtefact:
        """Read a Job's artefact again and update the Job's parameters; Tasks stay linked.

        `only` selects parameters; the other parameters stay as they are. `remove` also removes
        parameters that an incomplete reading did not find.
        """
        schema = self._schema(self.lookup.job(job_name))
        job_import = JobImport(
            definitions=self.editing, engine=engine, author=author, remove=remove
        )
        return job_import.update(job_name, schema, only=only)

    def draft_job(self, platform: str, chosen: ChosenArtefact) -> JobDraft:
        """Return the Job that an import of one artefact would create; writes nothing."""
        artefact = Artefact(
            external_id=chosen.external_id,
            job_type=chosen.job_type,
            name=chosen.name,
            description=chosen.description,
        )
        schema = self.connections.to(platform).job(chosen.job_type).describe(chosen.external_id)
        job_import = JobImport(definitions=self.editing, engine=None)
        job = job_import.draft(platform, artefact, schema)
        return JobDraft(job=job, notes=notes_of(schema))

    def plan_sync(
        self, job_name: str, *, only: Set[str] | None = None, remove: bool = False
    ) -> ImportedArtefact:
        """Return the outcome that `sync_parameters` would have; writes nothing."""
        job = self.lookup.job(job_name)
        schema = self._schema(job)
        return planned_update(self.editing, job, schema, only=only, remove=remove).imported

    def _schema(self, job: Job) -> ArtefactSchema:
        try:
            return self.connections.job(job).describe(job.external_id)
        except PlatformRefused as error:
            message = f"The artefact {job.external_id} cannot be read: {error}"
            raise PlatformRefused(message, cause=error.cause, status=error.status) from error

    def create_task(
        self,
        job_name: str,
        name: str,
        parameters: dict[str, JsonValue],
        *,
        engine: Engine | None,
        author: Author | None = None,
    ) -> SavedDefinition:
        """Create a Task that inherits its Job's defaults; raises `Conflict` if the Task exists."""
        job = self.lookup.job(job_name)
        raw: dict[str, JsonValue] = {"name": name, "job": job.name, "parameters": parameters}
        task = self.editing.complete(read_draft(Kind.TASK, raw))
        try:
            condition = WriteCondition(if_absent=True)
            return self.editing.put(task, condition, engine=engine, author=author)
        except StaleETag as error:
            raise Conflict(f"Task '{name}' exists already: choose another name.") from error

    def _keys(self, platform: str) -> ArtefactKeys:
        return ArtefactKeys(platform_plugin(self.connections.platform(platform).type))

    def _jobs_on(self, platform: str, keys: ArtefactKeys) -> _JobsByArtefact:
        jobs: _JobsByArtefact = {}
        for job in self.lookup.jobs_on(platform):
            known = jobs.setdefault(keys.key(job.job_type, job.external_id), {})
            known[job.name] = job.external_id
        return jobs


def _import_one(
    job_import: JobImport,
    platform: str,
    artefact: Artefact,
    schema: ArtefactSchema | PolysyncError,
    jobs: dict[str, str],
) -> Iterator[ImportedArtefact]:
    """Update the Jobs of an artefact, or create the first one in `jobs`."""
    names = list(jobs)
    if artefact.problem is not None:
        yield ImportedArtefact.unusable(artefact, artefact.problem, names[0] if names else None)
        return
    if isinstance(schema, PolysyncError):
        yield ImportedArtefact.failed(artefact, schema, names[0] if names else None)
        return
    for name in names or [None]:
        try:
            if name is None:
                imported = job_import.create(platform, artefact, schema)
                jobs[imported.job or ""] = artefact.external_id
            else:
                imported = job_import.update(name, schema)
        except PolysyncError as error:
            imported = ImportedArtefact.failed(artefact, error, name)
        yield imported


def _unlisted(
    jobs: _JobsByArtefact, seen: Set[ArtefactKey], selection: ArtefactSelection
) -> list[tuple[Artefact, str]]:
    """Return the Jobs whose artefacts the platform's list does not have."""
    return [
        (Artefact(external_id=external_id, job_type=job_type, name=external_id), name)
        for (job_type, normal_id), known in jobs.items()
        if (job_type, normal_id) not in seen and selection.job_type in {None, job_type}
        for name, external_id in known.items()
    ]


def _vanished(
    connector: Connector, jobs: list[tuple[Artefact, str]], readers: Executor
) -> Iterator[ImportedArtefact]:
    """Yield the Jobs whose artefacts no longer exist on the platform."""
    answers = readers.map(partial(_schema_of, connector), [artefact for artefact, _ in jobs])
    for (artefact, job), answer in zip(jobs, answers, strict=True):
        if isinstance(answer, ArtefactNotFound):
            yield ImportedArtefact.vanished(artefact, answer, job)


def _list_of(
    platform: str, selection: ArtefactSelection, keys: ArtefactKeys
) -> PlatformList[Artefact]:
    return PlatformList(("artefacts", platform, selection.job_type, selection.search), keys.of)


def _selected(
    connector: Connector,
    selection: ArtefactSelection,
    listed: PlatformList[Artefact],
    keys: ArtefactKeys,
    seen: set[ArtefactKey] | None = None,
) -> Iterator[Artefact]:
    """Yield the artefacts of a selection after the position of its token; `seen` gets them all."""
    artefacts = connector.artefacts(job_type=selection.job_type, search=selection.search)
    artefacts = listed.rest(_noted(artefacts, keys, seen), selection.token)
    if selection.external_ids is None:
        yield from artefacts
        return
    wanted = keys.by_any_type(selection.external_ids)
    missing = set(selection.external_ids)
    for artefact in artefacts:
        if named := wanted.get(keys.of(artefact), set()) & missing:
            missing -= named
            yield artefact
            if not missing:
                return


def _noted(
    artefacts: Iterator[Artefact], keys: ArtefactKeys, seen: set[ArtefactKey] | None
) -> Iterator[Artefact]:
    for artefact in artefacts:
        if seen is not None:
            seen.add(keys.of(artefact))
        yield artefact


def _schema_of(connector: Connector, artefact: Artefact) -> ArtefactSchema | PolysyncError:
    if artefact.schema is not None:
        return artefact.schema
    if artefact.problem is not None:
        return ArtefactSchema(parameters=())
    try:
        return connector.job(artefact.job_type).describe(artefact.external_id)
    except PolysyncError as error:
        return error
