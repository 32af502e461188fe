"""Defines the interface that resolves secret references, and checks a reference's text."""

from __future__ import annotations

from typing import Protocol

from polysync_core.domain.errors import Invalid
from polysync_core.domain.security.secrets import Secret, SecretReference


class Secrets(Protocol):
    """Resolves references; only activities hold one."""

    def resolve(self, reference: str) -> Secret:
        """Return the value of `vault://<vault>/<secret>`.

        Raises `Invalid`, `PlatformRefused` (cause `Secret`) or `Unavailable`.
        """
        ...

    def forget(self, reference: str) -> None:
        """Drop a cached value, because a service has refused it."""
        ...


def check_reference(text: str, *, path: str) -> None:
    """Raise `Invalid` at `path` unless the text is a `vault://` reference; never quote the text."""
    problem: Invalid | None = None
    try:
        SecretReference.parse(text, path=path)
    except Invalid:
        problem = Invalid.at(
            path, "a secret in clear text is never stored: use vault://<vault>/<secret>"
        )
    if problem is not None:
        raise problem
