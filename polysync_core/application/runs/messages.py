"""Runs that are asked for by a message in a queue.

A message that cannot be accepted goes to the poison queue at once, with the reason: repeating it
would change nothing. Where a service is away, the host repeats it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field, StringConstraints, ValidationError

from polysync_core.application.ports import Engine, Queue
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.definitions.base import ObjectName, Value
from polysync_core.domain.definitions.validation_messages import problems_of
from polysync_core.domain.errors import Invalid, Refused, TooLarge
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.poison import NO_REASON, GivenUp
from polysync_core.domain.runs.run import TaskRun, TriggerType
from polysync_core.domain.secrets import is_secret_reference
from polysync_core.domain.strict_documents import read_json
from polysync_core.telemetry.tracing import continued

ACTOR = "run-requests"
"""Who asked, until senders are known by name."""

_SHOWN = frozenset({"task", "idempotencyKey", "priority"})
_HIDDEN = "(not shown)"
_LONGEST_REASON = 1_000
_LONGEST_PAYLOAD = 16_000
_PAYLOAD_BYTES = 40 * 1024
"""What a queue message has room for beside the reason, escapes included."""

_log = logging.getLogger(__name__)


class RunOnceBody(Protocol):
    """Accepts a run of a Task; raises as `TaskRuns.run_once` does."""

    def __call__(self, request: RunRequest, engine: Engine) -> TaskRun: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequests:
    """The use case behind the queue of run requests."""

    run_once: RunOnceBody
    given_up: Queue
    """The poison queue."""

    def accept(self, message_id: str, content: bytes, engine: Engine) -> None:
        """Handle one message; when this returns, its run is stored, or it is given up.

        Raises `Unavailable` or `Uncertain` where it may be accepted later: then the host repeats
        it, and a message that was accepted already is the same run.
        """
        try:
            request, parent = read_request(message_id, content)
            with continued(parent):
                run = self.run_once(request, engine)
        except Refused as error:
            reason = str(error)
        else:
            _log.info(
                "A message started a run.",
                extra={
                    "action": "run_request_accepted",
                    "message_id": message_id,
                    "run_id": run.run_id,
                    "task": run.task,
                },
            )
            return
        _log.warning(
            "A message asks for a run that cannot be.",
            extra={"action": "run_request_refused", "message_id": message_id, "reason": reason},
        )
        self.given_up.send(_refusal(message_id, content, reason))


class _Message(Value):
    """What a message may hold."""

    task: ObjectName
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    idempotency_key: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] | None = None
    traceparent: Annotated[str, StringConstraints(max_length=255)] = ""
    """The sender's place in a trace, for the run to be in it; one that is not valid is none."""


class _Refusal(Value):
    """A refused message on its way to where it is kept."""

    refused_message: str
    reason: str
    payload: str


def read_request(message_id: str, content: bytes) -> tuple[RunRequest, str]:
    """Return what a message asks for, and the trace that it belongs to.

    Raises `Invalid` with every problem's path.
    """
    raw = read_json(content)
    if not isinstance(raw, dict):
        raise Invalid.at("", 'a message is an object: {"task": "name", "parameters": {}}')
    try:
        asked = _Message.model_validate_json(
            json.dumps(raw), strict=True, by_alias=True, by_name=False
        )
    except ValidationError as error:
        raise Invalid(problems_of(error, _Message)) from error
    request = RunRequest(
        task=asked.task,
        parameters=asked.parameters,
        priority=asked.priority,
        # A message that is handed over twice keeps its id, and so asks for one run.
        idempotency_key=asked.idempotency_key or message_id or None,
        actor=ACTOR,
        trigger_type=TriggerType.MESSAGE,
    )
    return request, asked.traceparent


def given_up_request(message_id: str, content: bytes) -> GivenUp:
    """Return the account of a message in the poison queue, whoever has put it there."""
    try:
        refusal = _Refusal.model_validate_json(content, by_alias=True, by_name=False)
    except ValidationError:
        return GivenUp(message_id=message_id, payload=_shown(content), reason=NO_REASON)
    return GivenUp(
        message_id=refusal.refused_message, payload=refusal.payload, reason=refusal.reason
    )


def _refusal(message_id: str, content: bytes, reason: str) -> str:
    """Return the message that a refused one becomes; its payload is cut to the room there is."""
    payload = _shown(content)[:_LONGEST_PAYLOAD]
    while len(json.dumps(payload)) > _PAYLOAD_BYTES:
        payload = payload[: len(payload) * 3 // 4]
    content_of: JsonObject = {
        "refusedMessage": message_id,
        "reason": reason[:_LONGEST_REASON],
        "payload": payload,
    }
    return json.dumps(content_of)


def _shown(content: bytes) -> str:
    """Return a message for people: a secret may be where a reference should be, so no values.

    What cannot be read as JSON is shown as it is, or nobody could tell whose it was.
    """
    try:
        raw = read_json(content)
    except (Invalid, TooLarge):
        return content.decode(errors="replace")
    return json.dumps(_without_values(raw), ensure_ascii=False)


def _without_values(raw: JsonValue) -> JsonValue:
    if not isinstance(raw, dict):
        return _HIDDEN
    return {
        key: value if key in _SHOWN and not isinstance(value, dict | list) else _hidden(value)
        for key, value in raw.items()
    }


def _hidden(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _hidden(each) for key, each in value.items()}
    if value is None or isinstance(value, bool) or is_secret_reference(value):
        return value
    return _HIDDEN
