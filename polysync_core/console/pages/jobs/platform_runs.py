"""Serves the HTML page that lists a Job's runs as the platform reports them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

import htpy as h
from fastapi import Query, Request, Response
from htpy import Element, Node

from polysync_core.api.runs.platform_runs import (
    CurrentPlatformRuns,
    PlatformRunsView,
    PlatformRunView,
    platform_runs_view,
)
from polysync_core.console.icons import icon
from polysync_core.console.parts.cards import commands
from polysync_core.console.parts.notices import empty_state, notice
from polysync_core.console.parts.tables import older_link, table
from polysync_core.console.parts.times import duration_text, nothing, relative_time
from polysync_core.console.paths import job_path, page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page

_LENGTH = 50
_COLUMNS = ("Status", "Run on the platform", "Started", "Duration", "Message")
_COLOURS: Mapping[str, str] = {
    "Starting": "info",
    "Running": "info",
    "Success": "success",
    "Failed": "error",
    "Cancelled": "warning",
    "Unknown": "warning",
}

router = PageRouter()


@router.get("/jobs/{name}/platform-runs")
def platform_runs(
    request: Request,
    name: str,
    runs: CurrentPlatformRuns,
    after: Annotated[str | None, Query()] = None,
) -> Response:
    """List the runs of a Job's artefact, newest first, also those started elsewhere."""
    found = platform_runs_view(runs.page(name, limit=_LENGTH, token=after))
    token = found.continuation_token
    older = token and page_path("jobs", name, "platform-runs", after=token)
    return page(
        request,
        "Runs on the platform",
        h.div(".stack")[
            found.note and notice("info", found.note),
            _list(found),
            older_link(older),
            commands(f"polysync platform-runs {name}"),
        ],
        section="jobs",
        crumbs=[("Jobs", page_path("jobs")), (name, job_path(name))],
    )


def _list(found: PlatformRunsView) -> Element:
    if not found.items:
        return h.div(".card")[empty_state("The platform lists no runs of this artefact.")]
    now = datetime.now(UTC)
    rows = [_row(each, now) for each in found.items]
    return h.div(".card.rows")[table("Runs on the platform, newest first", _COLUMNS, rows)]


def _row(run: PlatformRunView, now: datetime) -> Element:
    start, end = run.started_at, run.finished_at
    status = run.provider_status.value
    return h.tr[
        h.td[
            h.span(class_=f"badge {_COLOURS[status]}")[status],
            run.provider_state and h.small[run.provider_state],
        ],
        h.td(".break")[_link(run)],
        h.td[relative_time(start, now=now)],
        h.td[duration_text(end - start) if start and end else nothing()],
        h.td(".why")[run.message],
    ]


def _link(run: PlatformRunView) -> Node:
    address = run.monitor_url
    if address is None or urlsplit(address).scheme not in {"https", "http"}:
        return h.span(".mono")[run.external_run_id]
    return h.a(".mono", href=address, target="_blank", rel="noreferrer noopener")[
        run.external_run_id, " ", icon("external"), h.span(".hidden")[" on the platform"]
    ]
