"""Verifies the simulators of AWS Glue, AWS Batch and Amazon SageMaker."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import (
    STOPPED_AGAIN,
    Ability,
    OfficialClient,
    Verification,
)

_MOTO = "The connector also runs against the server of moto, an independent implementation of AWS."


def boto3_client(calls: Mapping[Ability, str]) -> OfficialClient:
    """Return boto3's client, with the calls on the client of one service."""
    return OfficialClient(package="boto3", client="boto3.client", tests="aws", calls=calls)


VERIFICATIONS: Mapping[str, Verification] = {
    JobType.GLUE_JOB: Verification(
        simulator="simulators.aws",
        official_client=boto3_client(
            {
                Ability.SUBMIT: "start_job_run",
                Ability.READ: "get_job_run",
                Ability.CANCEL: "batch_stop_job_run",
                Ability.DISCOVER: "get_paginator",
                Ability.PARAMETERS: "get_job",
                Ability.RUNS: "get_job_runs",
                Ability.DETAILS: "get_job_run",
                Ability.TEST: "get_jobs",
            }
        ),
        notes=(_MOTO,),
        open_questions=(
            "the ids of the runs that Glue itself retries (`_attempt_1` and so on are assumed), and"
            " the delay before a retry",
            "the maximum lag of the list of runs",
            "the code of the error for the stop of an ended run (after an error, the state is"
            " read)",
        ),
    ),
    JobType.AWS_BATCH_JOB: Verification(
        simulator="simulators.aws",
        official_client=boto3_client(
            {
                Ability.SUBMIT: "submit_job",
                Ability.READ: "describe_jobs",
                Ability.CANCEL: "terminate_job",
                Ability.DISCOVER: "get_paginator",
                Ability.PARAMETERS: "describe_job_definitions",
                Ability.RUNS: "list_jobs",
                Ability.DETAILS: "describe_jobs",
                Ability.TEST: "describe_job_queues",
            }
        ),
        notes=(_MOTO,),
        open_questions=(
            "the maximum lag of the list of jobs",
            "whether `isTerminated` is set for a job that exceeded its time-out",
            "the reasons of a job that stays `RUNNABLE`",
        ),
    ),
    JobType.SAGEMAKER_PIPELINE: Verification(
        simulator="simulators.aws",
        official_client=boto3_client(
            {
                Ability.SUBMIT: "start_pipeline_execution",
                Ability.READ: "describe_pipeline_execution",
                Ability.CANCEL: "stop_pipeline_execution",
                Ability.DISCOVER: "list_pipelines",
                Ability.PARAMETERS: "describe_pipeline",
                Ability.RUNS: "list_pipeline_executions",
                Ability.DETAILS: "list_pipeline_execution_steps",
                Ability.REPAIR: "retry_pipeline_execution",
                Ability.TEST: "list_pipelines",
            }
        ),
        notes=(_MOTO,),
        open_questions=(
            "how long a request token protects from a second start",
            "whether the state of a retried execution is `Executing` as soon as the retry is"
            " accepted",
            "the definition that is returned for a pipeline whose definition is stored in S3",
            STOPPED_AGAIN,
        ),
    ),
}
