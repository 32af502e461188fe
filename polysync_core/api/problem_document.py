"""Defines the JSON body of every API error, a problem document (RFC 9457)."""

from __future__ import annotations

from pydantic import Field

from polysync_core.api.models import View


def _is_absent(value: object) -> bool:
    return value is None


class ProblemItem(View):
    """One problem of a request."""

    path: str
    """The place of the problem, such as `tasks[2].schedules[0].cron`; empty for the whole."""
    message: str
    """The problem and its remedy."""


class ProblemDocument(View):
    """The body of an error."""

    type: str
    """The URN of the kind of problem, such as `urn:polysync:problem:not-found`."""
    title: str
    """The kind of problem in words."""
    status: int
    """The HTTP status."""
    detail: str
    """The problem of this request and its remedy."""
    errors: list[ProblemItem]
    """The problems of single fields, at most 100."""
    omitted_errors: int = 0
    """The number of further problems."""
    name: str | None = Field(default=None, exclude_if=_is_absent)
    """The name that was not found."""
    nearest: list[str] | None = Field(default=None, exclude_if=_is_absent)
    """The existing names that are most similar to the one that was not found."""
    allowed: list[str] | None = Field(default=None, exclude_if=_is_absent)
    """All existing names, if they are few."""
    candidates: list[str] | None = Field(default=None, exclude_if=_is_absent)
    """The ids that an ambiguous id may mean."""


class JobProblemDocument(ProblemDocument):
    """The body of an error of the routes that AppKit clients use."""

    error: str
    """The error in the words that AppKit clients expect."""
    plugin: str
    """The AppKit plugin that serves the same route: `jobs`."""
