"""Lists all runs of a Job's artefact that the platform shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.cursors import EntryKey, PlatformList
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.errors import Invalid
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

    definitions: DefinitionReader
    connections: Connections

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


def _key(run: ExternalRun) -> EntryKey:
    return (run.external_run_id,)
