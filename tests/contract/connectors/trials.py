"""By whom besides the suite each bench was judged, and what no bench can tell.

The platforms' reference shows all of this, so a claim must be one that `test_trials.py` can check:
a judge is named by the calls that its own tests really make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.platforms.plugin import Capability


class Ability(StrEnum):
    """What a job type does; those that are no `Capability` every job type must do."""

    SUBMIT = "submit"
    READ = "read"
    CANCEL = "cancel"
    DISCOVER = "discover"
    PARAMETERS = "parameters"
    RUNS = "runs"
    OUTPUTS = "outputs"
    PAGE = "run's page"
    TEST = "test"

    @property
    def capability(self) -> Capability | None:
        """What a job type must claim to do it; None where it always does."""
        return _CLAIMED.get(self)


_CLAIMED = {
    Ability.CANCEL: Capability.CANCEL,
    Ability.DISCOVER: Capability.DISCOVERY,
    Ability.PARAMETERS: Capability.PARAMETERS,
    Ability.RUNS: Capability.RUNS,
    Ability.OUTPUTS: Capability.OUTPUTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A vendor's own client, which takes a bench's simulator for the service."""

    package: str
    """The name of the distribution."""
    client: str
    """The class, by its full name."""
    tests: str
    """The folder in `tests/contract` with the tests in which it judges."""
    calls: Mapping[Ability, str]
    """By which of its calls it judges what the platform does for a job type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How a bench's simulator was tried, and what it leaves open."""

    simulator: str
    """The package of the simulator."""
    judge: Judge
    remarks: Sequence[str] = ()
    """What to know of the judging."""
    open: Sequence[str]
    """What only the live service can tell."""


_PLAIN_HTTP = "Its own policy refuses to show a token by plain HTTP: the tests give it another."
_STOPPED_AGAIN = "with what the stop of an ended run is answered (a refusal is looked into)"


def _databricks(**calls: str) -> Trial:
    return Trial(
        simulator="simulators.databricks",
        judge=Judge(
            package="databricks-sdk",
            client="databricks.sdk.WorkspaceClient",
            tests="databricks_simulator",
            calls={Ability[name]: call for name, call in calls.items()},
        ),
        open=(
            "which compute a workspace allows, and with what words it refuses another",
            "with what words a start is refused whose token belongs to a deleted run",
            "how exactly the clock of an update agrees with ours",
        ),
    )


