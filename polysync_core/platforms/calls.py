"""Defines HTTP calls to platforms, error responses, and errors for unusable responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.call_budget import CallBudget
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import Query

type Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

_READING = frozenset({"GET", "HEAD"})


class AnswerTooLarge(Unavailable):
    """The answer exceeds the size limit; a retry would not help."""


class UnexpectedAnswer(Unavailable):
    """The answer differs from the documented one.

    Readers of answers raise it, and the client decides what it means for the call.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer other than success, for a platform's own judgement; no error quotes its body."""

    status: int
    body: JsonObject
    """The JSON object of the body; empty for any other body."""
    host: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """By name in lower case."""
    text: str = ""
    """The codes and messages of a JSON body, or the visible text of a page, bounded."""
    title: str = ""
    """The title of an HTML page."""


type RefusalMapping = Callable[[Refusal], PolysyncError]
"""Maps a platform's refusal to the error to raise."""


def plain_refusal(refusal: Refusal) -> PolysyncError:
    """Return the error for a refusal about which only the status is known."""
    return PlatformRefused(
        f"{refusal.host} refused the request with status {refusal.status}",
        cause=FailureCause.SUBMIT,
        status=refusal.status,
    )


def refuse_answer(answer: Answer) -> bool:
    """Accept no answer of status 400 or more."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call with its retries."""

    method: Method
    segments: tuple[str, ...]
    ending: str = ""
    """Follows the last segment as it is: a slash, or a custom method such as `:cancel`."""
    query: Query | None = None
    headers: Mapping[str, str] | None = None
    """More headers; the client adds the sign-in and the content type."""
    body: JsonValue = None
    text: str | None = None
    """A body that is sent unchanged instead of JSON; a header names its type."""
    repeatable: bool = False
    """True if the call is idempotent."""
    effect: bool | None = None
    """True if the call may change something; None: as its method implies."""
    accepts: Callable[[Answer], bool] = refuse_answer
    """True if an answer of status 400 or more is a result to read, and not a failure."""
    busy_proves_not_started: bool = True
    """True if a 503 with `Retry-After` proves that nothing was begun."""
    accept_oversized: bool = False
    """True if an answer beyond the size limit is accepted without its content."""
    refused: RefusalMapping | None = None
    """The mapping of this call's 4xx answers; None: the client's own mapping."""
    budget: CallBudget | None = None
    """The budget of this call; None: the client's own budget."""

    @property
    def has_effect(self) -> bool:
        """True if the call may have had an effect when its answer is missing."""
        return self.method not in _READING if self.effect is None else self.effect
