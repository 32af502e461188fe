"""Builds HTML links to runs, Tasks and Jobs, and to a run on its platform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import htpy as h
from htpy import Element, Node

from polysync_core.console.icons import icon
from polysync_core.console.paths import job_path, run_path, task_path
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun

SHORT_ID = 8
"""The characters of an id that pages show."""
_RUN_ID = re.compile(r"\b(r[a-z2-7]{25})\b")


def short_id(run_id: str) -> str:
    """Return the first characters of an id, which are nearly always unique."""
    return run_id[:SHORT_ID]


def run_link(run_id: RunId, text: Node = None) -> Element:
    """Return a link to a run; the text is the beginning of its id by default."""
    if text is None:
        return h.a(".mono", href=run_path(run_id), title=run_id)[short_id(run_id)]
    return h.a(href=run_path(run_id), title=run_id)[text]


def subject_link(run: TaskRun) -> Element:
    """Return a link to the Task of a run, or else to its Job."""
    if run.task is None:
        return h.a(href=job_path(run.job.name))[run.job.name]
    return h.a(href=task_path(run.task))[run.task]


def with_run_links(text: str) -> Iterator[Node]:
    """Yield a text whose run ids are links."""
    for part in _RUN_ID.split(text):
        yield run_link(RunId(part)) if _RUN_ID.fullmatch(part) else part


def platform_address(attempt: Attempt | None) -> str | None:
    """Return the safe address of an attempt on its platform, or None."""
    address = None if attempt is None else attempt.monitor_url
    if address is None or urlsplit(address).scheme not in {"https", "http"}:
        return None
    return address


def platform_link(
    run: TaskRun, attempt: Attempt | None, *, text: str | None = None, classes: str = ""
) -> Node:
    """Return a link to an attempt on its platform; None while there is no page."""
    address = platform_address(attempt)
    if address is None:
        return None
    name = f"Open on {run.job.platform}"
    link = h.a(
        class_=classes or None,
        href=address,
        target="_blank",
        rel="noreferrer noopener",
        title=name,
        aria_label=name if text is None else None,
    )
    return link[text and [text, " "], icon("external")]
