"""Checks definitions of dbt Cloud platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import AuthMethod, Platform, PlatformType
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.authenticators import HeaderToken, VaultToken
from polysync_core.outbound.sign_in.methods import SignInField, SignInMethod
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.dbt_cloud.attributes import DbtCloudAttributes
from polysync_core.platforms.dbt_cloud.client import DbtClient
from polysync_core.platforms.dbt_cloud.job import DbtJobConnector
from polysync_core.platforms.dbt_cloud.refusals import refused
from polysync_core.platforms.dbt_cloud.settings import (
    OUTPUTS_FROM_RUN_RESULTS,
    DbtJobSettings,
    check_dbt_job,
)
from polysync_core.platforms.dbt_cloud.states import STATES
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import (
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)
from polysync_core.platforms.refusal_rules import CredentialRules, credential_name


def check_dbt_cloud(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a dbt Cloud platform."""
    try:
        DbtCloudAttributes.of(platform).base_address(allow_loopback=allow_loopback)
    except Invalid as error:
        return list(error.problems)
    return []


def open_dbt_cloud(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to an account."""
    attributes = DbtCloudAttributes.of(platform)
    token = VaultToken(platform.auth.fields()["token"], context.secrets)
    client = PlatformClient(
        attributes.base_address(allow_loopback=context.allow_loopback),
        HeaderToken(token, prefix="Token "),
        refused=refused,
        credential=CredentialRules(name=credential_name(platform.auth)),
        http=context.http,
    )
    service = DbtClient(client=client, account=attributes.account_id, now=context.http.timer.now)
    jobs = DbtJobConnector(service=service, project=attributes.project_id)

    def check_access() -> str:
        service.get(read=lambda account: account, refused=refused)
        return (
            f"Reached dbt Cloud at {client.base.host}; the account {service.account} is readable."
        )

    return LivePlatform(
        plugin=PLUGIN,
        jobs={JobType.DBT_CLOUD_JOB: jobs},
        discoveries=[Discovery(job_types=frozenset({JobType.DBT_CLOUD_JOB}), find=jobs.find)],
        check_access=check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.DBT_CLOUD,
    jobs={
        JobType.DBT_CLOUD_JOB: JobTypePlugin(
            check=check_dbt_job,
            settings=DbtJobSettings,
            external_id_hint="The number of the job, such as 70403.",
            capabilities=frozenset(Capability),
            outputs_setting=OUTPUTS_FROM_RUN_RESULTS,
            states=STATES,
            plan=SLOW,
        )
    },
    sign_in=(
        SignInMethod(name=AuthMethod.TOKEN, fields=(SignInField(name="token", is_secret=True),)),
    ),
    check=check_dbt_cloud,
    attributes=DbtCloudAttributes,
    open=open_dbt_cloud,
    announces_sends=True,
)
