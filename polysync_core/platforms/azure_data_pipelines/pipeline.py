"""Submits, polls and cancels runs of the job types ADFPipeline and SynapsePipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.platforms.azure_data_pipelines.client import PipelineClient
from polysync_core.platforms.azure_data_pipelines.discovery import describe_pipeline, find_pipelines
from polysync_core.platforms.azure_data_pipelines.failure_details import failed_activities
from polysync_core.platforms.azure_data_pipelines.lost_start import earlier_run
from polysync_core.platforms.azure_data_pipelines.outputs import with_return_value
from polysync_core.platforms.azure_data_pipelines.repairs import repair_run
from polysync_core.platforms.azure_data_pipelines.settings import LostAnswerRule, check_pipeline_job
from polysync_core.platforms.azure_data_pipelines.states import (
    external,
    read_run,
    run_id_of,
    runs_of,
    stop_run,
)
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    ProviderStatus,
    Report,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.values import as_json


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineConnector:
    """Runs the pipelines of one service; implements `JobConnector`."""

    service: PipelineClient
    job_type: str

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start the pipeline or repair a run, unless an earlier submit of this attempt did."""
        problems = check_pipeline_job(request.job)
        if problems:
            raise Invalid(problems)
        if request.repairs is not None:
            run_id = repair_run(self.service, request, request.repairs)
        else:
            run_id = self._started(request)
        return Submitted(external_run_id=run_id, monitor_url=self.service.run_page(run_id))

    def _started(self, request: SubmitRequest) -> str:
        """Return the run that this or an earlier submit of the attempt started."""
        earlier = earlier_run(self.service, request) if request.is_resend else None
        if earlier is not None:
            return earlier
        return self.service.start(request.job.external_id, _body(request), read=run_id_of)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run; a successful run includes the return value."""
        report = read_run(self.service, external_run_id)
        if report.status is not ProviderStatus.SUCCESS:
            return report
        return with_return_value(self.service, job.external_id, external_run_id, report)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed activities of a run with their errors."""
        report = read_run(self.service, external_run_id)
        return failed_activities(self.service, job.external_id, external_run_id, report)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Request the cancellation of a run and of its child runs."""
        stop_run(self.service, external_run_id)

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the parameters of a pipeline."""
        return describe_pipeline(self.service, external_id)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield all runs of the pipeline, by any caller."""
        for run in runs_of(self.service, job.external_id):
            found = external(self.service, run)
            if found is not None:
                yield found

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the pipelines of the service."""
        return find_pipelines(self.service, self.job_type, search)


def _body(request: SubmitRequest) -> JsonObject:
    values = as_json(request.parameters, request.job.parameters)
    parameter = LostAnswerRule.of(request.job).token_parameter
    return values if parameter is None else {**values, parameter: request.token}
