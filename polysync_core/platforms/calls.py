"""What a connector asks of a platform over HTTP, and what can come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.call_budget import CallBudget
from polysync_core.outbound.urls import Query

type Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

_READING = frozenset({"GET", "HEAD"})


class AnswerTooLarge(Unavailable):
    """The answer is longer than is accepted, and will be so again."""


class UnexpectedAnswer(Unavailable):
    """The answer is not what the call is documented to return.

    Raised while an answer is read, so that the client can tell what it means for the call.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A 4xx answer, for a platform's own mapping; its body stays out of every error."""

    status: int
    body: JsonObject
    host: str


type RefusalMapping = Callable[[Refusal], PolysyncError]
"""Turns a platform's refusal into the error to raise."""


def plain_refusal(refusal: Refusal) -> PolysyncError:
    """Return the error for a platform that says no more than the status."""
    return PlatformRefused(
        f"{refusal.host} refused the request with status {refusal.status}",
        cause=FailureCause.SUBMIT,
        status=refusal.status,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, however often it has to be sent."""

    method: Method
    segments: tuple[str, ...]
    query: Query | None = None
    headers: Mapping[str, str] | None = None
    """Further headers; the credential and the type of the body need not be among them."""
    body: JsonValue = None
    text: str | None = None
    """A body that is sent as it is, in place of JSON; a header says what it is."""
    repeatable: bool = False
    """Whether sending it twice does what sending it once does."""
    effect: bool | None = None
    """Whether the platform may change something because of it; None: as its method has it."""
    busy_is_unstarted: bool = True
    """Whether a 503 that says when to come back says as well that nothing was begun."""
    head_is_enough: bool = False
    """Whether an answer that is longer than is accepted counts by its head, without content."""
    refused: RefusalMapping | None = None
    """What a 4xx means for this call, where the platform's general mapping does not fit."""
    budget: CallBudget | None = None
    """The bounds of this call, where the client's own do not fit."""

    @property
    def has_effect(self) -> bool:
        """Whether an answer that is missing leaves it open what has happened."""
        return self.method not in _READING if self.effect is None else self.effect
