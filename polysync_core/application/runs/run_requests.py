"""Starts the runs that queue messages request, and moves invalid messages to the poison queue.

A message may also be an event, which starts the Tasks that wait for it.

A message that can never be accepted goes to the poison queue at once, with the reason. If a
service is unavailable, the host delivers the message again. If too many runs wait, the message is
sent again with a delay, because the host would abandon it after a few tries.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field, StringConstraints, ValidationError

from polysync_core.application.ports import Engine, Queue
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.arrivals.cloud_events import is_event, read_events
from polysync_core.domain.arrivals.event import Event
from polysync_core.domain.definitions.base import ObjectName, Value
from polysync_core.domain.definitions.validation.messages import problems_of
from polysync_core.domain.errors import Invalid, Refused, ShardFull, TooLarge
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.poison import NO_REASON, ReceivedPoisonMessage
from polysync_core.domain.runs.run import TaskRun, TriggerType
from polysync_core.domain.security.redaction import Redactor, texts_in
from polysync_core.domain.security.secrets import Secret, SecretReference
from polysync_core.domain.strict_documents import read_json
from polysync_core.telemetry.tracing import continued

ACTOR = "run-requests"
"""The actor of all requested runs; a message carries no proof of its sender."""

POSTPONE_SECONDS = 60
"""The delay of a message that must wait because too many runs wait."""

_SHOWN = frozenset({"task", "idempotencyKey", "priority", "specversion", "type", "source", "id"})
_FIELDS = ("task", "parameters", "idempotencyKey", "priority", "traceparent")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")
_QUOTED = re.compile(r"\$\{([^{}]*)\}")
"""The inner part of a run variable, which an error quotes."""
_HIDDEN = "(not shown)"
_LONGEST_REASON = 1_000
_LONGEST_PAYLOAD = 16_000
_PAYLOAD_BYTES = 40 * 1024
"""The room of a queue message beside the reason, escapes included."""

_log = logging.getLogger(__name__)


class ReceiveEvents(Protocol):
    """Receives events; raises the errors of `EventIntake.receive`."""

    def __call__(self, events: Sequence[Event], engine: Engine) -> object: ...


class RunOnce(Protocol):
    """Accepts a run of a Task; raises the errors of `TaskRuns.run_once`."""

    def __call__(self, request: RunRequest, engine: Engine) -> TaskRun: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequests:
    """Handles the queue of run requests."""

    run_once: RunOnce
    receive_events: ReceiveEvents
    queue: Queue
    """The queue of run requests itself, for messages that must wait."""
    poison_queue: Queue

    def accept(self, message_id: str, content: bytes, engine: Engine) -> None:
        """Store the run of a message, postpone it, or move it to the poison queue.

        Raises `Unavailable` or `Uncertain` if the message may be accepted later. The host then
        delivers it again, and a message that was accepted before leads to the same run.
        """
        try:
            self._accept(message_id, content, engine)
        except ShardFull as error:
            self._postpone(message_id, content, error)
        except Refused as error:
            self._refuse(message_id, content, _without_secrets(str(error), content))

    def _refuse(self, message_id: str, content: bytes, reason: str) -> None:
        _log.warning(
            "A message requests an impossible run.",
            extra={"action": "run_request_refused", "message_id": message_id, "reason": reason},
        )
        self.poison_queue.send(_refusal(message_id, content, reason))

    def _accept(self, message_id: str, content: bytes, engine: Engine) -> None:
        document = read_json(content)
        if is_event(document):
            self.receive_events(read_events(document), engine)
            return
        request, parent = read_request(message_id, content)
        with continued(parent):
            run = self.run_once(request, engine)
        _log.info(
            "A message started a run.",
            extra={
                "action": "run_request_accepted",
                "message_id": message_id,
                "run_id": run.run_id,
                "task": run.task,
            },
        )

    def _postpone(self, message_id: str, content: bytes, full: ShardFull) -> None:
        """Send a message again with a delay; the new message requests the same run."""
        try:
            self.queue.send(_postponed(message_id, content), delay_seconds=POSTPONE_SECONDS)
        except TooLarge:
            # The key made the message too large, so the host delivers it again.
            raise full from None
        _log.warning(
            "A message must wait until fewer runs wait.",
            extra={
                "action": "run_request_postponed",
                "message_id": message_id,
                "reason": str(full),
            },
        )


class _Message(Value):
    """The fields of a message."""

    task: ObjectName
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    idempotency_key: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] | None = None
    traceparent: Annotated[str, StringConstraints(max_length=255)] = ""
    """The sender's trace context, which the run continues; an invalid one is ignored."""


