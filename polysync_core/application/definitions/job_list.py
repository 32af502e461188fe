"""Lists Jobs with filters, and finds the Tasks that set a Job's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.domain.bundles.selection import has_tag
from polysync_core.domain.continuation import decode_position, encode_position
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.stored import DefinitionSource, StoredDefinition

MAX_EXAMINED = 1_000
"""The maximum number of Jobs that one page examines."""
MOST_TASKS = 200
"""The maximum number of Tasks of a Job whose parameters are examined."""
MOST_COUNTED = 1_000
"""The maximum number of Tasks of a Job that are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Selects Jobs; every condition that is set must hold."""

    text: str | None = None
    """A part of the name, of the display name or of the external id."""
    platform: str | None = None
    job_type: str | None = None
    tag: str | None = None
    """The name of a tag, or `name=value`."""

    def accepts(self, job: Job) -> bool:
        """Return whether a Job is selected."""
        wanted = (self.text or "").casefold()
        texts = (job.name, job.display_name or "", job.external_id)
        return (
            any(wanted in each.casefold() for each in texts)
            and self.platform in {None, job.platform}
            and self.job_type in {None, job.job_type}
            and (self.tag is None or has_tag(job.tags, self.tag))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """Some Jobs by name; `token` continues the list and is None on the last page."""

    items: Sequence[StoredDefinition[Definition]]
    token: str | None

    @property
    def jobs(self) -> list[Job]:
        """The Jobs themselves."""
        return [cast("Job", each.definition) for each in self.items]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterUse:
    """The Tasks that set each parameter of a Job."""

    tasks: Mapping[str, Sequence[str]]
    """The names of Tasks by the names of parameters."""
    is_complete: bool
    """False if the Job has more Tasks than are examined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """The use cases that list Jobs with their Tasks."""

    source: DefinitionSource
    lookup: DefinitionLookup

    def page(self, wanted: JobFilter, *, limit: int, token: str | None = None) -> JobPage:
        """Return the selected Jobs by name.

        A page that has examined `MAX_EXAMINED` Jobs ends early, so it may have few Jobs.
        """
        listing = ("jobs", wanted.text, wanted.platform, wanted.job_type, wanted.tag)
        after = None if token is None else decode_position(listing, token)[0]
        found: list[StoredDefinition[Definition]] = []
        stored = None
        examined = 0
        for stored in islice(self._after(wanted, after), MAX_EXAMINED):
            examined += 1
            if wanted.accepts(cast("Job", stored.definition)):
                found.append(stored)
            if len(found) == limit:
                break
        is_last = examined < MAX_EXAMINED and len(found) < limit
        if stored is None or is_last:
            return JobPage(items=found, token=None)
        return JobPage(items=found, token=encode_position(listing, (stored.definition.name,)))

    def task_counts(self, jobs: Sequence[Job]) -> Mapping[str, int]:
        """Return the number of Tasks of each Job, at most `MOST_COUNTED`."""
        return self.lookup.task_counts([each.name for each in jobs], limit=MOST_COUNTED)

    def parameter_use(self, job: str) -> ParameterUse:
        """Return the Tasks that set each parameter of a Job, by name."""
        tasks = list(islice(self.lookup.tasks_of(job), MOST_TASKS + 1))
        use: dict[str, list[str]] = {}
        for task in tasks[:MOST_TASKS]:
            for name in task.given_parameters:
                use.setdefault(name, []).append(task.name)
        return ParameterUse(tasks=use, is_complete=len(tasks) <= MOST_TASKS)

    def _after(self, wanted: JobFilter, name: str | None) -> Iterator[StoredDefinition[Definition]]:
        if wanted.platform is None:
            return self.source.all(Kind.JOB, after=name)
        platform = Reference(Kind.PLATFORM, wanted.platform)
        return self.source.referrers(platform, kind=Kind.JOB, after=name)
