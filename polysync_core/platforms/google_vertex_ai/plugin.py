"""Checks definitions of Google Vertex AI platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.methods import GOOGLE_METHODS
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.google.attributes import check_google_platform
from polysync_core.platforms.google.sign_in import api_client
from polysync_core.platforms.google_vertex_ai.attributes import VertexAttributes
from polysync_core.platforms.google_vertex_ai.batch_prediction_job import BATCH_PREDICTION_JOB
from polysync_core.platforms.google_vertex_ai.client import VertexClient
from polysync_core.platforms.google_vertex_ai.custom_job import CUSTOM_JOB
from polysync_core.platforms.google_vertex_ai.pipeline_job import PIPELINE_JOB
from polysync_core.platforms.google_vertex_ai.refusals import REFUSED
from polysync_core.platforms.google_vertex_ai.template_job import TemplateJobConnector
from polysync_core.platforms.plugin import (
    USUAL_CAPABILITIES,
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)

_SHAPES = (PIPELINE_JOB, CUSTOM_JOB, BATCH_PREDICTION_JOB)


def check_vertex_ai(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Vertex AI platform."""
    return check_google_platform(platform, VertexAttributes, allow_loopback=allow_loopback)


def open_vertex_ai(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the jobs of a region."""
    attributes = VertexAttributes.of(platform)
    base = attributes.api_address(allow_loopback=context.allow_loopback)
    client = api_client(platform, base, context, refused=REFUSED)
    jobs = {
        str(shape.job_type): TemplateJobConnector(
            VertexClient(client, attributes, shape.collection), shape, context.http.timer.now
        )
        for shape in _SHAPES
    }
    return LivePlatform(
        plugin=PLUGIN,
        jobs=jobs,
        discoveries=[
            Discovery(job_types=frozenset({job_type}), find=each.find)
            for job_type, each in jobs.items()
        ],
        check_access=jobs[PIPELINE_JOB.job_type].client.check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.GOOGLE_VERTEX_AI,
    jobs={
        shape.job_type: JobTypePlugin(
            check=shape.check,
            settings=shape.settings,
            external_id_hint=(
                f"{shape.external_id_hint}, or the id alone. Each run is a new job with a copy of"
                " its definition."
            ),
            capabilities=USUAL_CAPABILITIES
            - (frozenset({Capability.OUTPUTS}) if shape is CUSTOM_JOB else frozenset()),
            normal_id=shape.normal_id,
            states=shape.states,
            plan=SLOW,
        )
        for shape in _SHAPES
    },
    sign_in=GOOGLE_METHODS,
    check=check_vertex_ai,
    attributes=VertexAttributes,
    open=open_vertex_ai,
    announces_sends=True,
)
