"""Defines the exceptions of Polysync, grouped by the remedy for the caller.

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
│   ├── VaultUnavailable  the vault of a secret does not answer
│   └── ShardFull      too many runs wait for their start
├── Uncertain          the request may have succeeded: check before repeating
└── Broken             a defect of Polysync

The docstring of a class is its default message. No message contains a secret, or the body of a
platform's answer. `platform_message` holds the platform's own text apart from the message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from polysync_core.domain.display_text import escaped
from polysync_core.domain.runs.failures.causes import FailureCause

MAX_PROBLEMS = 100
"""The maximum number of problems that an error names; the rest is counted."""
MAX_SUGGESTIONS = 20
"""The number of problems of an error that may suggest a name."""
_MAX_PATH = 500
_MAX_MESSAGE = 1500
_MAX_SUMMARY = 3


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One problem of a request: a path such as `tasks[2].schedules[0].cron` and the remedy."""

    path: str
    text: str
    hint: Callable[[], str] | None = None
    """Returns the end of the message. It may be expensive, so only some problems use it."""

    @property
    def message(self) -> str:
        """The text with the hint."""
        return self.text if self.hint is None else self.text + self.hint()

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Problem):
            return NotImplemented
        return (self.path, self.message) == (other.path, other.message)

    def __hash__(self) -> int:
        return hash((self.path, self.text))


def _bounded(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the first problems with bounded texts; only a few of them keep their hints."""
    return tuple(
        replace(
            each,
            path=shortened(each.path, _MAX_PATH),
            text=shortened(each.text, _MAX_MESSAGE),
            hint=each.hint if index < MAX_SUGGESTIONS else None,
        )
        for index, each in enumerate(islice(problems, MAX_PROBLEMS))
    )


def shortened(text: str, length: int) -> str:
    """Return a text without deceptive characters, cut to `length` bytes of UTF-8."""
    shown = escaped(text[: length + 1])
    content = shown.encode()
    if len(content) <= length:
        return shown
    return content[: length - 3].decode("utf-8", "ignore") + "…"


class HintedError(ValueError):
    """A value is wrong, and an expensive hint says how to correct it."""

    def __init__(self, message: str, hint: Callable[[], str]) -> None:
        super().__init__(message)
        self.hint = hint


class PolysyncError(Exception):
    """The request failed; the log of the app has the reason."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])
        self.platform_message: str | None = None
        """The platform's own message on one short line, or None.

        It may quote a secret: redact it before it is stored, logged or shown.
        """
        self.platform_answer: str | None = None
        """The bounded body of the platform's answer, or None; the same caution applies."""
        self.quoted: str | None = None
        """The part of the message that the platform chose, such as the host of a redirect."""


class Refused(PolysyncError):
    """The request cannot be executed in this form."""


class Invalid(Refused):
    """The request breaks one or more rules."""

    def __init__(
        self, problems: Sequence[Problem], message: str | None = None, *, omitted: int = 0
    ) -> None:
        self.problems = _bounded(problems)
        self.omitted = omitted + len(problems) - len(self.problems)
        """The number of further problems, which are not in `problems`."""
        self._message = message
        super().__init__(message)

    def __str__(self) -> str:
        # The hints of an error that is joined with others are never needed.
        return self._message or summary(self.problems, self.omitted)

    @classmethod
    def at(cls, path: str, message: str) -> Invalid:
        """Return the error for a single problem."""
        return cls([Problem(path, message)])


def summary(problems: Sequence[Problem], omitted: int = 0) -> str:
    """Return the first problems in one line, and the number of the others."""
    more = len(problems) - _MAX_SUMMARY + omitted
    listed = "; ".join(map(str, problems[:_MAX_SUMMARY]))
    return listed + (f"; and {more} more" if more > 0 else "")


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
        self.problems = _bounded(problems)
        self.omitted = len(problems) - len(self.problems)
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


class ShardFull(Unavailable):
    """A shard holds its maximum of waiting runs."""


class Uncertain(PolysyncError):
    """The request may or may not have been executed: check before repeating it."""

    def __init__(self, message: str | None = None, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status of the last answer, or None without an answer."""


class Broken(PolysyncError):
    """An internal error occurred."""
