"""Builds embedding requests, and reads the vector in the response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from polysync_core.domain.definitions.jobs import (
    DataType,
    Direction,
    Job,
    Parameter,
    SubmitSettings,
)
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure_openai.chat_completion import token_counts, usage_in
from polysync_core.platforms.azure_openai.prompt_parameters import (
    PromptValues,
    missing_value,
    template_problems,
)
from polysync_core.platforms.azure_openai.settings import (
    EmbeddingSettings,
    Encoding,
    deployment_problems,
    setting_of,
)
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, SubmitRequest
from polysync_core.platforms.paging import objects_in

_USAGE = ("prompt_tokens", "total_tokens")


@dataclass(frozen=True, slots=True)
class Embedding:
    """The embedding of a text by a deployment; implements `ModelOperation`."""

    settings: type[SubmitSettings] = EmbeddingSettings
    """The model of the settings of its Jobs."""

    path: ClassVar[tuple[str, ...]] = ("embeddings",)
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(name="input", description="Replaces settings.input."),
        Parameter(name="embedding", data_type=DataType.JSON_ARRAY, direction=Direction.OUTPUT),
        *token_counts(*_USAGE),
    )

    def check(self, job: Job) -> list[Problem]:
        """Return the problems of a Job."""
        problems = deployment_problems(job) + settings_problems(self.settings, job.settings)
        return problems or [*template_problems(job, _templates(job))]

    def body(self, request: SubmitRequest) -> JsonObject:
        """Return the body of the request; raise `PlatformRefused` without a text."""
        job, values = request.job, PromptValues(request)
        values.refuse_unused(("input",), _templates(job))
        text = values.text("input", setting_of(job, "input"))
        if not text:
            raise missing_value("input", "input")
        in_base64 = job.settings.get("encoding") == Encoding.BASE64
        dimensions = job.settings.get("dimensions")
        return {
            "input": text,
            "encoding_format": "base64" if in_base64 else "float",
            **({} if dimensions is None else {"dimensions": dimensions}),
        }

    def report(self, answer: JsonObject, job: Job) -> Report:
        """Return the vector in the answer of the model."""
        entries = objects_in(answer, "data")
        vector = entries[0].get("embedding") if entries else None
        if not isinstance(vector, list | str) or not vector:
            raise UnexpectedAnswer
        return Report(
            status=ProviderStatus.SUCCESS,
            provider_state="completed",
            outputs={"embedding": vector, **usage_in(answer, *_USAGE)},
        )


def _templates(job: Job) -> tuple[tuple[str, JsonValue], ...]:
    return (("settings.input", setting_of(job, "input")),)
