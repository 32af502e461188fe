"""The runs of a Job's artefact as its platform lists them, whoever has started them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.cursors import Cursor, Place
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
from polysync_core.platforms.connector import ExternalRun, SearchLimitReached
from polysync_core.platforms.plugin import Capability
from polysync_core.platforms.registry import job_type_plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRunsPage:
    """Some runs; `token` names the rest, None where there is none or it was not looked for."""

    items: Sequence[ExternalRun]
    token: str | None = None
    note: str | None = None
    """Why the rest was not looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRuns:
    """The use case of looking at a platform's own list of runs."""

    job_named: Callable[[str], Job]
    """Returns a Job, or raises `NotFound`."""
    connections: Connections

    def page(self, job_name: str, *, limit: int, token: str | None) -> PlatformRunsPage:
        """Return runs of a Job's artefact, newest first.

        Raises `NotFound`, `Invalid` where the job type has no such list, `Conflict` where the run
        that the token names is not in it any more, and what the platform's refusal is.
        """
        job = self.job_named(job_name)
        platform = self.connections.platform(job.platform)
        if Capability.RUNS not in job_type_plugin(platform, job).capabilities:
            raise Invalid.at(
                "jobType",
                f"the platform keeps no list of the runs of a {job.job_type}: those that Polysync"
                " has started are its task runs, and the job's own runs",
            )
        runs = self.connections.job(job).runs(job)
        if token is not None:
            runs = Cursor.read(token).rest(runs, _place)
        items: list[ExternalRun] = []
        try:
            for run in runs:
                items.append(run)
                if len(items) == limit:
                    return PlatformRunsPage(items=items, token=Cursor(_place(run)).token)
        except SearchLimitReached as error:
            return PlatformRunsPage(items=items, note=str(error))
        return PlatformRunsPage(items=items)


def _place(run: ExternalRun) -> Place:
    return (run.external_run_id,)
