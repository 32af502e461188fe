"""Finds the plugins of platforms and Jobs, checks definitions, and opens connections.

A platform's package is imported when its first definition is used, so unused platforms cost no
start-up time. Installed packages add types by entry points of the group `polysync.platforms`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from polysync_core.domain.definitions.jobs import RETRY_FROM, Job, RetryFrom
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.credentials import CredentialsInUse, NotedSecrets
from polysync_core.outbound.identity import NO_IDENTITY, AppIdentity
from polysync_core.outbound.plugins import PluginRegistry
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.methods import check_sign_in
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.filtered_connector import FilteredConnector
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import (
    Capability,
    JobTypePlugin,
    PlatformPlugin,
    PluginContext,
)

ENTRY_POINTS = "polysync.platforms"

_OWN: Mapping[str, str] = {
    # Azure: data platforms
    PlatformType.AZURE_DATABRICKS: "polysync_core.platforms.azure_databricks.plugin",
    PlatformType.MICROSOFT_FABRIC: "polysync_core.platforms.microsoft_fabric.plugin",
    PlatformType.AZURE_DATA_EXPLORER: "polysync_core.platforms.azure_data_explorer.plugin",
    # Azure: machine learning and models
    PlatformType.AZURE_AI_FOUNDRY: "polysync_core.platforms.azure_ai_foundry.plugin",
    PlatformType.AZURE_OPENAI: "polysync_core.platforms.azure_openai.plugin",
    PlatformType.AZURE_AI_FOUNDRY_PROJECT: (
        "polysync_core.platforms.azure_ai_foundry_project.plugin"
    ),
    # Azure: pipelines and functions
    PlatformType.AZURE_DATA_FACTORY: "polysync_core.platforms.azure_data_factory.plugin",
    PlatformType.AZURE_SYNAPSE: "polysync_core.platforms.azure_synapse.plugin",
    PlatformType.AZURE_FUNCTIONS: "polysync_core.platforms.azure_functions.plugin",
    PlatformType.AZURE_LOGIC_APPS: "polysync_core.platforms.azure_logic_apps.plugin",
    # Azure: containers and batches
    PlatformType.AZURE_KUBERNETES: "polysync_core.platforms.azure_kubernetes.plugin",
    PlatformType.AZURE_CONTAINER_APPS: "polysync_core.platforms.azure_container_apps.plugin",
    PlatformType.AZURE_BATCH: "polysync_core.platforms.azure_batch.plugin",
    # Google Cloud: functions
    PlatformType.GOOGLE_CLOUD_FUNCTIONS: "polysync_core.platforms.google_functions.plugin",
    # Google Cloud: data and models
    PlatformType.GOOGLE_VERTEX_AI: "polysync_core.platforms.google_vertex_ai.plugin",
    PlatformType.GOOGLE_DATAFLOW: "polysync_core.platforms.google_dataflow.plugin",
    # AWS: functions and workflows
    PlatformType.AWS_LAMBDA: "polysync_core.platforms.aws_lambda.plugin",
    PlatformType.AWS_STEP_FUNCTIONS: "polysync_core.platforms.aws_step_functions.plugin",
    # AWS: data and batches
    PlatformType.AWS_GLUE: "polysync_core.platforms.aws_glue.plugin",
    PlatformType.AWS_BATCH: "polysync_core.platforms.aws_batch.plugin",
    PlatformType.AWS_SAGEMAKER: "polysync_core.platforms.aws_sagemaker.plugin",
    # Workflow services
    PlatformType.APACHE_AIRFLOW: "polysync_core.platforms.apache_airflow.plugin",
    PlatformType.GOOGLE_CLOUD_COMPOSER: "polysync_core.platforms.google_composer.plugin",
    PlatformType.DBT_CLOUD: "polysync_core.platforms.dbt_cloud.plugin",
    PlatformType.SNOWFLAKE: "polysync_core.platforms.snowflake.plugin",
    # Any service
    PlatformType.HTTP_SERVICE: "polysync_core.platforms.http_service.plugin",
}
"""Modules whose `PLUGIN` is one of Polysync's own platform types."""

_PLUGINS = PluginRegistry(PlatformPlugin, ENTRY_POINTS, _OWN)


@cache
def platform_plugin(name: str, path: str = "type") -> PlatformPlugin:
    """Return the plugin of a platform type; raises `Invalid` at `path` for an unknown name."""
    return _PLUGINS.find(name, path)


def platform_types() -> list[str]:
    """Return the names of all platform types, without importing a package."""
    return _PLUGINS.names()


def open_connector(
    platform: Platform,
    *,
    secrets: Secrets,
    allow_loopback: bool,
    app_identity: AppIdentity = NO_IDENTITY,
) -> Connector:
    """Return a connection to a platform; raises `Invalid` for a wrong definition."""
    check_platform(platform, allow_loopback=allow_loopback)
    credentials = CredentialsInUse()
    context = PluginContext(
        secrets=NotedSecrets(secrets, credentials),
        allow_loopback=allow_loopback,
        http=HttpOptions(private_hosts=app_identity.private_hosts, credentials=credentials),
    )
    plugin = platform_plugin(platform.type)
    connector = plugin.open(app_identity.complete_platform(platform), context)
    return FilteredConnector(connector, credentials)


def check_platform(platform: Platform, *, allow_loopback: bool) -> None:
    """Raise `Invalid` with every problem of a platform's type, auth and attributes."""
    plugin = platform_plugin(platform.type)
    problems = [
        *check_sign_in(platform.auth, plugin.sign_in, plugin.name),
        *plugin.check(platform, allow_loopback),
    ]
    if problems:
        raise Invalid(problems)


def job_type_plugin(platform: Platform, job: Job) -> JobTypePlugin:
    """Return the plugin of a Job's type; raises `Invalid` if its platform lacks the type."""
    return platform_plugin(platform.type, "platform").job(job.job_type, path="jobType")


def check_job(platform: Platform, job: Job) -> None:
    """Raise `Invalid` with every problem of a Job on its platform."""
    plugin = job_type_plugin(platform, job)
    problems = list(plugin.check(job))
    cannot_repair = Capability.REPAIR not in plugin.capabilities
    if job.settings.get(RETRY_FROM) == RetryFrom.FAILURE and cannot_repair:
        path = f"settings.{RETRY_FROM}"
        problems = [each for each in problems if each.path != path]
        problems.append(Problem(path, f"{no_repair(job.job_type)}: remove the setting"))
    if problems:
        raise Invalid(problems)


def no_repair(job_type: str) -> str:
    """Explain why runs of a job type cannot be repaired; name the types that can."""
    able = [
        str(name)
        for platform_type in platform_types()
        for name, plugin in platform_plugin(platform_type).jobs.items()
        if Capability.REPAIR in plugin.capabilities
    ]
    return (
        f"a {job_type} cannot continue from its failure, only {', '.join(able)} can: its platform"
        " runs the whole artefact again"
    )


def outputs_problem(platform: Platform, job: Job) -> str | None:
    """Return the reason why runs of a Job have no outputs; None if they have outputs.

    A job type that the platform does not know has no reason: `check_job` reports it.
    """
    try:
        plugin = job_type_plugin(platform, job)
    except Invalid:
        return None
    return plugin.outputs_problem(job)
