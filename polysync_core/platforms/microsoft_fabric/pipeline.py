"""Defines the job type FabricPipeline: builds start requests, reads outputs and failed activities.

https://learn.microsoft.com/fabric/data-factory/pipeline-rest-api-capabilities
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.errors import Malformed
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.domain.strict_documents import read_json
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.azure.answers import page_of
from polysync_core.platforms.azure_data_pipelines.discovery import schema_of
from polysync_core.platforms.azure_data_pipelines.failure_details import failed_activities
from polysync_core.platforms.azure_data_pipelines.outputs import with_return_value
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from polysync_core.platforms.connector import ArtefactSchema, Report, SubmitRequest
from polysync_core.platforms.microsoft_fabric.client import FabricClient, checked_run_id
from polysync_core.platforms.microsoft_fabric.definition_client import read_definition
from polysync_core.platforms.microsoft_fabric.item_job import ItemKind
from polysync_core.platforms.microsoft_fabric.refusals import refused_for_run
from polysync_core.platforms.microsoft_fabric.settings import PipelineSettings
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.values import as_json

_CONTENT = "pipeline-content.json"


@dataclass(frozen=True, slots=True)
class _Activities:
    """Lists the activities of pipeline runs; implements `ActivityLog`."""

    service: FabricClient

    @property
    def now(self) -> Clock:
        """The clock of the connection."""
        return self.service.now

    def activities(self, pipeline: str, run_id: str, body: JsonObject) -> Iterator[JsonObject]:
        """Yield the activities of a run; Fabric documents no filters, so none are sent."""
        segments = ("datapipelines", "pipelineruns", checked_run_id(run_id), "queryactivityruns")

        def fetch(token: str | None) -> Page[JsonObject]:
            more: JsonObject = {} if token is None else {"continuationToken": token}
            call = Call(
                method="POST",
                segments=self.service.path(*segments),
                body={**body, "filters": [], **more},
                repeatable=True,
                effect=False,
                refused=refused_for_run,
            )
            return self.service.client.exchange(call, _page)

        return paged(fetch)


def _page(answer: Answer) -> Page[JsonObject]:
    """Return the activities of an answer, a list or an object with a list."""
    match answer.value():
        case list() as found:
            return Page([each for each in found if isinstance(each, dict)])
        case dict() as found:
            return page_of(cast("JsonObject", found), next_key="continuationToken")
        case _:
            raise UnexpectedAnswer


def _execution(request: SubmitRequest, workspace_id: str) -> JsonObject:
    values = as_json(request.parameters, request.job.parameters)
    return {"parameters": values} if values else {}


def _describe(service: FabricClient, item_id: str) -> ArtefactSchema:
    content = read_definition(service, item_id).get(_CONTENT)
    try:
        definition = None if content is None else read_json(content)
    except Malformed:
        definition = None
    if not isinstance(definition, dict):
        raise UnexpectedAnswer
    return schema_of(definition)


def _with_return_value(
    service: FabricClient, job: Job, run_id: str, instance: JsonObject, report: Report
) -> Report:
    return with_return_value(_Activities(service), job.external_id, run_id, report)


def _failed_activities(
    service: FabricClient, job: Job, run_id: str, report: Report
) -> FailureDetails:
    return failed_activities(_Activities(service), job.external_id, run_id, report)


PIPELINE = ItemKind(
    job_type=JobType.FABRIC_PIPELINE,
    item_type="DataPipeline",
    job="Pipeline",
    page="datapipelines",
    title="pipeline",
    settings=PipelineSettings,
    execution=_execution,
    describe=_describe,
    finish=_with_return_value,
    details=_failed_activities,
)
