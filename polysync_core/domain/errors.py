"""Defines the errors of the product, grouped by the caller's remedy.

PolysyncError
├── Refused            correct the request; a repetition fails again
│   ├── Invalid        the content breaks a rule; `problems` has every path
│   │   └── Malformed  the request cannot be read: broken JSON or YAML, a wrong token
│   ├── Unauthenticated  sign in
│   ├── Forbidden      ask an administrator for the role
│   ├── NotFound       no object has that name
│   ├── Conflict       the present state does not allow the request
│   │   └── Ambiguous  several objects match; `candidates` has their ids
│   ├── StaleETag      another writer changed the object since the read
│   ├── TooLarge       the content cannot be stored or sent
│   └── PlatformRefused  the platform or vault refused permanently
├── Unavailable        repeat, after `retry_after` seconds if given
│   └── VaultUnavailable  the vault of a secret does not answer
├── Uncertain          the request may have succeeded: check before repeating
└── Broken             a defect of Polysync

The docstring of a class is its default message. No message contains a secret, or the body of a
platform's answer. `platform_message` holds the platform's own text apart from the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polysync_core.domain.causes import FailureCause


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a request: a path such as `tasks[2].schedules[0].cron` and the remedy."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class PolysyncError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])
        self.platform_message: str | None = None
        """The platform's own message on one short line, or None.

        It may quote a secret: redact it before it is stored, logged or shown.
        """


class Refused(PolysyncError):
    """The request cannot be executed in this form."""


class Invalid(Refused):
    """The request breaks one or more rules."""

    def __init__(self, problems: Sequence[Problem], message: str | None = None) -> None:
        self.problems = tuple(problems)
        listed = "; ".join(str(problem) for problem in self.problems[:3])
        more = len(self.problems) - 3
        super().__init__(message or (listed + (f"; and {more} more" if more > 0 else "")))

    @classmethod
    def at(cls, path: str, message: str) -> Invalid:
        """Return the error for a single problem."""
        return cls([Problem(path, message)])


class Malformed(Invalid):
    """The request cannot be read."""


class Unauthenticated(Refused):
    """The request does not say who sends it."""


class Forbidden(Refused):
    """The caller may not do this."""


class NotFound(Refused):
    """No object has that name."""

    def __init__(
        self,
        message: str | None = None,
        *,
        name: str | None = None,
        nearest: Sequence[str] = (),
        known: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.name = name
        """The name that was looked for, if the error is about one."""
        self.nearest = tuple(nearest)
        """The existing names that are most similar."""
        self.known = tuple(known)
        """All existing names, if they are few."""


class Conflict(Refused):
    """The present state does not allow the request."""

    def __init__(self, message: str | None = None, problems: Sequence[Problem] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(message)


class Ambiguous(Conflict):
    """Several objects match the request."""

    def __init__(self, message: str, *, candidates: Sequence[str]) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)
        """The ids of some objects that match."""


class StaleETag(Refused):
    """The object was changed since it was read: read it again and repeat the change."""


class TooLarge(Refused):
    """The content is too large to be stored."""


class PlatformRefused(Refused):
    """The platform refused the request permanently."""

    def __init__(self, message: str, *, cause: FailureCause, status: int | None = None) -> None:
        super().__init__(message)
        self.cause = cause
        self.status = status


class Unavailable(PolysyncError):
    """A required service is not available at present."""

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds to wait, as the service asked, or None."""
        self.status = status
        """The HTTP status of the answer, or None without an answer."""


class VaultUnavailable(Unavailable):
    """The vault of a secret is not available at present."""

    def __init__(
        self,
        message: str,
        *,
        vault: str,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after, status=status)
        self.vault = vault


class Uncertain(PolysyncError):
    """The request may or may not have been executed: check before repeating it."""

    def __init__(self, message: str | None = None, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status of the last answer, or None without an answer."""


class Broken(PolysyncError):
    """An internal error occurred."""
