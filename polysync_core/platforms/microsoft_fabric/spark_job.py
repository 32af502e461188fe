"""Defines the job type FabricSparkJob: builds arguments and setting overrides, reads defaults.

https://learn.microsoft.com/fabric/data-engineering/run-spark-job-definition
"""

from __future__ import annotations

import re

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.errors import Malformed, PlatformRefused, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.strict_documents import read_json
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.microsoft_fabric.client import FabricClient
from polysync_core.platforms.microsoft_fabric.definition_client import read_definition
from polysync_core.platforms.microsoft_fabric.item_job import ItemKind
from polysync_core.platforms.microsoft_fabric.settings import SparkJobSettings
from polysync_core.platforms.values import as_texts

ARGUMENTS = "commandLineArguments"
"""The parameter whose value is the whole text of arguments; others become `--name value`."""

_CONTENT = "SparkJobDefinitionV1.json"
_SPACE = re.compile(r"\s")


def _name_problems(job: Job) -> list[Problem]:
    return [
        Problem(f"parameters[{index}].name", "an argument's name must not contain a space")
        for index, parameter in enumerate(job.parameters)
        if _SPACE.search(parameter.name)
    ]


def _execution(request: SubmitRequest, workspace_id: str) -> JsonObject:
    settings = SparkJobSettings.model_validate(request.job.settings, by_alias=True)
    execution: JsonObject = {
        "executableFile": settings.executable_file,
        "mainClass": settings.main_class,
        "additionalLibraryUris": list(settings.additional_library_uris or ()),
        "defaultLakehouseId": _reference(settings.default_lakehouse_id, workspace_id),
        "environmentId": _reference(settings.environment_id, workspace_id),
        ARGUMENTS: _arguments(request),
    }
    return {name: value for name, value in execution.items() if value}


def _arguments(request: SubmitRequest) -> str:
    """Return the arguments, separated by spaces as Fabric reads them."""
    values = as_texts(request.parameters, request.job.parameters)
    whole = values.pop(ARGUMENTS, "")
    for name, value in values.items():
        if not value or _SPACE.search(value):
            raise PlatformRefused(
                f"The value of '{name}' is empty or contains a space, and Fabric separates the"
                f" arguments of a Spark job by spaces: change the value, or write all arguments"
                f" into the parameter {ARGUMENTS}.",
                cause=FailureCause.PARAMETERS,
            )
    named = [f"--{name} {value}" for name, value in values.items()]
    return " ".join(filter(None, (whole, *named)))


def _reference(item_id: str | None, workspace_id: str) -> JsonValue:
    """Return Fabric's reference to an item of the workspace."""
    if item_id is None:
        return None
    return {"referenceType": "ById", "workspaceId": workspace_id, "itemId": item_id}


def _describe(service: FabricClient, item_id: str) -> ArtefactSchema:
    """Return the parameter for the arguments, whose default is that of the definition."""
    content = read_definition(service, item_id).get(_CONTENT)
    try:
        definition = None if content is None else read_json(content)
    except Malformed:
        definition = None
    if not isinstance(definition, dict):
        raise UnexpectedAnswer
    given = definition.get(ARGUMENTS)
    default = given if isinstance(given, str) and given else None
    arguments = Parameter(name=ARGUMENTS, default=default)
    return ArtefactSchema(parameters=(arguments,), typed=True)


SPARK_JOB = ItemKind(
    job_type=JobType.FABRIC_SPARK_JOB,
    item_type="SparkJobDefinition",
    job="sparkjob",
    page="sparkjobdefinitions",
    title="Spark job definition",
    settings=SparkJobSettings,
    execution=_execution,
    describe=_describe,
    more_problems=_name_problems,
)
