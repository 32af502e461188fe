"""Why a command did not do what was asked for.

CommandFailed
├── BadDocument       a definitions file cannot be read
├── ApiProblem        the API refused it, with an explanation
├── UnexpectedAnswer  whatever answered does not speak the API
└── Unreachable       nothing listens there (AnswerLost: it may have been done all the same)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polysync_core.cli.json import JsonObject

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


class CommandFailed(Exception):
    """The command did not do what was asked for; its lines say why."""

    def __init__(self, message: str, *, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.details = tuple(details)

    def add_detail(self, line: str) -> None:
        """Say one thing more, such as what to do now."""
        self.details = (*self.details, line)

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed in a moment."""
        return False


class BadDocument(CommandFailed):
    """A definitions file cannot be read."""


class Unreachable(CommandFailed):
    """Nothing answers at the API's address."""

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed in a moment."""
        return True


class AnswerLost(Unreachable):
    """The API was reached and did not answer: what was asked for may have happened."""


class UnexpectedAnswer(CommandFailed):
    """Whatever answered does not speak the API."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed in a moment."""
        return self.status is not None and _is_passing(self.status)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong in what was sent, and where."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ApiProblem(CommandFailed):
    """The API refused the request and explains it as RFC 9457 says."""

    def __init__(
        self, message: str, *, status: int, complaints: Sequence[Complaint], document: JsonObject
    ) -> None:
        super().__init__(message, details=[str(each) for each in complaints])
        self.status = status
        self.complaints = tuple(complaints)
        self.document = document

    def located(self, locate: Callable[[str], str]) -> ApiProblem:
        """Return the same problem with its paths told in another way."""
        complaints = [Complaint(locate(each.path), each.message) for each in self.complaints]
        return ApiProblem(
            str(self), status=self.status, complaints=complaints, document=self.document
        )

    @property
    def passing(self) -> bool:
        """Whether the same request may well succeed in a moment."""
        return _is_passing(self.status)


def _is_passing(status: int) -> bool:
    return status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR
