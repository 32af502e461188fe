"""Defines the queue message that carries one event to one webhook."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pydantic import BaseModel, Field, ValidationError, field_validator

from polysync_core.application.notifications.steps import (
    GroupDelivery,
    is_notification,
    parse_step,
)
from polysync_core.domain.definitions.base import ObjectName
from polysync_core.domain.errors import Malformed
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.poison import NO_REASON, ReceivedPoisonMessage
from polysync_core.domain.runs.events import encode_message


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to one webhook."""

    webhook: str
    event: JsonObject
    attempt: int = 1
    failure: str | None = None
    """The reason why the previous attempt failed."""

    @property
    def id(self) -> str:
        """The id, equal in every attempt, by which the webhook can deduplicate."""
        return f"{self.event['eventId']}/{self.webhook}"

    def after(self, failure: str) -> Delivery:
        """Return the next attempt."""
        return replace(self, attempt=self.attempt + 1, failure=failure)

    def encode(self) -> str:
        """Return the delivery as a message."""
        return encode_message(
            {
                "webhook": self.webhook,
                "attempt": self.attempt,
                "failure": self.failure,
                "event": self.event,
            }
        )

    @classmethod
    def parse(cls, text: str) -> Delivery:
        """Return the delivery of a message, or raise `Malformed`."""
        try:
            message = _Message.model_validate_json(text)
        except ValidationError:
            message = None
        if message is None:
            raise Malformed.at("", "the message is not a delivery to a webhook")
        return cls(
            webhook=message.webhook,
            event=message.event,
            attempt=message.attempt,
            failure=message.failure,
        )


def abandoned_delivery(message_id: str, text: str) -> ReceivedPoisonMessage:
    """Describe a message from the poison queue of deliveries."""
    try:
        reason = _failure_of(text) or NO_REASON
    except Malformed as error:
        reason = str(error)
    return ReceivedPoisonMessage(message_id=message_id, payload=text, reason=reason)


def _failure_of(text: str) -> str | None:
    if not is_notification(text):
        return Delivery.parse(text).failure
    step = parse_step(text)
    return step.failure if isinstance(step, GroupDelivery) else None


class _Message(BaseModel):
    webhook: ObjectName
    event: JsonObject
    attempt: int = Field(ge=1)
    failure: str | None = None

    @field_validator("event")
    @classmethod
    def _known(cls, event: JsonObject) -> JsonObject:
        """Check the two fields that a delivery needs; other fields are passed on."""
        kind = next((name for name in ("drift", "deadline") if name in event), "to")
        for name in ("eventId", kind):
            text = event.get(name)
            if not (isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9/-]{1,150}", text)):
                raise ValueError(name)
        return event


def is_delivery_to(word: str, name: str, payload: str) -> bool:
    """Return whether the payload of a poison message is a delivery to a receiver.

    `word` is `webhook` or `receiver`.

    A long payload is cut, so only its begin is compared.
    """
    return payload.startswith(encode_message({word: name})[:-1] + ",")
