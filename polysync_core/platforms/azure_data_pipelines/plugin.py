"""Opens the connection of a Data Factory or Synapse platform."""

from __future__ import annotations

from datetime import timedelta

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.platforms.azure_data_pipelines.client import PipelineClient, window
from polysync_core.platforms.azure_data_pipelines.pipeline import PipelineConnector
from polysync_core.platforms.azure_data_pipelines.settings import (
    PipelineSettings,
    check_pipeline_job,
)
from polysync_core.platforms.azure_data_pipelines.states import STATES
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import (
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
)

PIPELINE_JOB = JobTypePlugin(
    check=check_pipeline_job,
    settings=PipelineSettings,
    external_id_hint="The name of the pipeline as in the studio.",
    capabilities=frozenset(Capability),
    states=STATES,
    plan=SLOW,
)


def live_platform(plugin: PlatformPlugin, job_type: JobType, service: PipelineClient) -> Connector:
    """Return the connection to the pipelines of one service."""
    jobs = PipelineConnector(service=service, job_type=job_type)

    def check_access() -> str:
        # The cheapest query that needs the permission to read runs.
        now = service.now()
        body = window(now - timedelta(minutes=1), now)
        next(service.queried("queryPipelineRuns", body=body, refused=service.refusals), None)
        name, host = service.refusals.service, service.client.base.host
        return f"Reached {name} at {host}; its runs are readable."

    return LivePlatform(
        plugin=plugin,
        jobs={job_type: jobs},
        discoveries=[Discovery(job_types=frozenset({job_type}), find=jobs.find)],
        check_access=check_access,
    )
