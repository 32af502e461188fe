"""Submits, polls and cancels runs of the job type OpenAIBatch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import (
    DataType,
    Direction,
    Job,
    Parameter,
    SubmitSettings,
)
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure_openai.attributes import V1
from polysync_core.platforms.azure_openai.batch_states import (
    BATCH_ID,
    COUNTS,
    batch_id_of,
    errors_of,
    report_of,
)
from polysync_core.platforms.azure_openai.client import (
    OpenAIApi,
    external_runs,
    stop_unless_ended,
)
from polysync_core.platforms.azure_openai.lost_start import TOKEN, earlier_start
from polysync_core.platforms.azure_openai.prompt_parameters import (
    PromptValues,
    missing_value,
    template_problems,
)
from polysync_core.platforms.azure_openai.refusals import BATCH_RUN_REFUSALS
from polysync_core.platforms.azure_openai.settings import deployment_problem, setting_of
from polysync_core.platforms.connector import (
    ArtefactSchema,
    ExternalRun,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.paging import filter_bounded

_SUFFIX = "::batch"
_DEPLOYMENT = "polysync_deployment"
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")

type MetadataText = Annotated[str, StringConstraints(max_length=512)]


class BatchEndpoint(StrEnum):
    """The operations of a batch; each line of its input file names the same one."""

    CHAT_COMPLETIONS = "ChatCompletions"
    EMBEDDINGS = "Embeddings"
    RESPONSES = "Responses"


_PATHS = {
    BatchEndpoint.CHAT_COMPLETIONS: "/chat/completions",
    BatchEndpoint.EMBEDDINGS: "/embeddings",
    BatchEndpoint.RESPONSES: "/responses",
}


class BatchSettings(SubmitSettings):
    """`settings` of a Job of the type OpenAIBatch."""

    input_file_id: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    """The id of the uploaded input file, such as `file-1a2b`; the parameter `input_file_id`
    replaces it."""
    endpoint: BatchEndpoint = BatchEndpoint.CHAT_COMPLETIONS
    """The operation of all lines of the input file."""
    completion_window: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,2}[hd]$")] = "24h"
    """The time within which the batch shall end; the service supports `24h`."""
    metadata: Annotated[dict[str, MetadataText], Field(max_length=14)] | None = None
    """Texts that the batch carries, with placeholders such as `{parameters.NAME}`."""


BATCH_PARAMETERS = (
    Parameter(name="input_file_id", description="Replaces settings.inputFileId."),
    Parameter(name="output_file_id", direction=Direction.OUTPUT),
    Parameter(name="error_file_id", direction=Direction.OUTPUT),
    *(
        Parameter(name=f"request_counts_{name}", data_type=DataType.INT, direction=Direction.OUTPUT)
        for name in COUNTS
    ),
)


def deployment_of(external_id: str) -> str:
    """Return the deployment of a batch; the suffix `::batch` is optional."""
    return external_id.removesuffix(_SUFFIX)


def check_batch_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that runs batches."""
    problem = deployment_problem(deployment_of(job.external_id))
    problems = [] if problem is None else [Problem("externalId", problem)]
    problems += settings_problems(BatchSettings, job.settings)
    return problems or [*template_problems(job, _templates(job))]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchConnector:
    """Runs the batches of an account; implements `JobConnector`."""

    api: OpenAIApi
    describe_deployment: Callable[[str], ArtefactSchema]
    page: str | None
    """The address of the account's page in the portal."""
    now: Clock

    def submit(self, request: SubmitRequest) -> Submitted:
        """Create a batch, unless an earlier submit of this attempt did."""
        problems = check_batch_job(request.job)
        if problems:
            raise Invalid(problems)
        body = self._body(request)
        found = self._earlier(request, body) if request.is_resend else None
        call = self.api.post_call("batches", body=body)
        run_id = batch_id_of(found) if found else self.api.client.execute(call, batch_id_of)
        return Submitted(external_run_id=run_id, monitor_url=self.page)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a batch, with its files and counts."""
        return self._get(external_run_id, report_of)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the errors that the service found in the input file."""

        def details(batch: JsonObject) -> FailureDetails:
            parts = [FailureDetail(part=part, error=error) for part, error in errors_of(batch)]
            return FailureDetails(parts=tuple(parts))

        return self._get(external_run_id, details)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask the service to stop a batch, which takes up to 10 minutes."""
        path = ("batches", _checked(external_run_id), "cancel")
        stop = self.api.post_call(*path, body={}, refused=BATCH_RUN_REFUSALS)
        stop_unless_ended(
            lambda: self.api.client.execute(replace(stop, repeatable=True), batch_id_of),
            lambda: self.read(job, external_run_id).status.is_final,
        )

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the parameters of the batches of a deployment."""
        return self.describe_deployment(deployment_of(external_id))

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the batches of a deployment that Polysync created."""
        deployment = deployment_of(job.external_id)

        def is_own(batch: JsonObject) -> bool:
            metadata = batch.get("metadata")
            return isinstance(metadata, dict) and metadata.get(_DEPLOYMENT) == deployment

        batches = filter_bounded(self.api.listed("batches"), is_own)
        return external_runs(batches, batch_id_of, report_of)

    def _get[T](self, run_id: str, read: Callable[[JsonObject], T]) -> T:
        return self.api.get("batches", _checked(run_id), read=read, refused=BATCH_RUN_REFUSALS)

    def _earlier(self, request: SubmitRequest, body: JsonObject) -> JsonObject | None:
        return earlier_start(
            self.api.listed("batches"),
            request,
            self.now(),
            may_be_own=lambda batch: batch.get("input_file_id") == body["input_file_id"],
        )

    def _body(self, request: SubmitRequest) -> JsonObject:
        job, values = request.job, PromptValues(request)
        values.refuse_unused(("input_file_id",), _templates(job))
        file = values.text("input_file_id", setting_of(job, "inputFileId"))
        if not file:
            raise missing_value("input_file_id", "inputFileId")
        if _FILE.fullmatch(file) is None:
            raise PlatformRefused(
                "parameters.input_file_id: a file's id has letters, digits, '-', '_' and '.', such"
                " as file-1a2b",
                cause=FailureCause.PARAMETERS,
            )
        endpoint = BatchEndpoint(setting_of(job, "endpoint") or BatchEndpoint.CHAT_COMPLETIONS)
        path = _PATHS[endpoint]
        own = {TOKEN: request.token, _DEPLOYMENT: deployment_of(job.external_id)}
        return {
            "input_file_id": file,
            "endpoint": path if self.api.is_dated else f"/{V1}{path}",
            "completion_window": setting_of(job, "completionWindow") or "24h",
            "metadata": {**_metadata(values, job), **own},
        }


def _metadata(values: PromptValues, job: Job) -> JsonObject:
    given = job.settings.get("metadata")
    texts = given if isinstance(given, dict) else {}
    return {name: values.filled_text(str(text)) or "" for name, text in texts.items()}


def _templates(job: Job) -> tuple[tuple[str, JsonValue], ...]:
    return (
        ("settings.inputFileId", setting_of(job, "inputFileId")),
        ("settings.metadata", job.settings.get("metadata")),
    )


def _checked(run_id: str) -> str:
    if BATCH_ID.fullmatch(run_id) is None:
        raise RunNotFound("the id of a batch consists of letters, digits, '-' and '_'")
    return run_id
