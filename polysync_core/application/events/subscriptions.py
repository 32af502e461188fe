"""Who wants to be told of an event, and the message that says so."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, Field, ValidationError, field_validator

from polysync_core.domain.definitions.base import ObjectName
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Malformed
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.poison import NO_REASON, GivenUp
from polysync_core.domain.runs.events import RunEvent, encode_message
from polysync_core.domain.timed_cache import TimedCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to one webhook."""

    webhook: str
    event: JsonObject
    attempt: int = 1
    failure: str | None = None
    """Why the attempt before this one failed."""

    @property
    def id(self) -> str:
        """The same for every attempt, so that a receiver can drop repetitions."""
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
        """Return the delivery that a message is, or raise `Malformed`."""
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


def given_up_delivery(message_id: str, text: str) -> GivenUp:
    """Return the account of a message in the poison queue of deliveries."""
    try:
        reason = Delivery.parse(text).failure or NO_REASON
    except Malformed as error:
        reason = str(error)
    return GivenUp(message_id=message_id, payload=text, reason=reason)


class _Message(BaseModel):
    webhook: ObjectName
    event: JsonObject
    attempt: int = Field(ge=1)
    failure: str | None = None

    @field_validator("event")
    @classmethod
    def _known(cls, event: JsonObject) -> JsonObject:
        """A delivery needs these two of its event; the rest goes through as it is."""
        for name in ("eventId", "to"):
            text = event.get(name)
            if not (isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9/-]{1,100}", text)):
                raise ValueError(name)
        return event


class Subscriptions:
    """The enabled webhooks, cached; safe for threads.

    An edit of a webhook takes effect after at most `DEFINITION_TTL` seconds.
    """

    def __init__(
        self,
        webhooks: Callable[[], Sequence[Webhook]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        def load_enabled(_: None) -> Sequence[Webhook]:
            return [webhook for webhook in webhooks() if webhook.enabled]

        self._enabled = TimedCache(load_enabled, monotonic=monotonic)

    def deliveries_of(self, event: RunEvent) -> list[Delivery]:
        """Return one delivery for each subscribed webhook; may raise `Unavailable`."""
        subscribed = [
            webhook
            for webhook in self._enabled.get(None)
            if webhook.events.accepts(event.task, event.status, event.tags)
        ]
        if not subscribed:
            return []
        content = event.as_json()
        return [Delivery(webhook=webhook.name, event=content) for webhook in subscribed]
