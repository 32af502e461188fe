"""Defines the job type FabricNotebook: builds start requests, reads parameters and exit values.

https://learn.microsoft.com/fabric/data-engineering/notebook-public-api
"""

from __future__ import annotations

from dataclasses import replace

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType
from polysync_core.domain.errors import Invalid, PlatformRefused, TooLarge
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import AnswerTooLarge, UnexpectedAnswer
from polysync_core.platforms.connector import ArtefactSchema, Report, RunNotFound, SubmitRequest
from polysync_core.platforms.microsoft_fabric.client import FabricClient, checked_run_id
from polysync_core.platforms.microsoft_fabric.definition_client import read_definition
from polysync_core.platforms.microsoft_fabric.item_job import ItemKind
from polysync_core.platforms.microsoft_fabric.notebook_parameters import parameters_of
from polysync_core.platforms.microsoft_fabric.refusals import refused_for_run
from polysync_core.platforms.microsoft_fabric.settings import NotebookSettings
from polysync_core.platforms.values import as_json, outputs_in, value_as_text

_TYPES = {DataType.INT: "int", DataType.FLOAT: "float", DataType.BOOL: "bool"}
"""Fabric's names of the types; every other value is a `string`."""
_EXIT_VALUE = "exitValue"


def _execution(request: SubmitRequest, workspace_id: str) -> JsonObject:
    """Return the typed values and the session settings of a run."""
    job = request.job
    types = {parameter.name: parameter.data_type for parameter in job.parameters}
    parameters: JsonObject = {}
    for name, token in as_json(request.parameters, job.parameters).items():
        kind = types.get(name, DataType.STRING)
        known = _TYPES.get(kind)
        value: JsonValue = token if known else value_as_text(token, kind)
        parameters[name] = {"value": value, "type": known or "string"}
    configuration = _configuration(job, workspace_id)
    execution: JsonObject = {"parameters": parameters} if parameters else {}
    return {**execution, "configuration": configuration} if configuration else execution


def _configuration(job: Job, workspace_id: str) -> JsonObject:
    settings = NotebookSettings.model_validate(job.settings, by_alias=True)
    configuration: JsonObject = {}
    if settings.default_lakehouse_id or settings.default_lakehouse_name:
        lakehouse = {
            "name": settings.default_lakehouse_name,
            "id": settings.default_lakehouse_id,
            "workspaceId": workspace_id,
        }
        configuration["defaultLakehouse"] = {k: v for k, v in lakehouse.items() if v}
    if settings.environment_id:
        configuration["environment"] = {"id": settings.environment_id}
    if settings.spark_settings:
        configuration["conf"] = dict(settings.spark_settings)
    return configuration


def _describe(service: FabricClient, item_id: str) -> ArtefactSchema:
    parts = read_definition(service, item_id, form="ipynb")
    document = next((each for path, each in parts.items() if path.endswith(".ipynb")), None)
    if document is None:
        raise UnexpectedAnswer
    return parameters_of(document)


def _with_exit_value(
    service: FabricClient, job: Job, run_id: str, instance: JsonObject, report: Report
) -> Report:
    """Return the report of a successful run with the notebook's exit value.

    A missing exit value does not fail the run: the report states why the value is missing.
    """
    try:
        value = _exit_value(service, job, run_id, instance)
        return replace(report, outputs={} if value is None else outputs_in(value))
    except PlatformRefused as error:
        if error.cause is FailureCause.SECRET:
            raise
        reason = str(error)
    except (TooLarge, Invalid, RunNotFound, AnswerTooLarge) as error:
        reason = str(error)
    return replace(report, outputs_missing=f"The notebook's exit value is missing: {reason}.")


def _exit_value(service: FabricClient, job: Job, run_id: str, instance: JsonObject) -> str | None:
    """Return the exit value in a run's state.

    If the state has none, it is read once more for a Job that declares an output.
    """
    if not _holds_exit_value(instance) and any(
        each.direction is not Direction.INPUT for each in job.parameters
    ):
        instance = service.client.get(
            *service.path("notebooks", job.external_id, "jobs", "execute", "instances"),
            checked_run_id(run_id),
            query={"beta": True},
            read=lambda answer: answer,
            refused=refused_for_run,
        )
    value = instance.get(_EXIT_VALUE, object_in(instance, "properties").get(_EXIT_VALUE))
    return value if isinstance(value, str) else None


def _holds_exit_value(instance: JsonObject) -> bool:
    return _EXIT_VALUE in instance or _EXIT_VALUE in object_in(instance, "properties")


NOTEBOOK = ItemKind(
    job_type=JobType.FABRIC_NOTEBOOK,
    item_type="Notebook",
    job="RunNotebook",
    page="synapsenotebooks",
    run_page="snapshots",
    title="notebook",
    settings=NotebookSettings,
    execution=_execution,
    describe=_describe,
    finish=_with_exit_value,
)
