"""Defines the plugin of Snowflake, which checks definitions and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.http_service.sign_in import token_url
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import (
    USUAL_CAPABILITIES,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)
from polysync_core.platforms.refusal_rules import CredentialRules, credential_name
from polysync_core.platforms.snowflake.attributes import SnowflakeAttributes
from polysync_core.platforms.snowflake.client import SnowflakeClient
from polysync_core.platforms.snowflake.discovery import check_access
from polysync_core.platforms.snowflake.external_id import normal_id
from polysync_core.platforms.snowflake.procedure import ProcedureConnector
from polysync_core.platforms.snowflake.refusals import refused
from polysync_core.platforms.snowflake.settings import ProcedureSettings, check_procedure_job
from polysync_core.platforms.snowflake.sign_in import METHODS, authenticator_of
from polysync_core.platforms.snowflake.states import STATES


def check_snowflake(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Snowflake platform."""
    problems: list[Problem] = []
    for check in (
        lambda: SnowflakeAttributes.of(platform).base_address(allow_loopback=allow_loopback),
        lambda: token_url(platform.auth, allow_loopback=allow_loopback),
    ):
        try:
            check()
        except Invalid as error:
            problems += error.problems
    return problems


def open_snowflake(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to an account."""
    attributes = SnowflakeAttributes.of(platform)
    base = attributes.base_address(allow_loopback=context.allow_loopback)
    authenticator = authenticator_of(
        platform.auth,
        context.secrets,
        context.http,
        account=attributes.identifier,
        allow_loopback=context.allow_loopback,
    )
    client = PlatformClient(
        base,
        authenticator,
        refused=refused,
        credential=CredentialRules(name=credential_name(platform.auth)),
        http=context.http,
    )
    service = SnowflakeClient(client=client, attributes=attributes)
    procedures = ProcedureConnector(service=service)
    job_type = JobType.SNOWFLAKE_PROCEDURE
    return LivePlatform(
        plugin=PLUGIN,
        jobs={job_type: procedures},
        discoveries=[Discovery(job_types=frozenset({job_type}), find=procedures.find)],
        check_access=lambda: check_access(service),
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.SNOWFLAKE,
    jobs={
        JobType.SNOWFLAKE_PROCEDURE: JobTypePlugin(
            check=check_procedure_job,
            settings=ProcedureSettings,
            external_id_hint="The procedure, such as `SALES.PUBLIC.LOAD(DATE, NUMBER)`.",
            normal_id=normal_id,
            capabilities=USUAL_CAPABILITIES,
            states=STATES,
        )
    },
    sign_in=METHODS,
    check=check_snowflake,
    attributes=SnowflakeAttributes,
    open=open_snowflake,
    announces_sends=True,
)
