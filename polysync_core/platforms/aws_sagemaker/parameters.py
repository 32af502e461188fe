"""Reads parameters from a SageMaker pipeline definition, and converts run values to text.

https://aws-sagemaker-mlops.github.io/sagemaker-model-building-pipeline-definition-JSON-schema/
"""

from __future__ import annotations

import json

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.values import INVALID_NAME, as_texts, data_type_of, is_parameter_name

_TYPES = {
    "String": DataType.STRING,
    "Integer": DataType.INT,
    "Float": DataType.FLOAT,
    "Boolean": DataType.BOOL,
}
_MAX_VALUE_LENGTH = 1024
_UNREADABLE = (
    "the definition of the pipeline cannot be read, such as one that is stored in S3: add its"
    " parameters by hand"
)


def pipeline_parameters(request: SubmitRequest) -> list[JsonValue]:
    """Return the parameters of an execution; raises `PlatformRefused` for a value too long."""
    texts = as_texts(request.parameters, request.job.parameters)
    long = [name for name, text in texts.items() if len(text) > _MAX_VALUE_LENGTH]
    if long:
        raise PlatformRefused(
            f"parameters.{long[0]}: SageMaker accepts at most {_MAX_VALUE_LENGTH} characters: pass"
            " the address of a file instead",
            cause=FailureCause.PARAMETERS,
        )
    return [{"Name": name, "Value": text} for name, text in texts.items()]


def schema_of(pipeline: JsonObject) -> ArtefactSchema:
    """Return the parameters that the definition of a pipeline declares."""
    declared = _declared(pipeline.get("PipelineDefinition"))
    if declared is None:
        return ArtefactSchema(parameters=(), notes=(_UNREADABLE,))
    found: dict[str, Parameter] = {}
    notes: list[str] = []
    for each in declared:
        name = each.get("Name")
        if is_parameter_name(name):
            found[name] = _parameter(name, each, notes)
        else:
            notes.append(INVALID_NAME)
    return ArtefactSchema(parameters=tuple(found.values()), typed=True, notes=tuple(notes))


def _declared(text: JsonValue) -> list[JsonObject] | None:
    """Return the parameters of a definition; None if the definition cannot be read."""
    try:
        definition: JsonValue = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    declared = definition.get("Parameters", []) if isinstance(definition, dict) else None
    if not isinstance(declared, list):
        return None
    return [each for each in declared if isinstance(each, dict)]


def _parameter(name: str, declared: JsonObject, notes: list[str]) -> Parameter:
    data_type = _TYPES.get(str(declared.get("Type")))
    default = declared.get("DefaultValue")
    if data_type is None:
        notes.append(f"the type of parameter '{name}' is unknown: it is imported as String")
        data_type = DataType.STRING
    fits = default is None or _fits(data_type, default)
    if not fits:
        notes.append(f"the default of '{name}' is no {data_type}: the Job has no default for it")
    return Parameter(
        name=name,
        data_type=data_type,
        default=default if fits else None,
        required="DefaultValue" not in declared,
    )


def _fits(data_type: DataType, default: JsonValue) -> bool:
    found = data_type_of(default)
    if data_type is DataType.STRING:
        return isinstance(default, str)
    return found is data_type or (data_type is DataType.FLOAT and found is DataType.INT)
