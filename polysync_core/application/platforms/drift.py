"""Compares Jobs with platform artefacts, and finds artefacts without a Job."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import batched, islice

from polysync_core.application.definitions.editing import DefinitionEditing
from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.platforms.artefact_import import (
    CALL_BUDGET_SECONDS,
    ArtefactImport,
)
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.import_report import ArtefactSelection, IncompatibleTask
from polysync_core.application.platforms.job_import import notes_of, planned_update
from polysync_core.domain.continuation import decode_position, encode_position
from polysync_core.domain.definitions.drift.schemas import NO_DIFFERENCE, SchemaDifference
from polysync_core.domain.definitions.jobs import Direction, Job
from polysync_core.domain.errors import Malformed, PolysyncError
from polysync_core.platforms.connector import Artefact, ArtefactNotFound, ArtefactSchema

_READERS = 8
_ARTEFACTS = 100
"""The number of artefacts that one call examines."""


class DriftState(StrEnum):
    """The result of the comparison of a Job with its artefact."""

    EQUAL = "equal"
    CHANGED = "changed"
    GONE = "gone"
    """The platform says that the artefact does not exist."""
    UNKNOWN = "unknown"
    """The artefact could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDrift:
    """The difference between a Job and its artefact."""

    job: str
    platform: str
    job_type: str
    external_id: str
    state: DriftState
    difference: SchemaDifference = NO_DIFFERENCE
    """The changes that the Job lacks."""
    notes: tuple[str, ...] = ()
    """Facts about the reading of the artefact, such as a part that could not be read."""
    is_complete: bool = True
    """True if the reading certainly found every parameter of the artefact."""
    unseen: tuple[str, ...] = ()
    """Parameters of the Job that an incomplete reading did not find; they may exist."""
    tasks: tuple[IncompatibleTask, ...] = ()
    """Tasks that contradict the artefact, such as by values that nothing reads any more."""
    error: str | None = None
    """The reason why the artefact is gone or could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPage:
    """Some Jobs and artefacts of a Platform; `token` continues, and is None at the end."""

    jobs: Sequence[JobDrift] = ()
    artefacts: Sequence[Artefact] = ()
    """Artefacts that no Job runs; they come after all Jobs."""
    unlisted: Sequence[str] = ()
    """The reasons why some artefacts of the platform could not be listed."""
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """The use cases that compare Jobs with their artefacts; they change nothing."""

    lookup: DefinitionLookup
    editing: DefinitionEditing
    connections: Connections
    artefact_import: ArtefactImport
    monotonic: Callable[[], float] = time.monotonic

    def of_job(self, name: str) -> JobDrift:
        """Compare one Job with its artefact; raises `NotFound` for an unknown Job."""
        return self.compare(self.lookup.job(name))

    def of_jobs(self, jobs: Sequence[Job]) -> Iterator[JobDrift]:
        """Yield the drift of each Job, until the time of one call is over."""
        started_at = self.monotonic()
        with ThreadPoolExecutor(_READERS, thread_name_prefix="drift-reader") as readers:
            for group in batched(jobs, _READERS, strict=False):
                yield from readers.map(self.compare, group)
                if self.monotonic() - started_at > CALL_BUDGET_SECONDS:
                    return

    def of_platform(self, platform: str, *, limit: int, token: str | None = None) -> DriftPage:
        """Compare the Jobs of a Platform by name, then list the artefacts without a Job.

        Raises `NotFound` for an unknown Platform. A Job whose artefact cannot be read has the
        state `unknown` and does not stop the others.
        """
        listing = ("drift", self.lookup.platform(platform).name)
        phase, position = _position(listing, token)
        if phase == _OF_ARTEFACTS:
            return self._artefacts(platform, listing, position)
        jobs = list(islice(self.lookup.jobs_after(platform, position), limit))
        found = list(self.of_jobs(jobs))
        if len(found) < len(jobs) or len(jobs) == limit:
            return DriftPage(jobs=found, token=_token(listing, _OF_JOBS, found[-1].job))
        return DriftPage(jobs=found, token=_token(listing, _OF_ARTEFACTS, None))

    def compare(self, job: Job) -> JobDrift:
        """Compare a Job with its artefact; a failure becomes part of the answer."""
        drift = JobDrift(
            job=job.name,
            platform=job.platform,
            job_type=job.job_type,
            external_id=job.external_id,
            state=DriftState.UNKNOWN,
        )
        try:
            schema = self.connections.job(job).describe(job.external_id)
            update = planned_update(self.editing, job, schema)
        except ArtefactNotFound as error:
            return replace(drift, state=DriftState.GONE, error=str(error))
        except PolysyncError as error:
            return replace(drift, error=str(error))
        tasks = update.imported.incompatible_tasks
        is_equal = update.difference.is_empty and not tasks
        return replace(
            drift,
            state=DriftState.EQUAL if is_equal else DriftState.CHANGED,
            difference=update.difference,
            notes=notes_of(schema),
            is_complete=schema.is_complete,
            unseen=_unseen(job, schema),
            tasks=tasks,
        )

    def _artefacts(self, platform: str, listing: _Listing, token: str | None) -> DriftPage:
        selection = ArtefactSelection(limit=_ARTEFACTS, token=token)
        try:
            page = self.artefact_import.artefacts(platform, selection)
        except Malformed:
            raise
        except PolysyncError as error:
            return DriftPage(unlisted=[f"the artefacts cannot be listed: {error}"])
        rest = [each.artefact for each in page.items if not each.jobs]
        return DriftPage(
            artefacts=[each for each in rest if each.problem is None],
            unlisted=[f"{each.external_id}: {each.problem}" for each in rest if each.problem],
            token=page.token and _token(listing, _OF_ARTEFACTS, page.token),
        )


def _unseen(job: Job, schema: ArtefactSchema) -> tuple[str, ...]:
    if schema.is_complete:
        # The difference has the parameters that are gone.
        return ()
    found = {each.name for each in schema.parameters}
    inputs = (each.name for each in job.parameters if each.direction is not Direction.OUTPUT)
    return tuple(name for name in inputs if name not in found)


type _Listing = tuple[str, str]

_OF_JOBS, _OF_ARTEFACTS = "jobs", "artefacts"


def _token(listing: _Listing, phase: str, position: str | None) -> str:
    return encode_position(listing, (phase, position))


def _position(listing: _Listing, token: str | None) -> tuple[str, str | None]:
    if token is None:
        return _OF_JOBS, None
    phase, position = decode_position(listing, token)
    return phase or _OF_JOBS, position
