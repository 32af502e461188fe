"""The official client that verifies each simulator, and the open questions per job type.

The platforms' reference shows these claims. `test_verification.py` checks them: a client is listed
with the calls that its contract tests make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.platforms.plugin import Capability


class Ability(StrEnum):
    """The abilities of a job type; every job type has those without a `Capability`."""

    SUBMIT = "submit"
    READ = "read"
    CANCEL = "cancel"
    DISCOVER = "discover"
    PARAMETERS = "parameters"
    RUNS = "runs"
    OUTPUTS = "outputs"
    DETAILS = "failure details"
    REPAIR = "repair"
    PAGE = "run's page"
    TEST = "test"

    @property
    def capability(self) -> Capability | None:
        """The capability that the ability needs; None if every job type has it."""
        return _CLAIMED.get(self)


_CLAIMED = {
    Ability.CANCEL: Capability.CANCEL,
    Ability.DISCOVER: Capability.DISCOVERY,
    Ability.PARAMETERS: Capability.PARAMETERS,
    Ability.RUNS: Capability.RUNS,
    Ability.OUTPUTS: Capability.OUTPUTS,
    Ability.DETAILS: Capability.FAILURE_DETAILS,
    Ability.REPAIR: Capability.REPAIR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialClient:
    """A vendor's client library that verifies a simulator."""

    package: str
    """The name of the distribution."""
    client: str
    """The full name of the client class."""
    tests: str
    """The folder in `tests/contract` with the tests of the client."""
    calls: Mapping[Ability, str]
    """The client's call that verifies each ability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The verification of a case's simulator, and its open questions."""

    simulator: str
    """The package of the simulator."""
    official_client: OfficialClient
    notes: Sequence[str] = ()
    """Notes about the verification."""
    open_questions: Sequence[str]
    """The questions that only the live service can answer."""


_PLAIN_HTTP = "Its policy refuses to send a token over plain HTTP: the tests replace the policy."
_STOPPED_AGAIN = "the answer to a stop of an ended run (after a refusal, the state is read)"


def _databricks(**calls: str) -> Verification:
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


_FOUNDRY = Verification(
    simulator="simulators.ai_foundry",
    official_client=OfficialClient(
        package="azure-mgmt-machinelearningservices",
        client="azure.mgmt.machinelearningservices.MachineLearningServicesMgmtClient",
        tests="ai_foundry",
        calls={
            Ability.SUBMIT: "jobs.create_or_update",
            Ability.READ: "jobs.get",
            Ability.CANCEL: "jobs.begin_cancel",
            Ability.DISCOVER: "jobs.list",
            Ability.PARAMETERS: "jobs.get",
            Ability.RUNS: "jobs.list",
            Ability.OUTPUTS: "jobs.get",
            Ability.TEST: "workspaces.get",
        },
    ),
    notes=(
        "It also reads the copies that Polysync makes and sends them again. The stable version"
        " 1.0.1 does not support jobs.",
        _PLAIN_HTTP,
        "`azure-ai-ml` is not used: it needs 60 packages and refuses plain HTTP.",
    ),
    open_questions=(
        "the status of the refusal of another definition under an existing name (400 and 409 are"
        " assumed)",
        "whether a job is found at once after its creation",
        "whether literals as texts are accepted for every type of a component's input",
        "`startTime`, `endTime`, `error` and the `value` of outputs, which are missing in the"
        " published schema of this version",
        "whether the error of a pipeline job has the errors of its child jobs as `details`",
    ),
)
_PIPELINES_OPEN = (
    "whether the repair of a cancelled run begins at the cancelled activities",
    "the maximum lag of the list of runs",
    "whether a run shows parameters without a value",
    _STOPPED_AGAIN,
    "the error codes other than those of Resource Manager",
)
_FUNCTIONS_OPEN = (
    "the answers of Durable Functions to a start with an existing id (409 is assumed) and of an"
    " unknown orchestrator (400 and 404)",
    "App Service Authentication in front of an app",
)
_AZURE_FUNCTIONS = Verification(
    simulator="simulators.azure_functions",
    official_client=OfficialClient(
        package="azure-mgmt-web",
        client="azure.mgmt.web.WebSiteManagementClient",
        tests="functions",
        calls={
            Ability.DISCOVER: "web_apps.list_functions",
            Ability.PARAMETERS: "web_apps.get_function",
            Ability.TEST: "web_apps.get",
        },
    ),
    notes=(
        "It also reads the keys of the app.",
        "Neither Durable Functions' HTTP API nor a function has an official client.",
    ),
    open_questions=_FUNCTIONS_OPEN,
)
_TRIGGER_NOTE = "It also reads the address of a trigger; no official client calls a trigger."
_LOGIC_APPS_OPEN = (
    "the filter for `ClientTrackingId` in a Standard plan (without it, every run of the list is"
    " read)",
    "the maximum lag of the list of runs",
    _STOPPED_AGAIN,
)
_GOOGLE = Verification(
    simulator="simulators.google_functions",
    official_client=OfficialClient(
        package="google-cloud-functions",
        client="google.cloud.functions_v2.FunctionServiceClient",
        tests="functions",
        calls={Ability.DISCOVER: "list_functions", Ability.TEST: "list_functions"},
    ),
    notes=("Through its REST transport. A function has no official client.",),
    open_questions=("functions of the first generation",),
)

