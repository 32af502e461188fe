"""Defines the requests and the results of listing and importing platform artefacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from polysync_core.domain.definitions.drift.schemas import NO_DIFFERENCE, SchemaDifference
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import PolysyncError, Problem
from polysync_core.platforms.connector import Artefact


class ImportResult(StrEnum):
    """The result of the import of one artefact."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"
    """The entry is a folder that was not searched, or of a kind that no Job runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactSelection:
    """Selects artefacts of a platform for a list or an import."""

    job_type: str | None = None
    search: str | None = None
    external_ids: frozenset[str] | None = None
    limit: int = 100
    token: str | None = None
    remove: bool = False
    """True if parameters that an incomplete reading did not find are removed."""

    @property
    def is_whole(self) -> bool:
        """Return whether the selection has every artefact of the platform or of a job type."""
        return self.search is None and self.external_ids is None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundArtefact:
    """An artefact and the names of the Jobs that run it."""

    artefact: Artefact
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactPage:
    """Some artefacts; `token` continues the list and is None on the last page."""

    items: Sequence[FoundArtefact]
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenArtefact:
    """An artefact that a person has chosen from a list."""

    external_id: str
    job_type: str
    name: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDraft:
    """A Job for an artefact that is not stored yet."""

    job: Job
    notes: tuple[str, ...]
    """Facts about the reading of the artefact, such as a part that could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncompatibleTask:
    """A Task that contradicts the present parameters of its artefact."""

    task: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedArtefact:
    """The outcome of the import of one artefact."""

    result: ImportResult
    external_id: str
    job_type: str | None = None
    job: str | None = None
    difference: SchemaDifference = NO_DIFFERENCE
    notes: tuple[str, ...] = ()
    """Facts about the reading of the artefact, such as a part that could not be read."""
    is_complete: bool = True
    """True if the reading certainly found every parameter of the artefact."""
    incompatible_tasks: tuple[IncompatibleTask, ...] = ()
    """Tasks because of which a part of the schema was not changed."""
    error: str | None = None
    definition: Job | None = None
    """The Job after the import; None if none is created or known."""
    requested: tuple[str, ...] = ()
    """The external ids of the selection that name this artefact, as the caller spelled them."""

    @classmethod
    def failed(cls, artefact: Artefact, error: PolysyncError, job: str | None) -> ImportedArtefact:
        """Return the outcome of a failed import."""
        return cls(
            result=ImportResult.FAILED,
            external_id=artefact.external_id,
            job_type=artefact.job_type,
            job=job,
            error=str(error),
        )

    @classmethod
    def unusable(cls, artefact: Artefact, problem: str, job: str | None) -> ImportedArtefact:
        """Return the outcome for an entry of the platform's list that has a problem."""
        return cls(
            result=ImportResult.SKIPPED if artefact.is_skipped else ImportResult.FAILED,
            external_id=artefact.external_id,
            job_type=artefact.job_type,
            job=job,
            error=problem,
        )

    @classmethod
    def vanished(cls, artefact: Artefact, error: PolysyncError, job: str) -> ImportedArtefact:
        """Return the outcome for a Job whose artefact no longer exists."""
        remedy = f"Correct externalId of job '{job}', or delete the job."
        return cls(
            result=ImportResult.FAILED,
            external_id=artefact.external_id,
            job_type=artefact.job_type,
            job=job,
            error=f"{str(error).rstrip('.')}. {remedy}",
        )

    @classmethod
    def missing(cls, external_id: str) -> ImportedArtefact:
        """Return the outcome for an artefact that the search has not found."""
        return cls(
            result=ImportResult.FAILED,
            external_id=external_id,
            requested=(external_id,),
            error="the platform has no such artefact, or the search does not cover its folder",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The outcomes of an import; `token` continues it and is None after the last artefact."""

    items: Sequence[ImportedArtefact]
    token: str | None
