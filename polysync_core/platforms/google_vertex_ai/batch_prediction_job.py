"""Defines the job type VertexAIBatchPredictionJob, with input, output and model parameters."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import Direction, JobType, Parameter
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.google_vertex_ai.failure_details import failed_job
from polysync_core.platforms.google_vertex_ai.outputs import batch_outputs
from polysync_core.platforms.google_vertex_ai.parameters import parameter_error
from polysync_core.platforms.google_vertex_ai.settings import (
    PLACES,
    BatchSettings,
    batch_settings,
    with_batch_settings,
)
from polysync_core.platforms.google_vertex_ai.states import JOB_STATES
from polysync_core.platforms.google_vertex_ai.template_job import TemplateJobType
from polysync_core.platforms.values import as_json, data_type_of, is_parameter_name


def _fill(copy: JsonObject, request: SubmitRequest) -> JsonObject:
    given = as_json(request.parameters, request.job.parameters)
    places: JsonObject = {name: given[name] for name in PLACES & given.keys()}
    settings = batch_settings(request.job, places)
    if isinstance(settings, str):
        raise parameter_error(settings, "is no valid place, or contradicts another parameter")
    copy = with_batch_settings(copy, settings)
    values = {name: value for name, value in given.items() if name not in PLACES}
    if not values:
        return copy
    return {**copy, "modelParameters": {**object_in(copy, "modelParameters"), **values}}


def _describe(template: JsonObject) -> ArtefactSchema:
    """Return the model parameters of the template; their types are those of its values."""
    inputs = [
        Parameter(name=name, data_type=data_type_of(value), default=value)
        for name, value in object_in(template, "modelParameters").items()
        if is_parameter_name(name)
    ]
    has_folder = "outputUriPrefix" in object_in(
        object_in(template, "outputConfig"), "gcsDestination"
    )
    output = Parameter(
        name="gcsOutputDirectory" if has_folder else "bigqueryOutputDataset",
        direction=Direction.OUTPUT,
        description="The place of the predictions.",
    )
    note = "a model may take other parameters: add them to the job"
    return ArtefactSchema(parameters=(*inputs, output), notes=(note,))


BATCH_PREDICTION_JOB = TemplateJobType(
    job_type=JobType.VERTEX_AI_BATCH_PREDICTION_JOB,
    collection="batchPredictionJobs",
    section="batch-predictions",
    settings=BatchSettings,
    states=JOB_STATES,
    fill=_fill,
    describe=_describe,
    failure_details=failed_job,
    outputs=batch_outputs,
)
