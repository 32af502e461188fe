"""Checks definitions of Apache Airflow platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import AuthMethod, Platform, PlatformType
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.read_client import ReadClient
from polysync_core.outbound.sign_in.authenticators import Authenticator
from polysync_core.platforms.apache_airflow.attributes import AirflowAttributes
from polysync_core.platforms.apache_airflow.client import AirflowClient, VersionDetector, WebServer
from polysync_core.platforms.apache_airflow.dag import DagConnector
from polysync_core.platforms.apache_airflow.discovery import check_access
from polysync_core.platforms.apache_airflow.refusals import refused
from polysync_core.platforms.apache_airflow.settings import (
    OUTPUTS_FROM_XCOM,
    AirflowSettings,
    check_dag_job,
)
from polysync_core.platforms.apache_airflow.sign_in import PasswordSignIn, TokenEndpoint
from polysync_core.platforms.apache_airflow.states import STATES
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.http_service.sign_in import METHODS, authenticator_of, token_url
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

DAG_JOB = JobTypePlugin(
    check=check_dag_job,
    settings=AirflowSettings,
    external_id_hint="The id of the DAG (`dag_id`).",
    capabilities=frozenset(Capability),
    outputs_setting=OUTPUTS_FROM_XCOM,
    states=STATES,
)
"""The plugin of each job type that runs DAGs."""


def check_airflow(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of an Airflow platform."""
    problems: list[Problem] = []
    for check in (
        lambda: AirflowAttributes.of(platform).web_server(allow_loopback=allow_loopback),
        lambda: token_url(platform.auth, allow_loopback=allow_loopback),
    ):
        try:
            check()
        except Invalid as error:
            problems += error.problems
    return problems


def open_airflow(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a web server of Airflow."""
    attributes = AirflowAttributes.of(platform)
    base, prefix = attributes.web_server(allow_loopback=context.allow_loopback)
    rules = CredentialRules(name=credential_name(platform.auth))

    def client(authenticator: Authenticator | None) -> PlatformClient:
        return PlatformClient(
            base, authenticator, refused=refused, credential=rules, http=context.http
        )

    auth, http = platform.auth, context.http
    by_password = auth.method == AuthMethod.USER_PASSWORD
    signed = authenticator_of(auth, context.secrets, http, allow_loopback=context.allow_loopback)
    detector = VersionDetector(
        client=client(None if by_password else signed), prefix=prefix, known=attributes.api_version
    )
    if by_password:
        reader = ReadClient(
            transport_to=http.transport_to, timer=http.timer, private_hosts=http.private_hosts
        )
        tokens = TokenEndpoint(base=base, prefix=prefix, client=reader)
        signed = PasswordSignIn.of(auth, context.secrets, detector.version, tokens)
    server = WebServer(client=client(signed), detector=detector)
    service = AirflowClient(server=lambda: server, now=http.timer.now)
    return live_platform(PLUGIN, JobType.AIRFLOW_DAG, service)


def live_platform(
    plugin: PlatformPlugin, job_type: JobType, service: AirflowClient
) -> LivePlatform:
    """Return the connection to a web server that runs DAGs of one job type."""
    dags = DagConnector(service=service, job_type=job_type)
    return LivePlatform(
        plugin=plugin,
        jobs={job_type: dags},
        discoveries=[Discovery(job_types=frozenset({job_type}), find=dags.find)],
        check_access=lambda: check_access(service),
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.APACHE_AIRFLOW,
    jobs={JobType.AIRFLOW_DAG: DAG_JOB},
    sign_in=METHODS,
    check=check_airflow,
    attributes=AirflowAttributes,
    open=open_airflow,
    announces_sends=True,
)
