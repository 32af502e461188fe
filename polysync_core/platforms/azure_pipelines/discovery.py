"""The pipelines of a factory or workspace: finding them, and their parameters."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.azure.answers import object_in
from polysync_core.platforms.azure_pipelines.client import PipelineClient, text_of
from polysync_core.platforms.azure_pipelines.outputs import declared_outputs
from polysync_core.platforms.azure_pipelines.settings import checked_name
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact, ArtefactSchema

LONGEST_NAME = 255

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
    service: PipelineClient, job_type: str, search: str | None, *, outputs: bool
) -> Iterator[Artefact]:
    """Yield the pipelines whose name contains a text, as `describe_pipeline` would tell them."""
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
                schema=_listed_schema(pipeline, outputs),
            )


def describe_pipeline(
    service: PipelineClient, external_id: str, *, outputs: bool
) -> ArtefactSchema:
    """Read a pipeline's parameters, and the keys of its return value where those are `outputs`."""
    return service.get(
        "pipelines",
        checked_name(external_id),
        read=lambda answer: _schema(answer, outputs),
        refused=service.refused_for_pipeline,
    )


def _listed_schema(pipeline: JsonObject, outputs: bool) -> ArtefactSchema | None:
    """Return what a list tells; None where only the pipeline itself can say what is wrong."""
    try:
        return _schema(pipeline, outputs)
    except UnexpectedAnswer:
        return None


def _schema(answer: JsonObject, outputs: bool) -> ArtefactSchema:
    definition = answer.get("properties")
    if not isinstance(definition, dict):
        raise UnexpectedAnswer
    notes: list[str] = []
    found: dict[str, Parameter] = {}
    for name, declared in object_in(definition, "parameters").items():
        if not 0 < len(name) <= LONGEST_NAME:
            notes.append("a parameter's name is none that can be used: it is left out")
            continue
        kind = text_of(declared, "type") if isinstance(declared, dict) else ""
        data_type = _TYPES.get(kind.lower())
        if data_type is None:
            notes.append(f"the type of parameter '{name}' is not known: it is taken for text")
        default = declared.get("defaultValue") if isinstance(declared, dict) else None
        found[name] = Parameter(
            name=name,
            data_type=data_type or DataType.STRING,
            # A secret that lies in a definition over there is not copied into one over here.
            default=None if data_type is DataType.SECRET else default,
        )
    for output in declared_outputs(definition) if outputs else ():
        known = found.get(output.name)
        both = known is not None and known.direction is not Direction.OUTPUT
        found[output.name] = (
            known.model_copy(update={"direction": Direction.INPUT_OUTPUT})
            if known is not None and both
            else output
        )
    return ArtefactSchema(parameters=tuple(found.values()), typed=True, notes=tuple(notes))
