"""Defines the errors that end a command, with their messages.

CommandFailed
├── BadDocument       a definitions file cannot be read
├── ApiProblem        the API refused the request and explains why
├── MalformedAnswer  the server that answered does not speak the API
└── Unreachable       the server does not answer (AnswerLost: the request may have been executed)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from polysync_core.domain.json_types import JsonObject

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


class CommandFailed(Exception):
    """The command failed; the message and its details say why."""

    def __init__(self, message: str, *, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.details = tuple(details)

    def add_detail(self, line: str) -> None:
        """Add a line, such as what the user can do now."""
        self.details = (*self.details, line)

    @property
    def is_transient(self) -> bool:
        """Return whether the same request may succeed a moment later."""
        return False


class BadDocument(CommandFailed):
    """A definitions file cannot be read."""


class Unreachable(CommandFailed):
    """The server does not answer at the API's address."""

    @property
    def is_transient(self) -> bool:
        """Return whether the same request may succeed a moment later."""
        return True


class AnswerLost(Unreachable):
    """The request was sent, but its answer did not arrive."""


class MalformedAnswer(CommandFailed):
    """The server that answered does not speak the API."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_transient(self) -> bool:
        """Return whether the same request may succeed a moment later."""
        return self.status is not None and _is_transient(self.status)


@dataclass(frozen=True, slots=True)
class ProblemField:
    """One error in a request: the path of the field and what is wrong with it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ApiProblem(CommandFailed):
    """The API refused the request with a problem document (RFC 9457)."""

    def __init__(
        self, message: str, *, status: int, errors: Sequence[ProblemField], document: JsonObject
    ) -> None:
        omitted = document.get("omittedErrors")
        more = [f"and {omitted} more"] if omitted else []
        super().__init__(message, details=[*map(str, errors), *more])
        self.status = status
        self.errors = tuple(errors)
        self.document = document

    def with_paths(self, places: Callable[[Sequence[str]], Mapping[str, object]]) -> ApiProblem:
        """Return the same problem with every path replaced by its place."""
        found = places([each.path for each in self.errors])
        errors = [ProblemField(str(found[each.path]), each.message) for each in self.errors]
        return ApiProblem(str(self), status=self.status, errors=errors, document=self.document)

    @property
    def is_transient(self) -> bool:
        """Return whether the same request may succeed a moment later."""
        return _is_transient(self.status)


def _is_transient(status: int) -> bool:
    return status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR
