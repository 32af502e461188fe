"""Defines the job type FabricDataflow: builds refresh requests and reads parameters.

https://learn.microsoft.com/rest/api/fabric/dataflow/background-jobs/run-on-demand-execute
"""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import DataType, JobType, Parameter
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure.refusals import error_code
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import ArtefactNotFound, ArtefactSchema, SubmitRequest
from polysync_core.platforms.microsoft_fabric.client import FabricClient
from polysync_core.platforms.microsoft_fabric.item_job import ItemKind
from polysync_core.platforms.microsoft_fabric.refusals import refused_for_item
from polysync_core.platforms.microsoft_fabric.settings import DataflowSettings
from polysync_core.platforms.values import (
    INVALID_NAME,
    as_json,
    data_type_of,
    is_parameter_name,
)

_TYPES = {
    "integer": DataType.INT,
    "number": DataType.FLOAT,
    "boolean": DataType.BOOL,
}
"""Data types by Fabric's names in lower case; texts, dates and durations are strings."""
_WITHOUT_PARAMETERS = "DataflowNotParametricError"


class _NoParameters(ArtefactNotFound):
    """The dataflow exists, and its parameters are switched off."""


def _execution(request: SubmitRequest, workspace_id: str) -> JsonObject:
    settings = DataflowSettings.model_validate(request.job.settings, by_alias=True)
    values = as_json(request.parameters, request.job.parameters)
    execution: JsonObject = {"executeOption": settings.execute_option.value}
    if values:
        execution["parameters"] = [
            {"parameterName": name, "type": "Automatic", "value": value}
            for name, value in values.items()
        ]
    return execution


def _describe(service: FabricClient, item_id: str) -> ArtefactSchema:
    try:
        declared = list(
            service.listed("dataflows", item_id, "parameters", refused=_refused_for_parameters)
        )
    except _NoParameters:
        declared = []
    notes: list[str] = []
    found = [_parameter(each, notes) for each in declared]
    return ArtefactSchema(
        parameters=tuple(each for each in found if each is not None),
        typed=True,
        notes=tuple(notes),
    )


def _parameter(declared: JsonObject, notes: list[str]) -> Parameter | None:
    name, description = declared.get("name"), declared.get("description")
    if not is_parameter_name(name):
        notes.append(INVALID_NAME)
        return None
    data_type = _TYPES.get(str(declared.get("type")).lower(), DataType.STRING)
    return Parameter(
        name=name,
        data_type=data_type,
        description=description if isinstance(description, str) and description else None,
        default=_default(declared.get("defaultValue"), data_type),
    )


def _default(value: JsonValue, data_type: DataType) -> JsonValue:
    """Return a default that fits its declared type, or None."""
    given = data_type_of(value)
    fits = given is data_type or (given, data_type) == (DataType.INT, DataType.FLOAT)
    return value if fits else None


def _refused_for_parameters(refusal: Refusal) -> PolysyncError:
    if error_code(refusal.body) == _WITHOUT_PARAMETERS:
        return _NoParameters("the dataflow has no parameters", cause=FailureCause.SUBMIT)
    return refused_for_item(refusal)


DATAFLOW = ItemKind(
    job_type=JobType.FABRIC_DATAFLOW,
    item_type="Dataflow",
    job="Execute",
    page="dataflows",
    title="dataflow",
    settings=DataflowSettings,
    execution=_execution,
    describe=_describe,
)
