"""Verifies the simulators of Azure Databricks."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.definitions.jobs import JobType
from tests.contract.connectors.verified_job_types import Ability, OfficialClient, Verification


def databricks_calls(**calls: str) -> Verification:
    """Return the verification by calls of the client of Databricks."""
    return Verification(
        simulator="simulators.databricks",
        official_client=OfficialClient(
            package="databricks-sdk",
            client="databricks.sdk.WorkspaceClient",
            tests="databricks_simulator",
            calls={Ability[name]: call for name, call in calls.items()},
        ),
        open_questions=(
            "the compute that a workspace allows, and the texts of its refusals",
            "the text of the refusal for a token of a deleted run",
            "the precision of the creation time of an update",
            "the texts of the refusals of a repair, and its lag in the history of a run",
        ),
    )


VERIFICATIONS: Mapping[str, Verification] = {
    JobType.DATABRICKS_NOTEBOOK: databricks_calls(
        SUBMIT="jobs.submit",
        READ="jobs.get_run",
        CANCEL="jobs.cancel_run",
        DISCOVER="workspace.list",
        PARAMETERS="workspace.export",
        RUNS="jobs.list_runs",
        OUTPUTS="jobs.get_run_output",
        DETAILS="jobs.get_run_output",
        TEST="workspace.get_status",
    ),
    **{
        job_type: databricks_calls(
            SUBMIT="jobs.run_now",
            READ="jobs.get_run",
            CANCEL="jobs.cancel_run",
            DISCOVER="jobs.list",
            PARAMETERS="jobs.get",
            RUNS="jobs.list_runs",
            DETAILS="jobs.get_run_output",
            REPAIR="jobs.repair_run",
            TEST="workspace.get_status",
            **outputs,
        )
        for job_type, outputs in {
            JobType.DATABRICKS_JOB: {"OUTPUTS": "jobs.get_run_output"},
            JobType.DATABRICKS_WORKFLOW: {},
        }.items()
    },
    JobType.DATABRICKS_PIPELINE: databricks_calls(
        SUBMIT="pipelines.start_update",
        READ="pipelines.get_update",
        CANCEL="pipelines.stop_and_wait",
        DISCOVER="pipelines.list_pipelines",
        PARAMETERS="pipelines.get",
        RUNS="pipelines.list_updates",
        DETAILS="pipelines.list_pipeline_events",
        TEST="workspace.get_status",
    ),
}
