"""Builds chat completion requests, and reads the model's text and token counts."""

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
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure_openai.client import text_in
from polysync_core.platforms.azure_openai.prompt_parameters import (
    PromptValues,
    missing_value,
    template_problems,
)
from polysync_core.platforms.azure_openai.refusals import TOKEN_LIMIT
from polysync_core.platforms.azure_openai.settings import (
    ChatSettings,
    IncompleteResponse,
    deployment_problems,
    options_of,
    options_problems,
    setting_of,
)
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, SubmitRequest
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.text import shortened_line

_INCOMPLETE = {
    "length": (
        "The response ended at the token limit. Raise settings.maxTokens, or set"
        " settings.incompleteResponse to Keep."
    ),
    "content_filter": (
        "The content filter removed a part of the response. Change the prompt or the content"
        " filter, or set settings.incompleteResponse to Keep."
    ),
}
_TOOLS = frozenset({"tool_calls", "function_call"})
_CALLS_TOOL = "The model asks for the result of a tool, which Polysync does not call."
_USAGE = ("prompt_tokens", "completion_tokens", "total_tokens")


def token_counts(*names: str) -> tuple[Parameter, ...]:
    """Return the outputs with numbers of tokens."""
    return tuple(
        Parameter(name=name, data_type=DataType.INT, direction=Direction.OUTPUT) for name in names
    )


def usage_in(answer: JsonObject, *names: str) -> JsonObject:
    """Return the numbers of tokens in an answer."""
    usage = object_in(answer, "usage")
    found = {name: usage.get(name) for name in names}
    return {name: count for name, count in found.items() if isinstance(count, int)}


@dataclass(frozen=True, slots=True)
class ChatCompletion:
    """The chat completion of a deployment; implements `ModelOperation`."""

    settings: type[SubmitSettings] = ChatSettings
    """The model of the settings of its Jobs."""

    path: ClassVar[tuple[str, ...]] = ("chat", "completions")
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(name="system_prompt", description="Replaces settings.systemPrompt."),
        Parameter(name="user_prompt", description="Replaces settings.userPrompt."),
        Parameter(name="response", direction=Direction.OUTPUT),
        *token_counts(*_USAGE),
        Parameter(name="finish_reason", direction=Direction.OUTPUT),
    )

    def check(self, job: Job) -> list[Problem]:
        """Return the problems of a Job."""
        problems = deployment_problems(job) + settings_problems(self.settings, job.settings)
        return problems or [*options_problems(job), *template_problems(job, _templates(job))]

    def body(self, request: SubmitRequest) -> JsonObject:
        """Return the body of the request; raise `PlatformRefused` without a prompt."""
        job, values = request.job, PromptValues(request)
        values.refuse_unused(("system_prompt", "user_prompt"), _templates(job))
        system = values.text("system_prompt", setting_of(job, "systemPrompt"))
        user = values.text("user_prompt", setting_of(job, "userPrompt"))
        if not user:
            raise missing_value("user_prompt", "userPrompt")
        messages: list[JsonValue] = [] if not system else [{"role": "system", "content": system}]
        fields = {
            TOKEN_LIMIT: job.settings.get("maxTokens"),
            "temperature": job.settings.get("temperature"),
        }
        return {
            "messages": [*messages, {"role": "user", "content": user}],
            **{name: value for name, value in fields.items() if value is not None},
            **options_of(job),
        }

    def report(self, answer: JsonObject, job: Job) -> Report:
        """Return the result in the answer of the model."""
        choices = objects_in(answer, "choices")
        reason = text_in(choices[0], "finish_reason") if choices else ""
        if not reason:
            raise UnexpectedAnswer
        message = object_in(choices[0], "message")
        content = message.get("content")
        outputs: JsonObject = {
            "response": content if isinstance(content, str) else "",
            **usage_in(answer, *_USAGE),
            "finish_reason": reason,
        }
        failure = _failure(reason, message, job)
        return Report(
            status=ProviderStatus.FAILED if failure else ProviderStatus.SUCCESS,
            provider_state=shortened_line(reason, limit=64) or "",
            message=failure,
            outputs={} if failure else outputs,
        )


def _failure(reason: str, message: JsonObject, job: Job) -> str | None:
    """Return the reason why a response is no result; None for a result."""
    refusal = shortened_line(message.get("refusal"))
    if refusal is not None:
        return f"The model refused to answer: {refusal}"
    if reason in _TOOLS:
        return _CALLS_TOOL
    if reason in _INCOMPLETE:
        keeps = job.settings.get("incompleteResponse") == IncompleteResponse.KEEP
        return None if keeps else _INCOMPLETE[reason]
    return None if isinstance(message.get("content"), str) else "The response has no text."


def _templates(job: Job) -> tuple[tuple[str, JsonValue], ...]:
    return (
        ("settings.systemPrompt", setting_of(job, "systemPrompt")),
        ("settings.userPrompt", setting_of(job, "userPrompt")),
    )
