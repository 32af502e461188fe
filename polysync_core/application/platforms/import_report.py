"""What an import is asked for and what it answers."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from polysync_core.domain.definitions.schemas import NO_DIFFERENCE, SchemaDifference
from polysync_core.domain.errors import Problem
from polysync_core.platforms.connector import Artefact

LONGEST_NAME = 63
_DIGEST = 8


class Result(StrEnum):
    """What an import has done with an artefact."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which artefacts of a platform."""

    job_type: str | None = None
    search: str | None = None
    external_ids: frozenset[str] | None = None
    limit: int = 100
    token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An artefact, with the Jobs that run it."""

    artefact: Artefact
    jobs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """Some artefacts; `token` names the rest, None where there is none."""

    items: Sequence[Found]
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A Task that does not fit what its artefact takes now."""

    task: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What has become of one artefact."""

    result: Result
    external_id: str
    job_type: str | None = None
    job: str | None = None
    difference: SchemaDifference = NO_DIFFERENCE
    notes: tuple[str, ...] = ()
    """What could not be read with certainty."""
    misfits: tuple[Misfit, ...] = ()
    """Tasks for whose sake a change of the schema was not made."""
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import has done; `token` names what is left, None where nothing is."""

    items: Sequence[Imported]
    token: str | None


def job_names(platform: str, artefact: Artefact) -> Iterator[str]:
    """Yield names for an artefact's Job: after its own name, and one that is its alone."""
    folded = unicodedata.normalize("NFKD", artefact.name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", folded.lower()).strip("-")
    if slug:
        yield slug[:LONGEST_NAME].rstrip("-")
    identity = json.dumps([platform, artefact.job_type, artefact.external_id])
    digest = hashlib.sha256(identity.encode()).hexdigest()[:_DIGEST]
    stem = slug[: LONGEST_NAME - _DIGEST - 1].rstrip("-") or "job"
    yield f"{stem}-{digest}"
