"""Submits, polls and stops runs of the job type AwsBatchJob."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.platforms.aws.answers import text_in
from polysync_core.platforms.aws.lost_start import adopted_run
from polysync_core.platforms.aws_batch.client import BatchClient, revision_of
from polysync_core.platforms.aws_batch.failure_details import failed_parts
from polysync_core.platforms.aws_batch.parameters import schema_of
from polysync_core.platforms.aws_batch.settings import (
    BatchSettings,
    check_batch_job,
    definition_parts,
)
from polysync_core.platforms.aws_batch.states import job_id_in, report_of
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    Report,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.paging import filter_bounded
from polysync_core.platforms.values import as_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchConnector:
    """Runs jobs of one region; implements `JobConnector`."""

    service: BatchClient
    default_queue: str | None
    job_type: str

    def submit(self, request: SubmitRequest) -> Submitted:
        """Submit a Batch job, unless an earlier submit of this attempt did."""
        problems = check_batch_job(request.job)
        if problems:
            raise Invalid(problems)
        queue = self._queue(request.job)
        earlier = self._earlier_job(request, queue) if request.is_resend else None
        job_id = earlier or self.service.submit(self._body(request, queue))
        return Submitted(external_run_id=job_id, monitor_url=self.service.page(job_id))

    def _queue(self, job: Job) -> str:
        queue = BatchSettings.of(job).job_queue or self.default_queue
        if queue is None:
            raise Invalid.at(
                "settings.jobQueue", "is required, because the platform has no defaultJobQueue"
            )
        return queue

    def _body(self, request: SubmitRequest, queue: str) -> JsonObject:
        settings = BatchSettings.of(request.job)
        body: JsonObject = {
            "jobName": _job_name(request),
            "jobDefinition": request.job.external_id,
            "jobQueue": queue,
            "parameters": dict(as_texts(request.parameters, request.job.parameters)),
        }
        return {**body, **settings.options(is_only_try=request.is_only_try)}

    def _earlier_job(self, request: SubmitRequest, queue: str) -> str | None:
        """Return the job that an earlier submit of this attempt started; None if it did not."""
        name = _job_name(request)
        filters: JsonObject = {
            "jobQueue": queue,
            "filters": [{"name": "JOB_NAME", "values": [name]}],
        }
        found = [each for each in self.service.jobs(filters) if text_in(each, "jobName") == name]
        own = sorted(found, key=_created)
        return adopted_run(request, [job_id_in(each) for each in own], self.service.now())

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a Batch job."""
        found = self.service.job(external_run_id)
        return report_of(found, self.service.page(external_run_id))

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed attempts of a job, or the failed children of an array job."""
        return failed_parts(self.service, external_run_id)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Terminate a Batch job, in its queue too; an ended job is left as it is."""
        if not self.read(job, external_run_id).status.is_final:
            self.service.terminate(external_run_id)

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the parameters of a job definition."""
        return schema_of(self.service.definition(external_id))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the jobs of the definition in the Job's queue, by any caller."""
        name, revision = definition_parts(job.external_id)
        query: JsonObject = {
            "jobQueue": self._queue(job),
            "filters": [{"name": "JOB_DEFINITION", "values": [name]}],
        }

        def has_revision(found: JsonObject) -> bool:
            used = text_in(found, "jobDefinition") or ""
            return revision is None or used.endswith(f"/{name}:{revision}")

        for found in filter_bounded(self.service.jobs(query), has_revision):
            try:
                job_id = job_id_in(found)
                report = report_of(found, self.service.page(job_id))
            except UnexpectedAnswer:
                continue
            yield ExternalRun(external_run_id=job_id, report=report)

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the job definitions whose name contains a text, each with its newest revision."""
        wanted, newest = (search or "").casefold(), dict[str, JsonObject]()
        for definition in self.service.definitions():
            name = text_in(definition, "jobDefinitionName")
            if name is not None and wanted in name.casefold():
                known = newest.setdefault(name, definition)
                newest[name] = max(known, definition, key=revision_of)
        for name, definition in newest.items():
            schema = schema_of(definition)
            yield Artefact(external_id=name, job_type=self.job_type, name=name, schema=schema)


def _job_name(request: SubmitRequest) -> str:
    """Return the Batch job's name, by which a lost job is found."""
    return f"polysync-{request.token}"


def _created(job: JsonObject) -> float:
    created = job.get("createdAt")
    return created if isinstance(created, int | float) else 0.0
