"""Defines the job type VertexAIPipelineJob, which runs copies of a pipeline job."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.connector import SubmitRequest
from polysync_core.platforms.google_vertex_ai.failure_details import failed_tasks
from polysync_core.platforms.google_vertex_ai.outputs import pipeline_outputs
from polysync_core.platforms.google_vertex_ai.parameters import (
    describe_pipeline,
    with_pipeline_values,
)
from polysync_core.platforms.google_vertex_ai.settings import (
    PipelineSettings,
    with_pipeline_settings,
    without_task_retries,
)
from polysync_core.platforms.google_vertex_ai.states import PIPELINE_STATES
from polysync_core.platforms.google_vertex_ai.template_job import TemplateJobType


def _fill(copy: JsonObject, request: SubmitRequest) -> JsonObject:
    copy = with_pipeline_values(with_pipeline_settings(copy, request.job), request)
    return without_task_retries(copy) if request.is_only_try else copy


PIPELINE_JOB = TemplateJobType(
    job_type=JobType.VERTEX_AI_PIPELINE_JOB,
    collection="pipelineJobs",
    section="pipelines/runs",
    settings=PipelineSettings,
    states=PIPELINE_STATES,
    fill=_fill,
    describe=describe_pipeline,
    failure_details=failed_tasks,
    outputs=pipeline_outputs,
    id_query="pipelineJobId",
)
