"""Checks definitions of Google Cloud Composer platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.sign_in.methods import GOOGLE_METHODS
from polysync_core.platforms.apache_airflow.client import AirflowClient, VersionDetector, WebServer
from polysync_core.platforms.apache_airflow.plugin import DAG_JOB, live_platform
from polysync_core.platforms.apache_airflow.refusals import refused
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.google.sign_in import api_client
from polysync_core.platforms.google_composer.attributes import ComposerAttributes
from polysync_core.platforms.google_composer.client import REFUSALS, Address, Environment
from polysync_core.platforms.plugin import PlatformPlugin, PluginContext


def check_composer(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Composer platform."""
    try:
        ComposerAttributes.of(platform).check(allow_loopback=allow_loopback)
    except Invalid as error:
        return list(error.problems)
    return []


def open_composer(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the web server of an environment."""
    attributes = ComposerAttributes.of(platform)
    now = context.http.timer.now

    def connect(address: Address) -> WebServer:
        client = api_client(platform, address.base, context, refused=refused)
        known = attributes.api_version or address.version
        detector = VersionDetector(client=client, prefix=address.prefix, known=known)
        return WebServer(client=client, detector=detector)

    given = attributes.given_web_server()
    if given is not None and attributes.endpoint is None:
        server = connect(Address(given))
        return live_platform(
            PLUGIN, JobType.COMPOSER_DAG, AirflowClient(server=lambda: server, now=now)
        )
    api = attributes.api_address(allow_loopback=context.allow_loopback)
    environment = Environment(
        client=api_client(platform, api, context, refused=REFUSALS),
        path=("v1", *attributes.location, "environments", attributes.environment_name or ""),
        connect=connect,
        now=now,
    )
    service = AirflowClient(server=environment.web_server, now=now)
    return live_platform(PLUGIN, JobType.COMPOSER_DAG, service)


PLUGIN = PlatformPlugin(
    name=PlatformType.GOOGLE_CLOUD_COMPOSER,
    jobs={JobType.COMPOSER_DAG: DAG_JOB},
    sign_in=GOOGLE_METHODS,
    check=check_composer,
    attributes=ComposerAttributes,
    open=open_composer,
    announces_sends=True,
)
