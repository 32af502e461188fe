"""Serves the HTML page that lists Jobs with their Tasks and drift."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import htpy as h
from fastapi import Depends, Request, Response
from htpy import Element, Node

from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.api.use_cases import use_case
from polysync_core.application.definitions.job_list import MOST_COUNTED, JobList, JobPage
from polysync_core.application.platforms.recent_drift import CheckedDrift, RecentDrift
from polysync_core.console.editing.frame import list_notices
from polysync_core.console.forms.labels import type_label
from polysync_core.console.icons import icon
from polysync_core.console.pages.jobs.drift_words import drift_cell
from polysync_core.console.pages.jobs.job_filters import CurrentJobQuery, JobQuery, filter_form
from polysync_core.console.parts.broken import broken_mark
from polysync_core.console.parts.notices import empty_state, notice
from polysync_core.console.parts.tables import older_link, table
from polysync_core.console.parts.times import nothing
from polysync_core.console.paths import job_path, new_path, page_path, platform_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import has_role, page
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.security.roles import Role

_SECTION = "jobs"
_LENGTH = 50
_COLUMNS = ("Name", "Platform", "Type", "Tasks", "Drift", "Tags")

CurrentJobList = Annotated[JobList, Depends(use_case(JobList))]
CurrentRecentDrift = Annotated[RecentDrift, Depends(use_case(RecentDrift))]

router = PageRouter()


@router.get("/jobs")
def jobs(
    request: Request,
    query: CurrentJobQuery,
    job_list: CurrentJobList,
    recent: CurrentRecentDrift,
    editing: CurrentDefinitionEditing,
) -> Response:
    """List Jobs by name; with `drift` they are compared with their artefacts."""
    found = job_list.page(query.filter, limit=_LENGTH, token=query.after)
    drift = recent.checked(found.items) if query.drift else recent.known(found.items)
    counts = job_list.task_counts(found.jobs)
    new = _new(request)
    if not found.items and not query.is_filtered and query.after is None:
        content: Node = _no_jobs(new)
    else:
        content = [
            filter_form(query, editing),
            _compared(query, found, drift),
            _list(query, found, drift, counts),
        ]
    return page(
        request,
        "Jobs",
        content,
        older_link(found.token and query.address(after=found.token), label="Next"),
        section=_SECTION,
        actions=[_compare_button(query), new] if found.items else new,
        notices=list_notices(request, _SECTION),
    )


def _new(request: Request) -> Node:
    return (
        has_role(request, Role.ADMINISTRATOR)
        and h.a(".button.primary", href=new_path(_SECTION))[icon("add"), "New job"]
    )


def _compare_button(query: JobQuery) -> Element:
    address = query.address(after=query.after, drift=True)
    return h.a(".button", href=address)[icon("artefact"), "Compare with artefacts"]


def _no_jobs(new: Node) -> Element:
    return empty_state(
        "A Job is the template of one artefact on a platform. There is no Job yet.",
        new,
        h.a(".button", href=page_path("platforms"))["Import from a platform"],
        command="polysync import lakehouse",
    )


def _compared(query: JobQuery, found: JobPage, drift: Mapping[str, CheckedDrift]) -> Node:
    """Return a notice about the Jobs that the comparison did not reach in time."""
    left = [each for each in found.jobs if each.name not in drift]
    if not query.drift or not left:
        return None
    return notice(
        "warning",
        f"The platforms answer slowly: {len(left)} Jobs are not compared yet. ",
        h.a(href=query.address(after=query.after, drift=True))["Continue"],
    )


def _list(
    query: JobQuery,
    found: JobPage,
    drift: Mapping[str, CheckedDrift],
    counts: Mapping[str, int],
) -> Element:
    if not found.items:
        sentence = "No Job of this page has these properties."
        if found.token is None:
            sentence = "No Job has these properties."
        return h.div(".card")[
            empty_state(sentence, h.a(".button", href=page_path(_SECTION))["Clear the filters"])
        ]
    now = datetime.now(UTC)
    rows = [_row(each, drift.get(each.name), counts[each.name], now) for each in found.jobs]
    return h.div(".card.rows")[table("Jobs by name", _COLUMNS, rows)]


def _row(job: Job, drift: CheckedDrift | None, tasks: int, now: datetime) -> Element:
    address = job_path(job.name)
    return h.tr(id=f"row-{job.name}", data_url=address, data_id=job.name)[
        h.td[
            h.a(".name", href=address)[job.name],
            broken_mark(job),
            job.display_name and h.small[job.display_name],
        ],
        h.td[h.a(href=platform_path(job.platform))[job.platform]],
        h.td[type_label(job.job_type), h.small(".break")[job.external_id]],
        h.td[_tasks(job, tasks)],
        h.td(".why")[drift_cell(drift, now=now)],
        h.td[_tags(job.tags)],
    ]


def _tasks(job: Job, count: int) -> Node:
    if count == 0:
        return nothing()
    text = f"{MOST_COUNTED} or more" if count >= MOST_COUNTED else str(count)
    return h.a(href=page_path("tasks", q=job.name), aria_label=f"{text} Tasks of {job.name}")[text]


def _tags(tags: Mapping[str, str]) -> Node:
    if not tags:
        return nothing()
    return h.span(".chips")[
        [
            h.a(".chip", href=page_path(_SECTION, tag=f"{name}={value}"))[f"{name}={value}"]
            for name, value in tags.items()
        ]
    ]
