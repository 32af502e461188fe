"""What can go wrong, by what the caller can do about it.

PolysyncError
├── Refused            fix the request; sending it again changes nothing
│   ├── Invalid        the content breaks a rule; `problems` names every place
│   │   └── Malformed  it cannot be read at all: broken JSON or YAML, a wrong token
│   ├── Unauthenticated  say who you are
│   ├── Forbidden      have somebody give you the role
│   ├── NotFound       there is nothing of that name
│   ├── Conflict       the present state does not allow it
│   ├── StaleETag      somebody changed it since it was read
│   ├── TooLarge       it cannot be stored or sent
│   └── PlatformRefused  the platform or vault said no for good
├── Unavailable        try again, after `retry_after` seconds where given
├── Uncertain          it may have happened: look before sending it again
└── Broken             ours to mend

The docstring of a class is its default message. No message holds a secret or the body of a
platform's answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from polysync_core.domain.causes import FailureCause


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a request: where (`tasks[2].schedules[0].cron`) and what to do."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class PolysyncError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class Refused(PolysyncError):
    """The request cannot be carried out as it stands."""


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
    """There is nothing of that name."""


class Conflict(Refused):
    """The present state does not allow it."""

    def __init__(self, message: str | None = None, problems: Sequence[Problem] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(message)


class StaleETag(Refused):
    """Somebody changed it since it was read: read it again and repeat the change."""


class TooLarge(Refused):
    """It is larger than can be stored."""


class PlatformRefused(Refused):
    """The platform refused the request for good."""

    def __init__(self, message: str, *, cause: FailureCause, status: int | None = None) -> None:
        super().__init__(message)
        self.cause = cause
        self.status = status


class Unavailable(PolysyncError):
    """A service that is needed does not answer at present."""

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
        """What the service answered, or None where it did not."""


class Uncertain(PolysyncError):
    """The request may or may not have been carried out: look before sending it again."""

    def __init__(self, message: str | None = None, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """What the service answered in the end, or None where it did not."""


class Broken(PolysyncError):
    """Something that must not happen has happened."""