_FOUNDRY = Trial(
    simulator="simulators.ai_foundry",
    judge=Judge(
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
    remarks=(
        "It also reads the copies that Polysync makes, and sends them on. Version 1.0.1, which is"
        " no beta, has no jobs.",
        _PLAIN_HTTP,
        "`azure-ai-ml` is no part of the tests: it brings 60 packages, and refuses plain HTTP.",
    ),
    open=(
        "with what another definition under a name that exists is refused (400 and 409 are taken"
        " for it)",
        "whether a job is found at once after it was created",
        "whether literals as texts are taken for every type of a component's input",
        "`startTime`, `endTime`, `error` and the `value` of outputs, which the published schema of"
        " this version does not have",
    ),
)
_PIPELINES_OPEN = (
    "how late the list of runs can be",
    "whether a run shows parameters that were not given",
    _STOPPED_AGAIN,
    "the codes of refusals other than Resource Manager's own",
)
_FUNCTIONS_OPEN = (
    "with what Durable Functions answers a start under an id that exists (409 is taken for it), and"
    " one of an unknown orchestrator (400 and 404)",
    "App Service Authentication in front of an app",
)
_AZURE_FUNCTIONS = Trial(
    simulator="simulators.azure_functions",
    judge=Judge(
        package="azure-mgmt-web",
        client="azure.mgmt.web.WebSiteManagementClient",
        tests="functions",
        calls={
            Ability.DISCOVER: "web_apps.list_functions",
            Ability.PARAMETERS: "web_apps.get_function",
            Ability.TEST: "web_apps.get",
        },
    ),
    remarks=(
        "It reads the keys of the app as well.",
        "There is no official client of Durable Functions' HTTP API, nor of a function's own.",
    ),
    open=_FUNCTIONS_OPEN,
)
_TRIGGERS = "It also asks for a trigger's address; there is no client that calls it."
_LOGIC_APPS_OPEN = (
    "the filter for `ClientTrackingId` in a Standard plan (without it every run of the list is"
    " looked at)",
    "how late the list of runs can be",
    _STOPPED_AGAIN,
)
_GOOGLE = Trial(
    simulator="simulators.google_functions",
    judge=Judge(
        package="google-cloud-functions",
        client="google.cloud.functions_v2.FunctionServiceClient",
        tests="functions",
        calls={Ability.DISCOVER: "list_functions", Ability.TEST: "list_functions"},
    ),
    remarks=("By its REST transport. There is no client of a function's own HTTP.",),
    open=("functions of the first generation",),
)

TRIALS: Mapping[str, Trial] = {
    JobType.DATABRICKS_NOTEBOOK: _databricks(
        SUBMIT="jobs.submit",
        READ="jobs.get_run",
        CANCEL="jobs.cancel_run",
        DISCOVER="workspace.list",
        PARAMETERS="workspace.export",
        RUNS="jobs.list_runs",
        OUTPUTS="jobs.get_run_output",
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
        TEST="workspace.get_status",
    ),
    JobType.AI_FOUNDRY_PIPELINE_JOB: _FOUNDRY,
    JobType.AI_FOUNDRY_COMMAND_JOB: _FOUNDRY,
    JobType.AI_FOUNDRY_SWEEP_JOB: _FOUNDRY,
    JobType.ADF_PIPELINE: Trial(
        simulator="simulators.data_factory",
        judge=Judge(
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
                Ability.TEST: "pipeline_runs.query_by_factory",
            },
        ),
        remarks=(_PLAIN_HTTP,),
        open=_PIPELINES_OPEN,
    ),
    JobType.SYNAPSE_PIPELINE: Trial(
        simulator="simulators.data_factory",
        judge=Judge(
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
                Ability.TEST: "pipeline_run.query_pipeline_runs_by_workspace",
            },
        ),
        remarks=(_PLAIN_HTTP,),
        open=_PIPELINES_OPEN,
    ),
    JobType.AZURE_HTTP_FUNCTION: _AZURE_FUNCTIONS,
    f"{JobType.AZURE_HTTP_FUNCTION} of an orchestrator": _AZURE_FUNCTIONS,
    JobType.LOGIC_APPS_WORKFLOW: Trial(
        simulator="simulators.logic_apps",
        judge=Judge(
            package="azure-mgmt-web",
            client="azure.mgmt.web.WebSiteManagementClient",
            tests="logic_apps",
            calls={
                Ability.READ: "workflow_runs.get",
                Ability.CANCEL: "workflow_runs.cancel",
                Ability.DISCOVER: "web_apps.list_workflows",
                Ability.PARAMETERS: "web_apps.get_workflow",
                Ability.RUNS: "workflow_runs.list",
                Ability.TEST: "web_apps.list_workflows",
            },
        ),
        remarks=(_TRIGGERS,),
        open=_LOGIC_APPS_OPEN,
    ),
    f"{JobType.LOGIC_APPS_WORKFLOW} of a Consumption plan": Trial(
        simulator="simulators.logic_apps",
        judge=Judge(
            package="azure-mgmt-logic",
            client="azure.mgmt.logic.LogicManagementClient",
            tests="logic_apps",
            calls={
                Ability.READ: "workflow_runs.get",
                Ability.CANCEL: "workflow_runs.cancel",
                Ability.DISCOVER: "workflows.list_by_resource_group",
                Ability.PARAMETERS: "workflows.get",
                Ability.RUNS: "workflow_runs.list",
                Ability.TEST: "workflows.list_by_resource_group",
            },
        ),
        remarks=(_TRIGGERS, "It needs `six`, and does not bring it."),
        open=_LOGIC_APPS_OPEN,
    ),
    JobType.CLOUD_FUNCTION_HTTP: _GOOGLE,
}
"""By the names of the benches."""
