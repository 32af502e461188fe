"""Submits, polls, repairs and stops executions of the job type SageMakerPipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail, FailureDetails
from polysync_core.platforms.aws.answers import text_in
from polysync_core.platforms.aws_sagemaker.client import REFUSALS, SageMakerClient
from polysync_core.platforms.aws_sagemaker.parameters import pipeline_parameters, schema_of
from polysync_core.platforms.aws_sagemaker.settings import SageMakerSettings, check_pipeline_job
from polysync_core.platforms.aws_sagemaker.states import Execution, arn_in, report_of
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    Report,
    SubmitRequest,
    Submitted,
    check_repairable,
)

_MAX_STEPS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineConnector:
    """Runs the pipelines of one region; implements `JobConnector`."""

    service: SageMakerClient
    job_type: str

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start the pipeline, or repair an execution, once for the attempt's token."""
        problems = check_pipeline_job(request.job)
        if problems:
            raise Invalid(problems)
        if request.repairs is not None:
            run_id = self._repaired(request, request.repairs)
        else:
            run_id = self.service.start(request.token, self._body(request), request.parameters)
        page = self.service.page(Execution.of(run_id))
        return Submitted(external_run_id=run_id, monitor_url=page)

    def _body(self, request: SubmitRequest) -> JsonObject:
        body: JsonObject = {
            "PipelineName": request.job.external_id,
            "PipelineParameters": pipeline_parameters(request),
            **SageMakerSettings.of(request.job).options(),
        }
        role = self.service.attributes.pipeline_execution_role_arn
        return body if role is None else {**body, "RoleArn": role}

    def _repaired(self, request: SubmitRequest, failed_run: str) -> str:
        """Run the failed steps of an execution again, and return the id of the repair."""
        execution = Execution.of(failed_run)
        if not request.is_resend:
            check_repairable(self.read(request.job, failed_run), REFUSALS.service)
        options = SageMakerSettings.of(request.job).parallelism()
        self.service.retry(request.token, execution.arn, options)
        return execution.repaired_by(request.token)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of an execution."""
        execution = Execution.of(external_run_id)
        found = self.service.execution(execution.arn)
        return report_of(found, self.service.page(execution))

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the failed steps of an execution with their errors."""
        arn = Execution.of(external_run_id).arn
        steps = islice(self.service.steps(arn), _MAX_STEPS)
        parts = [
            FailureDetail(
                part=text_in(step, "StepName") or "", error=text_in(step, "FailureReason") or ""
            )
            for step in steps
            if step.get("StepStatus") == "Failed"
        ]
        note = f"More than {MAX_PARTS} steps failed." if len(parts) > MAX_PARTS else None
        return FailureDetails(parts=tuple(parts[:MAX_PARTS]), note=note)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask SageMaker to stop an execution; an ended execution is not an error."""
        refusal: PlatformRefused | None = None
        try:
            self.service.stop(Execution.of(external_run_id))
        except PlatformRefused as error:
            refusal = error
        # SageMaker refuses the stop of an execution that has ended.
        if refusal is not None and not (
            refusal.status == 400 and self.read(job, external_run_id).status.is_final
        ):
            raise refusal

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the parameters of a pipeline."""
        return schema_of(self.service.pipeline(external_id))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the executions of the pipeline, by any caller."""
        for found in self.service.executions(job.external_id):
            try:
                arn = arn_in(found)
                report = report_of(found, self.service.page(Execution.of(arn)))
            except UnexpectedAnswer:
                continue
            yield ExternalRun(external_run_id=arn, report=report)

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the pipelines whose name contains a text; the list has no parameters."""
        wanted = (search or "").casefold()
        for pipeline in self.service.pipelines():
            name = text_in(pipeline, "PipelineName")
            if name is not None and wanted in name.casefold():
                yield Artefact(
                    external_id=name,
                    job_type=self.job_type,
                    name=name,
                    description=text_in(pipeline, "PipelineDescription"),
                )