VERIFICATIONS: Mapping[str, Verification] = {
    JobType.DATABRICKS_NOTEBOOK: _databricks(
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
        job_type: _databricks(
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
    JobType.DATABRICKS_PIPELINE: _databricks(
        SUBMIT="pipelines.start_update",
        READ="pipelines.get_update",
        CANCEL="pipelines.stop_and_wait",
        DISCOVER="pipelines.list_pipelines",
        PARAMETERS="pipelines.get",
        RUNS="pipelines.list_updates",
        DETAILS="pipelines.list_pipeline_events",
        TEST="workspace.get_status",
    ),
    JobType.AI_FOUNDRY_PIPELINE_JOB: _FOUNDRY,
    JobType.AI_FOUNDRY_COMMAND_JOB: _FOUNDRY,
    JobType.AI_FOUNDRY_SWEEP_JOB: _FOUNDRY,
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
        notes=(_PLAIN_HTTP,),
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
        notes=(_PLAIN_HTTP,),
        open_questions=_PIPELINES_OPEN,
    ),
    JobType.AZURE_HTTP_FUNCTION: _AZURE_FUNCTIONS,
    f"{JobType.AZURE_HTTP_FUNCTION} of an orchestrator": _AZURE_FUNCTIONS,
    JobType.LOGIC_APPS_WORKFLOW: Verification(
        simulator="simulators.logic_apps",
        official_client=OfficialClient(
            package="azure-mgmt-web",
            client="azure.mgmt.web.WebSiteManagementClient",
            tests="logic_apps",
            calls={
                Ability.READ: "workflow_runs.get",
                Ability.CANCEL: "workflow_runs.cancel",
                Ability.DISCOVER: "web_apps.list_workflows",
                Ability.PARAMETERS: "web_apps.get_workflow",
                Ability.RUNS: "workflow_runs.list",
                Ability.DETAILS: "workflow_run_actions.list",
                Ability.TEST: "web_apps.list_workflows",
            },
        ),
        notes=(_TRIGGER_NOTE,),
        open_questions=_LOGIC_APPS_OPEN,
    ),
    f"{JobType.LOGIC_APPS_WORKFLOW} of a Consumption plan": Verification(
        simulator="simulators.logic_apps",
        official_client=OfficialClient(
            package="azure-mgmt-logic",
            client="azure.mgmt.logic.LogicManagementClient",
            tests="logic_apps",
            calls={
                Ability.READ: "workflow_runs.get",
                Ability.CANCEL: "workflow_runs.cancel",
                Ability.DISCOVER: "workflows.list_by_resource_group",
                Ability.PARAMETERS: "workflows.get",
                Ability.RUNS: "workflow_runs.list",
                Ability.DETAILS: "workflow_run_actions.list",
                Ability.TEST: "workflows.list_by_resource_group",
            },
        ),
        notes=(_TRIGGER_NOTE, "It needs `six` but does not depend on it."),
        open_questions=_LOGIC_APPS_OPEN,
    ),
    JobType.HTTP_JOB: replace(
        _databricks(
            SUBMIT="jobs.submit", READ="jobs.get_run", CANCEL="jobs.cancel_run", TEST="jobs.list"
        ),
        notes=("The suite describes the jobs API of Databricks by settings.",),
        open_questions=("whether a service behaves as the settings say",),
    ),
    JobType.CLOUD_FUNCTION_HTTP: _GOOGLE,
}
"""The verifications by the names of the cases."""
