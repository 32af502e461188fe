"""Submits, polls and cancels runs of the job types DatabricksJob and DatabricksWorkflow.

A DatabricksJob has a single task, a DatabricksWorkflow has several. The idempotency token makes a
submit safe to repeat, as for notebooks. A repair runs the failed tasks of a run again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from polysync_core.domain.definitions.jobs import (
    Job,
    JobType,
    RetryFrom,
    SubmitSettings,
)
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure_databricks.client import JOBS_API, RunClient, run_id_of
from polysync_core.platforms.azure_databricks.job_discovery import JobDiscovery
from polysync_core.platforms.azure_databricks.job_source.parameter_fields import (
    FULL_REFRESH,
    SEND_PARAMETERS_AS,
    ParameterField,
)
from polysync_core.platforms.azure_databricks.outputs import (
    OutputSettings,
    failed_tasks,
    read_with_outputs,
)
from polysync_core.platforms.azure_databricks.refusals import (
    needing,
    refused_for_job,
    run_of_token_is_gone,
)
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import (
    ArtefactSchema,
    ExternalRun,
    Report,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.values import as_json, as_texts

MAX_TASK_PARAMETERS_BYTES = 10_000
"""The limit for the parameters of most task types as JSON, in bytes."""

_JOB_ID = re.compile(r"[1-9][0-9]{0,18}")


class WorkflowSettings(SubmitSettings):
    """`settings` of a Job that runs a workflow of several tasks."""

    send_parameters_as: ParameterField = ParameterField.JOB_PARAMETERS
    """The field of the request that carries the values, by the type of the job's tasks."""
    retry_from: RetryFrom = RetryFrom.START
    """The place from which a retry continues; `Failure` repairs the failed run."""


class JobSettings(WorkflowSettings, OutputSettings):
    """`settings` of a Job that runs a job with a single task."""


_BOUNDED = frozenset(
    {
        ParameterField.NOTEBOOK_PARAMS,
        ParameterField.JAR_PARAMS,
        ParameterField.PYTHON_PARAMS,
        ParameterField.SPARK_SUBMIT_PARAMS,
    }
)


@dataclass(frozen=True, slots=True)
class DatabricksJobConnector:
    """Runs the jobs of one workspace; implements `JobConnector`."""

    client: PlatformClient
    all_runs: RunClient
    jobs: JobDiscovery

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start the job; a repeated token returns the run of the first submit."""
        problems = check_defined_job(request.job)
        if problems:
            raise Invalid(problems)
        if request.repairs is not None:
            repair = self.all_runs.repair(
                request.repairs, begun_at=request.begun_at, is_resend=request.is_resend
            )
            return Submitted(external_run_id=repair)
        run_id = self.client.post(
            *JOBS_API,
            "run-now",
            body=_body(request),
            repeatable=True,
            read=run_id_of,
            refused=needing("Can Manage Run on the job", _submit_refused),
        )
        # The first poll gives the address of the run's page.
        return Submitted(external_run_id=run_id)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run, with the outputs that the Job requests."""
        return read_with_outputs(job, external_run_id, self.all_runs, self.client)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the error and the trace of each failed task."""
        return failed_tasks(external_run_id, self.all_runs, self.client)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Request the cancellation of a run."""
        self.all_runs.cancel(external_run_id)

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the parameters of a job."""
        problem = _id_problem(external_id)
        if problem is not None:
            raise Invalid.at("externalId", problem)
        return self.jobs.describe(external_id)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield all runs of the job, by any caller."""
        for run in self.all_runs.listed(job_id=int(job.external_id)):
            found = self.all_runs.external(run)
            if found is not None:
                yield found


def check_defined_job(job: Job) -> list[Problem]:
    """Return the problems of a Job for a job or workflow."""
    problem = _id_problem(job.external_id)
    problems = [Problem("externalId", problem)] if problem else []
    has_one_task = job.job_type == JobType.DATABRICKS_JOB
    model = JobSettings if has_one_task else WorkflowSettings
    return problems + settings_problems(model, job.settings)


def _id_problem(external_id: str) -> str | None:
    if _JOB_ID.fullmatch(external_id) is None:
        return "must be the numeric id of a job, such as 620987654321098"
    return None


def _body(request: SubmitRequest) -> JsonObject:
    field = ParameterField(str(request.job.settings.get(SEND_PARAMETERS_AS, "JobParameters")))
    parameters = _parameters(request, field)
    if field in _BOUNDED and len(json.dumps(parameters)) > MAX_TASK_PARAMETERS_BYTES:
        raise PlatformRefused(
            f"Databricks accepts at most 10,000 bytes of {field.field}: pass a path to the data"
            f" instead, or choose another {SEND_PARAMETERS_AS}",
            cause=FailureCause.PARAMETERS,
        )
    body: JsonObject = {"job_id": int(request.job.external_id), "idempotency_token": request.token}
    return {**body, field.field: parameters} if parameters else body


def _parameters(request: SubmitRequest, field: ParameterField) -> JsonValue:
    schema = request.job.parameters
    match field:
        case (
            ParameterField.JOB_PARAMETERS
            | ParameterField.NOTEBOOK_PARAMS
            | ParameterField.PYTHON_NAMED_PARAMS
            | ParameterField.SQL_PARAMS
        ):
            return {**as_texts(request.parameters, schema)}
        case (
            ParameterField.JAR_PARAMS
            | ParameterField.PYTHON_PARAMS
            | ParameterField.SPARK_SUBMIT_PARAMS
            | ParameterField.DBT_COMMANDS
        ):
            texts = as_texts(request.parameters, schema)
            # Positional arguments have the order of the schema.
            return [texts[each.name] for each in schema if each.name in texts]
        case ParameterField.PIPELINE_PARAMS:
            values = as_json(request.parameters, schema)
            return {FULL_REFRESH: values[FULL_REFRESH]} if FULL_REFRESH in values else {}
        case _:
            assert_never(field)


def _submit_refused(refusal: Refusal) -> PolysyncError:
    return run_of_token_is_gone(refusal) or refused_for_job(refusal)
