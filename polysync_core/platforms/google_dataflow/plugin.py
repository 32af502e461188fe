"""Checks definitions of Google Dataflow platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.methods import GOOGLE_METHODS
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.google.attributes import check_google_platform
from polysync_core.platforms.google.sign_in import api_client
from polysync_core.platforms.google_dataflow.attributes import DataflowAttributes
from polysync_core.platforms.google_dataflow.classic_template import CLASSIC_TEMPLATE
from polysync_core.platforms.google_dataflow.client import DataflowClient
from polysync_core.platforms.google_dataflow.discovery import TemplateDiscovery
from polysync_core.platforms.google_dataflow.flex_template import FLEX_TEMPLATE
from polysync_core.platforms.google_dataflow.refusals import REFUSED, STORAGE
from polysync_core.platforms.google_dataflow.states import STATES
from polysync_core.platforms.google_dataflow.template import TemplateConnector
from polysync_core.platforms.plugin import (
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)

_KINDS = (CLASSIC_TEMPLATE, FLEX_TEMPLATE)
_STORAGE_HOST = "storage.googleapis.com"


def check_dataflow(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Dataflow platform."""
    return check_google_platform(platform, DataflowAttributes, allow_loopback=allow_loopback)


def open_dataflow(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the jobs and templates of a region."""
    attributes = DataflowAttributes.of(platform)
    base = attributes.api_address(allow_loopback=context.allow_loopback)
    files = attributes.api_address(allow_loopback=context.allow_loopback, host=_STORAGE_HOST)
    client = DataflowClient(api_client(platform, base, context, refused=REFUSED), attributes)
    discovery = TemplateDiscovery(
        api_client(platform, files, context, refused=STORAGE), attributes.folder
    )
    return LivePlatform(
        plugin=PLUGIN,
        jobs={
            str(kind.job_type): TemplateConnector(client, kind, context.http.timer.now)
            for kind in _KINDS
        },
        discoveries=[
            Discovery(job_types=frozenset(PLUGIN.jobs), find=discovery.find),
        ],
        check_access=client.check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.GOOGLE_DATAFLOW,
    jobs={
        kind.job_type: JobTypePlugin(
            check=kind.check,
            settings=kind.settings,
            external_id_hint=(
                "The path of the template, such as gs://bucket/templates/load; or the id of a past"
                " job, with the path in settings.templatePath."
            ),
            states=STATES,
            plan=SLOW,
        )
        for kind in _KINDS
    },
    sign_in=GOOGLE_METHODS,
    check=check_dataflow,
    attributes=DataflowAttributes,
    open=open_dataflow,
    announces_sends=True,
)
