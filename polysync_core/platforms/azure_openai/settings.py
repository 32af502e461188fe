"""Defines the settings of Jobs that call models, and checks model deployment names."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.definitions.jobs import Job, SubmitSettings
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue

_DEPLOYMENT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?")
_OWN_FIELDS = frozenset({"messages", "model", "stream", "n", "input"})

type Prompt = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class IncompleteResponse(StrEnum):
    """The treatment of a response that ended at a limit or was filtered."""

    FAIL = "Fail"
    """The attempt fails, because the response is only a part of the answer."""
    KEEP = "Keep"
    """The attempt succeeds with the part as its response."""


class Encoding(StrEnum):
    """The forms of an embedding."""

    FLOAT = "Float"
    """A JSON array of numbers."""
    BASE64 = "Base64"
    """The numbers as 32-bit floats in Base64, in about a quarter of the size."""


class ChatSettings(SubmitSettings):
    """`settings` of a Job of the type OpenAIChatCompletion."""

    system_prompt: Prompt | None = None
    """The system message; `{parameters.NAME}` is replaced by a value, and `{{` by a brace."""
    user_prompt: Prompt | None = None
    """The user message, with the same placeholders; the parameter `user_prompt` replaces it."""
    max_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """The largest number of tokens of the response, with those of its reasoning."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """The randomness of the response; models that reason accept none."""
    options: dict[str, JsonValue] | None = None
    """More fields of the request, such as `top_p`, `reasoning_effort` or `response_format`."""
    incomplete_response: IncompleteResponse = IncompleteResponse.FAIL
    """The treatment of a response that ended at the token limit or was filtered."""


class EmbeddingSettings(SubmitSettings):
    """`settings` of a Job of the type OpenAIEmbedding."""

    input: Prompt | None = None
    """The text, with placeholders such as `{parameters.NAME}`; the parameter `input` replaces
    it."""
    dimensions: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """The length of the vector, for models that can shorten it."""
    encoding: Encoding = Encoding.FLOAT
    """The form of the vector in the output; `Base64` keeps long vectors below the size limit."""


def setting_of(job: Job, name: str) -> str | None:
    """Return a text of the settings of a checked Job."""
    found = job.settings.get(name)
    return found if isinstance(found, str) else None


def options_of(job: Job) -> JsonObject:
    """Return the further fields of the request of a checked Job."""
    found = job.settings.get("options")
    return found if isinstance(found, dict) else {}


def options_problems(job: Job, own: Collection[str] = _OWN_FIELDS) -> list[Problem]:
    """Return a problem for each option that replaces one of Polysync's `own` fields."""
    return [
        Problem(f"settings.options.{name}", "is set by Polysync: remove it")
        for name in options_of(job)
        if name in own
    ]


def deployment_problem(name: str) -> str | None:
    """Return the problem of a deployment's name; None if it is valid."""
    if _DEPLOYMENT.fullmatch(name) is None:
        return (
            "a deployment is named by 1-64 letters, digits, '-', '_' and '.', such as gpt-4o-prod"
        )
    return None


def deployment_problems(job: Job) -> list[Problem]:
    """Return the problems of the external id of a Job."""
    problem = deployment_problem(job.external_id)
    return [] if problem is None else [Problem("externalId", problem)]
