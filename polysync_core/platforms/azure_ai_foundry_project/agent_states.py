"""Decodes the states of Foundry agent runs into Polysync statuses, and reads agent responses."""

from __future__ import annotations

from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.azure_openai.client import seconds_in, text_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.text import shortened_line

STATES = {
    "queued": ProviderStatus.STARTING,
    "in_progress": ProviderStatus.RUNNING,
    "requires_action": ProviderStatus.RUNNING,
    "cancelling": ProviderStatus.RUNNING,
    "completed": ProviderStatus.SUCCESS,
    "failed": ProviderStatus.FAILED,
    "expired": ProviderStatus.FAILED,
    "incomplete": ProviderStatus.FAILED,
    "cancelled": ProviderStatus.CANCELLED,
}

_ASSISTANT = frozenset({"assistant", "agent"})
_ENDS = ("completed_at", "failed_at", "cancelled_at")
_MESSAGES = {
    "requires_action": (
        "The agent waits for the result of a function of its caller. Polysync calls no functions:"
        " the run expires."
    ),
    "expired": (
        "The run expired. An agent that waits for the result of a function does so: use tools that"
        " the service itself runs."
    ),
    "incomplete": (
        "The run ended at a limit of tokens. Raise max_prompt_tokens or max_completion_tokens in"
        " settings.options."
    ),
}


def report_of(run: JsonObject) -> Report:
    """Return the state of a run."""
    word = text_in(run, "status")
    if not word:
        raise UnexpectedAnswer
    status = STATES.get(word, ProviderStatus.UNKNOWN)
    message = failure_of(run) if status is ProviderStatus.FAILED else None
    ends = [moment for name in _ENDS if (moment := seconds_in(run, name)) is not None]
    return Report(
        status=status,
        provider_state=word[:64],
        message=shortened_line(message or _MESSAGES.get(word)) or _without_reason(status),
        wait=Wait.PLATFORM_QUEUE if word == "queued" else None,
        started_at=seconds_in(run, "started_at"),
        finished_at=max(ends) if ends and status.is_final else None,
    )


def failure_of(run: JsonObject) -> str | None:
    """Return the code and the text of the last error of a run; None without an error."""
    error = object_in(run, "last_error")
    texts = (text_in(error, "code"), text_in(error, "message"))
    return ": ".join(text for text in texts if text) or None


def response_in(messages: JsonObject) -> str | None:
    """Return the text of the newest message of the agent; None if it wrote no text."""
    for message in objects_in(messages, "data"):
        if message.get("role") in _ASSISTANT:
            parts = objects_in(message, "content")
            texts = [text_in(object_in(part, "text"), "value") for part in parts]
            if any(texts):
                return "\n".join(text for text in texts if text)
    return None


def _without_reason(status: ProviderStatus) -> str | None:
    if status is ProviderStatus.FAILED:
        return "The service gives no reason for the failure: open the thread in the portal."
    return None
