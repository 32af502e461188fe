"""Checks definitions of Azure Databricks platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType, SubmitSettings
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure_databricks.attributes import DatabricksAttributes
from polysync_core.platforms.azure_databricks.client import RunClient
from polysync_core.platforms.azure_databricks.job import (
    DatabricksJobConnector,
    JobSettings,
    WorkflowSettings,
    check_defined_job,
)
from polysync_core.platforms.azure_databricks.job_discovery import JobDiscovery
from polysync_core.platforms.azure_databricks.notebook import NotebookConnector, check_notebook
from polysync_core.platforms.azure_databricks.notebook_discovery import NotebookDiscovery
from polysync_core.platforms.azure_databricks.notebook_source.paths import normalised_path
from polysync_core.platforms.azure_databricks.outputs import OUTPUTS_FROM_EXIT_VALUE, OutputSettings
from polysync_core.platforms.azure_databricks.pipeline.connector import (
    DatabricksPipelineConnector,
    check_pipeline,
)
from polysync_core.platforms.azure_databricks.pipeline.states import STATES as UPDATE_STATES
from polysync_core.platforms.azure_databricks.refusals import refused
from polysync_core.platforms.azure_databricks.sign_in import (
    OAUTH,
    PERSONAL_ACCESS_TOKEN,
    authenticator_of,
)
from polysync_core.platforms.azure_databricks.states import RUN_STATES
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import (
    USUAL_CAPABILITIES,
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)
from polysync_core.platforms.refusal_rules import CredentialRules, credential_name


def check_databricks(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Databricks platform."""
    try:
        DatabricksAttributes.of(platform).base_address(allow_loopback=allow_loopback)
    except Invalid as error:
        return list(error.problems)
    return []


def open_databricks(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a workspace."""
    attributes = DatabricksAttributes.of(platform)
    base = attributes.base_address(allow_loopback=context.allow_loopback)
    credential = authenticator_of(
        platform.auth, attributes.cloud, context.secrets, base, context.http
    )
    client = PlatformClient(
        base,
        credential,
        refused=refused,
        credential=CredentialRules(name=credential_name(platform.auth)),
        http=context.http,
    )
    runs = RunClient(client, context.http.timer.now)
    workspace, root = NotebookDiscovery(client), attributes.default_notebook_path

    def check_access() -> str:
        workspace.check_access(root)
        return f"Reached the workspace at {base.host}; {root} is readable."

    jobs, pipelines = JobDiscovery(client), DatabricksPipelineConnector(client)
    defined = DatabricksJobConnector(client, runs, jobs)
    return LivePlatform(
        plugin=PLUGIN,
        jobs={
            JobType.DATABRICKS_NOTEBOOK: NotebookConnector(
                client, runs, workspace, attributes.compute()
            ),
            JobType.DATABRICKS_JOB: defined,
            JobType.DATABRICKS_WORKFLOW: defined,
            JobType.DATABRICKS_PIPELINE: pipelines,
        },
        discoveries=[
            Discovery(
                job_types=frozenset({JobType.DATABRICKS_NOTEBOOK}),
                find=lambda search: workspace.notebooks(root, search=search),
            ),
            Discovery(
                job_types=frozenset({JobType.DATABRICKS_JOB, JobType.DATABRICKS_WORKFLOW}),
                find=jobs.find,
            ),
            Discovery(job_types=frozenset({JobType.DATABRICKS_PIPELINE}), find=pipelines.find),
        ],
        check_access=check_access,
    )


_WITHOUT_OUTPUTS = USUAL_CAPABILITIES - {Capability.OUTPUTS}
_JOB_ID_HINT = "The numeric id of the job, such as 620987654321098."
PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_DATABRICKS,
    jobs={
        JobType.DATABRICKS_NOTEBOOK: JobTypePlugin(
            check=check_notebook,
            settings=OutputSettings,
            external_id_hint="The path of the notebook, such as /etl/sales-load.",
            outputs_setting=OUTPUTS_FROM_EXIT_VALUE,
            normal_id=normalised_path,
            states=RUN_STATES,
        ),
        JobType.DATABRICKS_JOB: JobTypePlugin(
            check=check_defined_job,
            settings=JobSettings,
            external_id_hint=_JOB_ID_HINT,
            capabilities=USUAL_CAPABILITIES | {Capability.REPAIR},
            states=RUN_STATES,
            outputs_setting=OUTPUTS_FROM_EXIT_VALUE,
        ),
        JobType.DATABRICKS_WORKFLOW: JobTypePlugin(
            check=check_defined_job,
            settings=WorkflowSettings,
            external_id_hint=_JOB_ID_HINT,
            capabilities=_WITHOUT_OUTPUTS | {Capability.REPAIR},
            states=RUN_STATES,
        ),
        JobType.DATABRICKS_PIPELINE: JobTypePlugin(
            check=check_pipeline,
            settings=SubmitSettings,
            external_id_hint="The pipeline's id, such as 2f1e5c4a-0000-0000-0000-000000000000.",
            capabilities=_WITHOUT_OUTPUTS,
            states=UPDATE_STATES,
            plan=SLOW,
        ),
    },
    sign_in=(*ENTRA_METHODS, PERSONAL_ACCESS_TOKEN, OAUTH),
    check=check_databricks,
    attributes=DatabricksAttributes,
    open=open_databricks,
    announces_sends=True,
)
