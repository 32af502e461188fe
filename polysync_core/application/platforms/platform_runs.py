"""Lists the platform's own runs of the artefact that a Job describes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.platform_lists import EntryKey, PlatformList
from polysync_core.application.platforms.platform_texts import PlatformTexts
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue
from polysync_core.platforms.connector import ExternalRun, SearchLimitReached
from polysync_core.platforms.plugin import Capability
from polysync_core.platforms.registry import job_type_plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRunsPage:
    """Some runs; `token` continues the list, None after the last run or after a limited search."""

    items: Sequence[ExternalRun]
    token: str | None = None
    note: str | None = None
    """The reason why the search stopped early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRuns:
    """The use case that reads a platform's own list of runs."""

    definitions: DefinitionLookup
    connections: Connections
    texts: PlatformTexts

    def page(self, job_name: str, *, limit: int, token: str | None) -> PlatformRunsPage:
        """Return runs of a Job's artefact, newest first.

        Raises `NotFound`, `Invalid` if the job type has no such list, `Conflict` if the run of the
        token has left the list, and the errors of the platform.
        """
        job = self.definitions.job(job_name)
        platform = self.connections.platform(job.platform)
        if Capability.RUNS not in job_type_plugin(platform, job).capabilities:
            raise Invalid.at(
                "jobType",
                f"the platform keeps no list of the runs of a {job.job_type}: list its task runs,"
                " or the job's own runs, which Polysync started",
            )
        with self.texts.filtered_errors(job, self._values(job)):
            page = self._page(job, limit, token)
        return replace(page, items=self._filtered(job, page.items))

    def _page(self, job: Job, limit: int, token: str | None) -> PlatformRunsPage:
        """Return runs as the platform describes them."""
        listed = PlatformList(("platformRuns", job.name, job.external_id), _key)
        runs = listed.rest(self.connections.job(job).runs(job), token)
        items: list[ExternalRun] = []
        try:
            for run in runs:
                items.append(run)
                if len(items) == limit:
                    return PlatformRunsPage(items=items, token=listed.token_after(run))
        except SearchLimitReached as error:
            return PlatformRunsPage(items=items, note=str(error))
        return PlatformRunsPage(items=items)

    def _filtered(self, job: Job, runs: Sequence[ExternalRun]) -> list[ExternalRun]:
        """Return the runs without the secrets that the definitions give to the Job's runs."""
        reports = self.texts.reports(job, self._values(job), [each.report for each in runs])
        return [replace(run, report=each) for run, each in zip(runs, reports, strict=True)]

    def _values(self, job: Job) -> Iterator[JsonValue]:
        yield from (each.default for each in job.parameters)
        for task in self.definitions.tasks_of(job.name):
            yield from task.parameters.values()
            for schedule in task.schedules:
                yield from schedule.parameters.values()


def _key(run: ExternalRun) -> EntryKey:
    return (run.external_run_id,)
