"""Calls the AWS Batch API in one region, and maps error responses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from polysync_core.domain.clock import Clock
from polysync_core.domain.json_types import JsonObject, dicts_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.sign_in.aws.partitions import console_url
from polysync_core.platforms.aws.answers import page_of
from polysync_core.platforms.aws.refusals import AwsRefusals
from polysync_core.platforms.aws_batch.settings import definition_parts
from polysync_core.platforms.aws_batch.states import is_job_id, job_id_in
from polysync_core.platforms.calls import Call
from polysync_core.platforms.connector import ArtefactNotFound, RunNotFound
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient

REFUSALS = AwsRefusals(
    service="AWS Batch",
    permission=(
        "allow batch:SubmitJob, DescribeJobs, ListJobs, TerminateJob, DescribeJobDefinitions and"
        " DescribeJobQueues"
    ),
    remedies={
        "ClientException": (
            "check that the job definition is active, that the job queue exists, and that the"
            " settings fit both"
        ),
    },
)
DEFINITION_MISSING = (
    "no active job definition has this name and revision: it was deregistered, or the name is"
    " wrong; import the platform's job definitions again"
)
_TERMINATED = "Stopped by Polysync"
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchClient:
    """Calls AWS Batch in one region."""

    client: PlatformClient
    region: str
    now: Clock

    def submit(self, body: JsonObject) -> str:
        """Submit a job, and return its id; only a refusal proves that nothing was started."""
        call = Call(
            method="POST",
            segments=("v1", "submitjob"),
            body=body,
            busy_proves_not_started=False,
        )
        return self.client.execute(call, job_id_in)

    def job(self, job_id: str) -> JsonObject:
        """Return a job; raises `RunNotFound`."""
        if not is_job_id(job_id):
            raise RunNotFound("the id of a Batch job is a UUID")
        jobs = self._read("describejobs", {"jobs": [job_id]}, lambda a: dicts_in(a, "jobs"))
        found = next((each for each in jobs if each.get("jobId", job_id) == job_id), None)
        if found is None:
            raise RunNotFound("AWS Batch has no job with this id: it keeps a job for some days")
        return found

    def jobs(self, body: JsonObject) -> Iterator[JsonObject]:
        """Yield the jobs that a query selects."""
        return self._listed("listjobs", body, "jobSummaryList")

    def terminate(self, job_id: str) -> None:
        """Terminate a job; Batch ignores this for a job that has ended."""
        self.client.post(
            "v1",
            "terminatejob",
            body={"jobId": job_id, "reason": _TERMINATED},
            repeatable=True,
            read=lambda _: None,
        )

    def definitions(self, name: str | None = None) -> Iterator[JsonObject]:
        """Yield the active revisions of all job definitions, or of one."""
        body: JsonObject = {"status": "ACTIVE"}
        if name is not None:
            body["jobDefinitionName"] = name
        return self._listed("describejobdefinitions", body, "jobDefinitions")

    def definition(self, external_id: str) -> JsonObject:
        """Return the revision that a Job runs; raises `ArtefactNotFound`."""
        name, wanted = definition_parts(external_id)
        found = {revision_of(each): each for each in self.definitions(name)}
        revision = max(found, default=0) if wanted is None else wanted
        if revision not in found:
            raise ArtefactNotFound(DEFINITION_MISSING, cause=FailureCause.SUBMIT)
        return found[revision]

    def queues(self, queue: str | None) -> list[JsonObject]:
        """Return a queue, or the first queues."""
        body: JsonObject = {"maxResults": 1} if queue is None else {"jobQueues": [queue]}
        return self._read("describejobqueues", body, lambda a: dicts_in(a, "jobQueues"))

    def page(self, job_id: str) -> str:
        """Return the address of a job's page in the console."""
        path = f"batch/home?region={self.region}#jobs/detail/{job_id}"
        return console_url(self.region, path)

    def _read[T](self, operation: str, body: JsonObject, read: Callable[[JsonObject], T]) -> T:
        call = Call(
            method="POST", segments=("v1", operation), body=body, repeatable=True, effect=False
        )
        return self.client.execute(call, read)

    def _listed(self, operation: str, body: JsonObject, items: str) -> Iterator[JsonObject]:
        def fetch(token: str | None) -> Page[JsonObject]:
            paging: JsonObject = {} if token is None else {"nextToken": token}
            return self._read(
                operation,
                {**body, "maxResults": _PAGE, **paging},
                lambda answer: page_of(answer, items, "nextToken"),
            )

        return paged(fetch)


def revision_of(definition: JsonObject) -> int:
    """Return the revision of a job definition; 0 if it has none."""
    revision = definition.get("revision")
    return revision if isinstance(revision, int) else 0
