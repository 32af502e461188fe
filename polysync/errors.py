"""Defines the exceptions of the Python client.

PolysyncError
├── ApiProblem          the API refused the request and explains why
│   ├── Unauthenticated, Forbidden, NotFound, Conflict, PreconditionFailed, Invalid
│   └── Busy            the API cannot answer now; the client has repeated the request in vain
├── MalformedAnswer     the server that answered does not speak the API
├── Unreachable         the server does not answer
│   └── AnswerLost      the request was sent, and it was perhaps executed
├── WaitTimeout         the time of a wait is over; the run continues
└── RunFailed           a run ended, and not with success
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


class PolysyncError(Exception):
    """A request failed; the message and its details say why."""

    def __init__(self, message: str, *, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.details = tuple(details)

    def add_detail(self, line: str) -> None:
        """Add a line, such as a remedy."""
        self.details = (*self.details, line)

    @property
    def is_transient(self) -> bool:
        """True if the same request may succeed a moment later."""
        return False

    @property
    def retry_after(self) -> float | None:
        """The seconds after which the server accepts a repetition; None if it named none."""
        return None


class Unreachable(PolysyncError):
    """The server does not answer at the API's address."""

    @property
    def is_transient(self) -> bool:
        """True if the same request may succeed a moment later."""
        return True


class AnswerLost(Unreachable):
    """The request was sent, but its answer did not arrive."""


class MalformedAnswer(PolysyncError):
    """The server that answered does not speak the API."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_transient(self) -> bool:
        """True if the same request may succeed a moment later."""
        return self.status is not None and _is_transient(self.status)


@dataclass(frozen=True, slots=True)
class ProblemField:
    """One error in a request: the path of the field, and the cause with the remedy."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ApiProblem(PolysyncError):
    """The API refused the request with a problem document (RFC 9457)."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        errors: Sequence[ProblemField],
        document: Mapping[str, Any],
        retry_after: float | None = None,
    ) -> None:
        omitted = document.get("omittedErrors")
        more = [f"and {omitted} more"] if omitted else []
        super().__init__(message, details=[*map(str, errors), *more])
        self.status = status
        self.errors = tuple(errors)
        self.document = dict(document)
        self._retry_after = retry_after

    @property
    def code(self) -> str:
        """The kind of the problem, such as `unprocessable-content`: the end of its type."""
        return str(self.document.get("type") or "").rpartition(":")[2] or str(self.status)

    @property
    def field(self) -> str | None:
        """The path of the first wrong field."""
        return next((each.path for each in self.errors if each.path), None)

    @property
    def remedy(self) -> str | None:
        """The cause and the remedy of the first error, in words."""
        return self.errors[0].message if self.errors else self.document.get("detail")

    @property
    def is_transient(self) -> bool:
        """True if the same request may succeed a moment later."""
        return _is_transient(self.status)

    @property
    def retry_after(self) -> float | None:
        """The seconds after which the server accepts a repetition; None if it named none."""
        return self._retry_after

    def with_paths(self, places: Callable[[Sequence[str]], Mapping[str, object]]) -> ApiProblem:
        """Return the same problem with every path replaced by its place."""
        found = places([each.path for each in self.errors])
        errors = [ProblemField(str(found[each.path]), each.message) for each in self.errors]
        return type(self)(str(self), status=self.status, errors=errors, document=self.document)


class Unauthenticated(ApiProblem):
    """The caller is unknown: sign in (401)."""


class Forbidden(ApiProblem):
    """The caller lacks a role (403)."""


class NotFound(ApiProblem):
    """No object has that name or id (404)."""


class Conflict(ApiProblem):
    """The present state does not allow the request (409)."""


class PreconditionFailed(ApiProblem):
    """The object or the plan has changed since it was read (412)."""


class Invalid(ApiProblem):
    """The request breaks a rule (400, 413, 415, 422)."""


class Busy(ApiProblem):
    """The API cannot answer now (429, 5xx)."""


_BY_STATUS: Mapping[int, type[ApiProblem]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    400: Invalid,
    413: Invalid,
    415: Invalid,
    422: Invalid,
}


def problem_class(status: int) -> type[ApiProblem]:
    """Return the class of a problem with this status."""
    return Busy if _is_transient(status) else _BY_STATUS.get(status, ApiProblem)


class WaitTimeout(PolysyncError):
    """The time of a wait is over; the run continues."""


class RunFailed(PolysyncError):
    """A run ended with another status than Succeeded."""


def _is_transient(status: int) -> bool:
    return status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR
