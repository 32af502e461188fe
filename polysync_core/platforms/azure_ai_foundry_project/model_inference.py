"""Selects chat or embedding for FoundryModelInference Jobs, and lists model deployments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.azure.answers import listed
from polysync_core.platforms.azure_ai_foundry_project.refusals import missing_artefact
from polysync_core.platforms.azure_openai.chat_completion import ChatCompletion
from polysync_core.platforms.azure_openai.client import text_in
from polysync_core.platforms.azure_openai.discovery import job_type_of, no_operation
from polysync_core.platforms.azure_openai.embedding import Embedding
from polysync_core.platforms.azure_openai.model_call import ModelOperation
from polysync_core.platforms.azure_openai.settings import (
    ChatSettings,
    Encoding,
    Prompt,
    deployment_problem,
    setting_of,
)
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from polysync_core.platforms.platform_client import PlatformClient

API_VERSION = "v1"

_QUERY = {"api-version": API_VERSION}
_REFUSED = missing_artefact(
    "the project has no deployment with this name: it was deleted; import the deployments again"
)


class InferenceOperation(StrEnum):
    """The operations of a deployment."""

    CHAT = "Chat"
    EMBEDDING = "Embedding"


class InferenceSettings(ChatSettings):
    """`settings` of a Job of the type FoundryModelInference."""

    operation: InferenceOperation = InferenceOperation.CHAT
    """The operation; the settings of the other one have no effect."""
    input: Prompt | None = None
    """The text to embed, with placeholders; the parameter `input` replaces it."""
    dimensions: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """The length of the vector of an embedding, for models that can shorten it."""
    encoding: Encoding = Encoding.FLOAT
    """The form of the vector of an embedding in the output."""


_OPERATIONS: dict[str, ModelOperation] = {
    InferenceOperation.CHAT: ChatCompletion(InferenceSettings),
    InferenceOperation.EMBEDDING: Embedding(InferenceSettings),
}
_BY_JOB_TYPE = {
    JobType.OPENAI_CHAT_COMPLETION: InferenceOperation.CHAT,
    JobType.OPENAI_EMBEDDING: InferenceOperation.EMBEDDING,
}


def operation_of(job: Job) -> ModelOperation:
    """Return the operation of a Job; an unknown one is reported as a problem of the chat."""
    chosen = setting_of(job, "operation") or InferenceOperation.CHAT
    return _OPERATIONS.get(chosen, _OPERATIONS[InferenceOperation.CHAT])


def check_inference_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that calls a deployment."""
    return [*operation_of(job).check(job)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDeployments:
    """The deployments of a project."""

    client: PlatformClient
    path: tuple[str, ...]
    """The path of the deployments."""
    is_readable: bool
    """False if the sign-in cannot read the project."""

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the deployments; one that no call can reach has a problem."""
        wanted = (search or "").casefold()
        for deployment in listed(self.client, *self.path, query=_QUERY):
            name = text_in(deployment, "name")
            if name and wanted in name.casefold():
                yield _artefact(name, deployment)

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the parameters of a deployment, by the kind of its model."""
        if not self.is_readable:
            note = "the deployment was not looked up, because an API key cannot read the project"
            return replace(_schema(InferenceOperation.CHAT), notes=(note,))
        deployment = self.client.get(
            *self.path, external_id, query=_QUERY, read=_whole, refused=_REFUSED
        )
        is_embedding = _job_type(deployment) is JobType.OPENAI_EMBEDDING
        return _schema(InferenceOperation.EMBEDDING if is_embedding else InferenceOperation.CHAT)

    def check_access(self) -> None:
        """Read the list of deployments, to check the access."""
        next(listed(self.client, *self.path, query=_QUERY), None)


def _artefact(name: str, deployment: JsonObject) -> Artefact:
    model, job_type = text_in(deployment, "modelName"), _job_type(deployment)
    operation = _BY_JOB_TYPE.get(job_type) if job_type is not None else None
    problem = deployment_problem(name)
    if job_type is JobType.OPENAI_BATCH:
        problem = "its type is for batches: run them on a platform of the type AzureOpenAI"
    elif operation is None:
        problem = no_operation(model)
    return Artefact(
        external_id=name,
        job_type=JobType.FOUNDRY_MODEL_INFERENCE,
        name=name,
        description=model or None,
        schema=None if operation is None else _schema(operation),
        problem=problem,
        is_skipped=operation is None,
    )


def _job_type(deployment: JsonObject) -> JobType | None:
    return job_type_of(
        text_in(deployment, "modelName"),
        text_in(object_in(deployment, "sku"), "name"),
        object_in(deployment, "capabilities"),
    )


def _schema(operation: InferenceOperation) -> ArtefactSchema:
    # The templates of a Job may read further parameters.
    return ArtefactSchema(
        parameters=tuple(_OPERATIONS[operation].parameters),
        typed=True,
        complete=False,
        settings={} if operation is InferenceOperation.CHAT else {"operation": operation.value},
    )


def _whole(answer: JsonObject) -> JsonObject:
    if not text_in(answer, "name"):
        raise UnexpectedAnswer
    return answer
