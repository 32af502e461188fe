"""Defines the queue messages of notifications: a new event, or a group to send."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from polysync_core.domain.definitions.base import ObjectName
from polysync_core.domain.errors import Malformed
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.notifications.kinds import NotificationKind
from polysync_core.domain.runs.events import encode_message

_BEGIN = '{"receiver":'


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeStep:
    """An event on its way into the group of a receiver."""

    receiver: str
    kind: NotificationKind
    event: JsonObject

    def encode(self) -> str:
        """Return the step as a message, without the tags, which only the filter needs."""
        event = {name: value for name, value in self.event.items() if name != "tags"}
        return encode_message({"receiver": self.receiver, "kind": self.kind, "event": event})


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDelivery:
    """A group of notices whose message is due."""

    receiver: str
    group: str
    attempt: int = 1
    failure: str | None = None
    """The reason why the previous attempt failed."""

    def after(self, failure: str) -> GroupDelivery:
        """Return the next attempt."""
        return replace(self, attempt=self.attempt + 1, failure=failure)

    def encode(self) -> str:
        """Return the step as a message."""
        return encode_message(
            {
                "receiver": self.receiver,
                "group": self.group,
                "attempt": self.attempt,
                "failure": self.failure,
            }
        )


def is_notification(text: str) -> bool:
    """Return whether a message of the delivery queue is for a receiver."""
    return text.startswith(_BEGIN)


def parse_step(text: str) -> NoticeStep | GroupDelivery:
    """Return the step of a message, or raise `Malformed`."""
    try:
        message = _Message.model_validate_json(text)
    except ValidationError:
        message = None
    if message is not None and message.group is not None:
        return GroupDelivery(
            receiver=message.receiver,
            group=message.group,
            attempt=message.attempt,
            failure=message.failure,
        )
    if message is None or message.event is None or message.kind is None:
        raise Malformed.at("", "the message is not a notification for a receiver")
    return NoticeStep(receiver=message.receiver, kind=message.kind, event=message.event)


class _Message(BaseModel):
    receiver: ObjectName
    group: Annotated[str, StringConstraints(pattern=r"^[A-Za-z-]{1,80}$")] | None = None
    attempt: int = Field(default=1, ge=1)
    failure: str | None = None
    kind: NotificationKind | None = None
    event: JsonObject | None = None
