"""Lists the pipelines of Data Factory or Synapse, and reads pipeline parameters."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.azure_data_pipelines.client import PipelineClient, text_of
from polysync_core.platforms.azure_data_pipelines.outputs import declared_outputs
from polysync_core.platforms.azure_data_pipelines.settings import checked_name, name_problem
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from polysync_core.platforms.values import INVALID_NAME, is_parameter_name

_TYPES = {
    "string": DataType.STRING,
    "securestring": DataType.SECRET,
    "int": DataType.INT,
    "float": DataType.FLOAT,
    "bool": DataType.BOOL,
    "object": DataType.JSON,
    "array": DataType.JSON_ARRAY,
}


def find_pipelines(
    service: PipelineClient, job_type: str, search: str | None
) -> Iterator[Artefact]:
    """Yield the pipelines whose name contains a text, with their schemas."""
    wanted = (search or "").casefold()
    for pipeline in service.listed("pipelines"):
        name = text_of(pipeline, "name")
        if name and wanted in name.casefold():
            description = text_of(object_in(pipeline, "properties"), "description")
            yield Artefact(
                external_id=name,
                job_type=job_type,
                name=name,
                description=description or None,
                schema=_listed_schema(pipeline),
                problem=name_problem(name),
            )


def describe_pipeline(service: PipelineClient, external_id: str) -> ArtefactSchema:
    """Read a pipeline's parameters and the keys of its return value."""
    return service.get(
        "pipelines",
        checked_name(external_id),
        read=schema_of,
        refused=service.refused_for_pipeline,
    )


def _listed_schema(pipeline: JsonObject) -> ArtefactSchema | None:
    """Return the schema of a list entry; None if the entry cannot be read."""
    try:
        return schema_of(pipeline)
    except UnexpectedAnswer:
        return None


def schema_of(answer: JsonObject) -> ArtefactSchema:
    definition = answer.get("properties")
    if not isinstance(definition, dict):
        raise UnexpectedAnswer
    doubts: list[str] = []
    notes: list[str] = []
    found: dict[str, Parameter] = {}
    if not isinstance(definition.get("parameters", {}), dict):
        doubts.append("the parameters of the pipeline cannot be read: add them by hand")
    for name, declared in object_in(definition, "parameters").items():
        if not is_parameter_name(name):
            doubts.append(INVALID_NAME)
            continue
        found[name] = _parameter(name, declared if isinstance(declared, dict) else {}, notes)
    for output in declared_outputs(definition):
        known = found.get(output.name)
        both = known is not None and known.direction is not Direction.OUTPUT
        found[output.name] = (
            known.model_copy(update={"direction": Direction.INPUT_OUTPUT})
            if known is not None and both
            else output
        )
    return ArtefactSchema(
        parameters=tuple(found.values()),
        typed=True,
        notes=(*doubts, *notes),
        complete=not doubts,
    )


def _parameter(name: str, declared: JsonObject, notes: list[str]) -> Parameter:
    data_type = _TYPES.get(text_of(declared, "type").lower())
    default = declared.get("defaultValue")
    if data_type is None:
        notes.append(f"the type of parameter '{name}' is unknown: it is imported as String")
        data_type = DataType.STRING
    if data_type is DataType.STRING and default is not None and not isinstance(default, str):
        # The service sends the value as it is, and Polysync would send its text.
        notes.append(
            f"the default of {name} is no text: the Job has no default for it, so a run without a"
            " value uses the default of the pipeline"
        )
        default = None
    # A secret in the pipeline's definition is never copied into a Job.
    kept = None if data_type is DataType.SECRET else default
    return Parameter(name=name, data_type=data_type, default=kept)
