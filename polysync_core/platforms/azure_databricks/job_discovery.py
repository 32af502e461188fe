"""Lists the jobs of a Databricks workspace, and reads job parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.azure_databricks.answers import (
    next_token_of,
    number_of,
    objects_in,
    page_query,
)
from polysync_core.platforms.azure_databricks.client import JOBS_API
from polysync_core.platforms.azure_databricks.job_source.parameters import JobParameters
from polysync_core.platforms.azure_databricks.refusals import needing, refused_for_job
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient

_PAGE_SIZE = 100
_REFUSED = needing("Can View on the job", refused_for_job)


@dataclass(frozen=True, slots=True)
class JobDiscovery:
    """Finds and describes the jobs of one workspace."""

    client: PlatformClient

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the jobs: DatabricksJob with one task, DatabricksWorkflow with several."""
        wanted = (search or "").casefold()

        def fetch(token: str | None) -> Page[JsonObject]:
            query = page_query(token, expand_tasks=True, limit=_PAGE_SIZE)
            return self.client.get(*JOBS_API, "list", query=query, read=_page_of_jobs)

        for job in paged(fetch):
            artefact = _artefact(job)
            if artefact is not None and wanted in artefact.name.casefold():
                yield artefact

    def describe(self, job_id: str) -> ArtefactSchema:
        """Read the parameters of a job and of its tasks."""
        findings = JobParameters()
        token: str | None = None
        while True:
            query = page_query(token, job_id=int(job_id))
            token = self.client.get(
                *JOBS_API, "get", query=query, read=findings.read, refused=_REFUSED
            )
            if token is None:
                return findings.schema()


def _artefact(job: JsonObject) -> Artefact | None:
    job_id, settings = number_of(job, "job_id"), job.get("settings")
    if job_id is None:
        return None
    if not isinstance(settings, dict):
        return Artefact(
            external_id=str(job_id),
            job_type=JobType.DATABRICKS_JOB,
            name=str(job_id),
            problem="the list of the workspace has no definition of the job",
        )
    tasks = settings.get("tasks")
    single = isinstance(tasks, list) and len(tasks) == 1
    return Artefact(
        external_id=str(job_id),
        job_type=JobType.DATABRICKS_JOB if single else JobType.DATABRICKS_WORKFLOW,
        name=_text(settings, "name") or str(job_id),
        description=_text(settings, "description"),
    )


def _text(source: Mapping[str, JsonValue], name: str) -> str | None:
    value = source.get(name)
    return value if isinstance(value, str) and value else None


def _page_of_jobs(answer: JsonObject) -> Page[JsonObject]:
    return Page(objects_in(answer, "jobs"), next_token_of(answer))
