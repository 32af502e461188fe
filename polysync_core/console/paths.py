"""Builds the URLs of console pages with quoted names and values."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

BASE = "/console"
"""The path of the console on every host."""
NEW = "new"
"""The last part of the address of a form for a new definition."""

type Value = str | int | bool | Sequence[str] | None


def page_path(*segments: str, **query: Value) -> str:
    """Return the address of a page of the console.

    `page_path("tasks", name, tab="settings")` is `/console/tasks/<name>?tab=settings`. A query
    value that is None, False or empty is left out; a sequence is repeated.
    """
    path = "/".join([BASE, *(quote(segment, safe="") for segment in segments)])
    values = [(name.rstrip("_"), text) for name, value in query.items() for text in _texts(value)]
    return f"{path}?{urlencode(values)}" if values else path


def new_path(section: str, **query: Value) -> str:
    """Return the address of the form of a new definition.

    No definition can have the name `-`, so every name is free for definitions.
    """
    return page_path(section, "-", NEW, **query)


def run_path(run_id: str) -> str:
    """Return the address of a run."""
    return page_path("runs", run_id)


def task_path(name: str, *more: str, tab: str | None = None, notice: str | None = None) -> str:
    """Return the address of a Task, or of a page below it."""
    return page_path("tasks", name, *more, tab=tab, notice=notice)


def job_path(name: str) -> str:
    """Return the address of a Job."""
    return page_path("jobs", name)


def platform_path(name: str) -> str:
    """Return the address of a Platform."""
    return page_path("platforms", name)


def limit_path(name: str) -> str:
    """Return the address of a contention profile."""
    return page_path("limits", name)


def _texts(value: Value) -> list[str]:
    if value is None or value is False or value == "":
        return []
    if value is True:
        return ["true"]
    return [str(value)] if isinstance(value, str | int) else list(value)
