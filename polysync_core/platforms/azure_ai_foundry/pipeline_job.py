"""Defines the job type AIFoundryPipelineJob, which runs copies of a pipeline job."""

from __future__ import annotations

from dataclasses import replace

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.azure_ai_foundry.parameters import (
    DeclaredParameters,
    inputs_with,
    texts_of,
)
from polysync_core.platforms.azure_ai_foundry.settings import PIPELINE_COMPUTE
from polysync_core.platforms.azure_ai_foundry.template_job import TemplateJobType
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest

_MOST_LISTED = 5


def with_inputs(properties: JsonObject, request: SubmitRequest) -> JsonObject:
    """Return a job's properties with the request's values as literal inputs."""
    return {**properties, "inputs": inputs_with(properties, texts_of(request, properties))}


def describe_pipeline(template: JsonObject) -> ArtefactSchema:
    """Return the schema of a pipeline, with a note about the compute of its steps."""
    schema = describe_inputs(template)
    jobs = object_in(template, "jobs")
    own = [name for name in jobs if object_in(jobs, name).get("computeId")]
    if not own:
        return schema
    note = (
        f"the setting aiFoundryComputeName does not change the compute of {_listed(own)}, because"
        " these steps name their own"
    )
    return replace(schema, notes=(*schema.notes, note), complete=schema.is_complete)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + more


def describe_inputs(template: JsonObject) -> ArtefactSchema:
    """Return the literal inputs and the outputs of a template."""
    findings = DeclaredParameters()
    findings.add_inputs(template)
    findings.add_outputs(template)
    return findings.schema()


PIPELINE_JOB = TemplateJobType(
    job_type=JobType.AI_FOUNDRY_PIPELINE_JOB,
    kind="Pipeline",
    settings={"aiFoundryComputeName": PIPELINE_COMPUTE},
    with_values=with_inputs,
    describe=describe_pipeline,
)
