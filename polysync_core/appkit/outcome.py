"""What a call came to: it says so, in place of raising for what Databricks refuses."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain

INTERNAL = HTTPStatus.INTERNAL_SERVER_ERROR.value

_PHRASES = {
    # Where Python has newer words for a status than the clients have.
    413: "Payload Too Large",
    422: "Unprocessable Entity",
    509: "Bandwidth Limit Exceeded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done[T]:
    """The call was carried out."""

    data: T
    ok: Literal[True] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The call was refused, or nobody answered."""

    status: int
    """Databricks' HTTP status; 500 where there was no usable answer."""
    message: str
    """The standard phrase of the status, or what is wrong with the parameters."""
    retry_after: float | None = None
    """Seconds that Databricks asks to wait."""
    ok: Literal[False] = False


type ExecutionResult[T] = Done[T] | Failed


def failed(error: PlatformRefused | Unavailable | Uncertain) -> Failed:
    """Return the failure that an error stands for; no text of the error is in it."""
    status = error.status or INTERNAL
    if status < HTTPStatus.BAD_REQUEST:
        status = INTERNAL
    retry_after = error.retry_after if isinstance(error, Unavailable) else None
    return Failed(status=status, message=phrase(status), retry_after=retry_after)


def phrase(status: int) -> str:
    """Return the standard phrase of a status."""
    if status in _PHRASES:
        return _PHRASES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Error"