class _Refusal(Value):
    """A refused message in the poison queue."""

    refused_message: str
    reason: str
    payload: str


def read_request(message_id: str, content: bytes) -> tuple[RunRequest, str]:
    """Return the request in a message, and its trace context.

    Raises `Invalid` with the path of every problem.
    """
    raw = read_json(content)
    if not isinstance(raw, dict):
        raise Invalid.at("", 'a message is an object: {"task": "name", "parameters": {}}')
    try:
        message = _Message.model_validate_json(
            json.dumps(raw), strict=True, by_alias=True, by_name=False
        )
    except ValidationError as error:
        raise Invalid(problems_of(error, _Message)) from error
    request = RunRequest(
        task=message.task,
        parameters=message.parameters,
        priority=message.priority,
        # A message that is delivered twice keeps its id, and so requests one run.
        idempotency_key=message.idempotency_key or message_id or None,
        actor=ACTOR,
        trigger_type=TriggerType.MESSAGE,
    )
    return request, message.traceparent


def poison_request(message_id: str, content: bytes) -> ReceivedPoisonMessage:
    """Describe a message in the poison queue, moved by Polysync or by the host."""
    try:
        refusal = _Refusal.model_validate_json(content, by_alias=True, by_name=False)
    except ValidationError:
        return ReceivedPoisonMessage(
            message_id=message_id, payload=_shown(content), reason=NO_REASON
        )
    return ReceivedPoisonMessage(
        message_id=refusal.refused_message, payload=refusal.payload, reason=refusal.reason
    )


def _postponed(message_id: str, content: bytes) -> str:
    """Return a message with an idempotency key, so that its copies request one run."""
    raw = read_json(content)
    if isinstance(raw, dict) and message_id and not is_event(raw):
        raw = {**raw, "idempotencyKey": raw.get("idempotencyKey") or message_id}
    return json.dumps(raw, ensure_ascii=False)


def _refusal(message_id: str, content: bytes, reason: str) -> str:
    """Return the poison message of a refused message; its payload is cut to the available room."""
    payload = _shown(content)[:_LONGEST_PAYLOAD]
    while len(json.dumps(payload)) > _PAYLOAD_BYTES:
        payload = payload[: len(payload) * 3 // 4]
    refusal: JsonObject = {
        "refusedMessage": message_id,
        "reason": reason[:_LONGEST_REASON],
        "payload": payload,
    }
    return json.dumps(refusal)


def _shown(content: bytes) -> str:
    """Return a message for display, without values, because a value may be a plain secret.

    Of a text that is not JSON, only the known fields that occur in it and its length are shown.
    """
    try:
        raw = read_json(content)
    except (Invalid, TooLarge):
        text = content.decode(errors="replace")
        known = [name for name in _FIELDS if f'"{name}"' in text]
        return f"{len(content):,} bytes that are not shown; fields: {', '.join(known) or 'none'}"
    return json.dumps(_without_values(raw), ensure_ascii=False)


def _without_values(raw: JsonValue) -> JsonValue:
    if not isinstance(raw, dict):
        return _HIDDEN
    return {
        key: value if key in _SHOWN and _is_name(value) else _hidden(value)
        for key, value in raw.items()
    }


def _is_name(value: JsonValue) -> bool:
    """Return whether a value has the form of a name, an id or a number."""
    return isinstance(value, int | None) or (
        isinstance(value, str) and _NAME.fullmatch(value) is not None
    )


def _hidden(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _hidden(each) for key, each in value.items()}
    if value is None or isinstance(value, bool):
        return value
    return value if isinstance(value, str) and _is_reference(value) else _HIDDEN


def _is_reference(text: str) -> bool:
    try:
        SecretReference.parse(text, path="")
    except Invalid:
        return False
    return True


def _without_secrets(reason: str, content: bytes) -> str:
    """Return a reason without the values of the message that it may quote."""
    try:
        raw = read_json(content)
    except (Invalid, TooLarge):
        return reason
    parameters = raw.get("parameters") if isinstance(raw, dict) else raw
    texts = [text for text in texts_in(parameters) if not _is_reference(text)]
    quoted = [part for text in texts for part in _QUOTED.findall(text)]
    return Redactor(Secret(text) for text in (*texts, *quoted)).redact(reason)
