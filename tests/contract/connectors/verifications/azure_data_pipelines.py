"""Verifies the simulators of Azure Data Factory and Azure Synapse."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import (
    PLAIN_HTTP,
    STOPPED_AGAIN,
    Ability,
    OfficialClient,
    Verification,
)

_PIPELINES_OPEN = (
    "whether the repair of a cancelled run begins at the cancelled activities",
    "the maximum lag of the list of runs",
    "whether a run shows parameters without a value",
    STOPPED_AGAIN,
    "the error codes other than those of Resource Manager",
)
VERIFICATIONS: Mapping[str, Verification] = {
    JobType.ADF_PIPELINE: Verification(
        simulator="simulators.data_factory",
        official_client=OfficialClient(
            package="azure-mgmt-datafactory",
            client="azure.mgmt.datafactory.DataFactoryManagementClient",
            tests="data_factory",
            calls={
                Ability.SUBMIT: "pipelines.create_run",
                Ability.READ: "pipeline_runs.get",
                Ability.CANCEL: "pipeline_runs.cancel",
                Ability.DISCOVER: "pipelines.list_by_factory",
                Ability.PARAMETERS: "pipelines.get",
                Ability.RUNS: "pipeline_runs.query_by_factory",
                Ability.OUTPUTS: "activity_runs.query_by_pipeline_run",
                Ability.DETAILS: "activity_runs.query_by_pipeline_run",
                Ability.REPAIR: "pipelines.create_run",
                Ability.TEST: "pipeline_runs.query_by_factory",
            },
        ),
        notes=(PLAIN_HTTP,),
        open_questions=_PIPELINES_OPEN,
    ),
    JobType.SYNAPSE_PIPELINE: Verification(
        simulator="simulators.data_factory",
        official_client=OfficialClient(
            package="azure-synapse-artifacts",
            client="azure.synapse.artifacts.ArtifactsClient",
            tests="data_factory",
            calls={
                Ability.SUBMIT: "pipeline.create_pipeline_run",
                Ability.READ: "pipeline_run.get_pipeline_run",
                Ability.CANCEL: "pipeline_run.cancel_pipeline_run",
                Ability.DISCOVER: "pipeline.get_pipelines_by_workspace",
                Ability.PARAMETERS: "pipeline.get_pipeline",
                Ability.RUNS: "pipeline_run.query_pipeline_runs_by_workspace",
                Ability.DETAILS: "pipeline_run.query_activity_runs",
                Ability.REPAIR: "pipeline.create_pipeline_run",
                Ability.OUTPUTS: "pipeline_run.query_activity_runs",
                Ability.TEST: "pipeline_run.query_pipeline_runs_by_workspace",
            },
        ),
        notes=(PLAIN_HTTP,),
        open_questions=_PIPELINES_OPEN,
    ),
}
