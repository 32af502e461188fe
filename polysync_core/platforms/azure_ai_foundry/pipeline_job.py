"""Defines the job type AIFoundryPipelineJob, whose runs are copies of a pipeline job."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.azure_ai_foundry.parameters import (
    DeclaredParameters,
    inputs_with,
    texts_of,
)
from polysync_core.platforms.azure_ai_foundry.settings import COMPUTE
from polysync_core.platforms.azure_ai_foundry.template_job import TemplateJobType
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest


def with_inputs(properties: JsonObject, request: SubmitRequest) -> JsonObject:
    """Return a job's properties with the request's values as literal inputs."""
    return {**properties, "inputs": inputs_with(properties, texts_of(request))}


def describe_inputs(template: JsonObject) -> ArtefactSchema:
    """Return the literal inputs and the outputs of a template."""
    findings = DeclaredParameters()
    findings.add_inputs(template)
    findings.add_outputs(template)
    return findings.schema()


PIPELINE_JOB = TemplateJobType(
    job_type=JobType.AI_FOUNDRY_PIPELINE_JOB,
    kind="Pipeline",
    settings={"aiFoundryComputeName": COMPUTE},
    with_values=with_inputs,
    describe=describe_inputs,
)
