"""Checks definitions of Azure AI Foundry platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure.attributes import check_azure_platform
from polysync_core.platforms.azure.sign_in import management_client
from polysync_core.platforms.azure_ai_foundry.attributes import FoundryAttributes
from polysync_core.platforms.azure_ai_foundry.client import FoundryClient
from polysync_core.platforms.azure_ai_foundry.command_job import COMMAND_JOB
from polysync_core.platforms.azure_ai_foundry.pipeline_job import PIPELINE_JOB
from polysync_core.platforms.azure_ai_foundry.refusals import REFUSED
from polysync_core.platforms.azure_ai_foundry.states import STATES
from polysync_core.platforms.azure_ai_foundry.sweep_job import SWEEP_JOB
from polysync_core.platforms.azure_ai_foundry.template_job import TemplateJobConnector
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import (
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)

_SHAPES = (PIPELINE_JOB, COMMAND_JOB, SWEEP_JOB)


def check_foundry(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of an AI Foundry platform."""
    return check_azure_platform(platform, FoundryAttributes, allow_loopback=allow_loopback)


def open_foundry(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a workspace."""
    attributes = FoundryAttributes.of(platform)
    client = management_client(platform, attributes, context, refused=REFUSED)
    client = FoundryClient(client, attributes)
    jobs = {str(shape.job_type): TemplateJobConnector(client, shape) for shape in _SHAPES}
    return LivePlatform(
        plugin=PLUGIN,
        jobs=jobs,
        discoveries=[
            Discovery(job_types=frozenset({job_type}), find=each.find)
            for job_type, each in jobs.items()
        ],
        check_access=client.check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_AI_FOUNDRY,
    jobs={
        shape.job_type: JobTypePlugin(
            check=shape.check,
            settings=shape.settings_model,
            external_id_hint=(
                "The name of a job in the workspace, such as mighty_tooth_4n7q1k. Each run is a"
                " new job with a copy of its definition."
            ),
            states=STATES,
            plan=SLOW,
        )
        for shape in _SHAPES
    },
    sign_in=ENTRA_METHODS,
    check=check_foundry,
    attributes=FoundryAttributes,
    open=open_foundry,
    announces_sends=True,
)
