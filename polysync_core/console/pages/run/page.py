"""Serves the HTML page of one run, its live updates and its failure details."""

from __future__ import annotations

from typing import Annotated

import htpy as h
from anyio import to_thread
from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from htpy import Element, Node

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.runs.explanations import CurrentExplanations
from polysync_core.api.runs.logs import CurrentFailureDetailsReader
from polysync_core.api.runs.routes import CurrentTaskRuns
from polysync_core.console.live.fragments import OVER, Part, part_stream, tag_of
from polysync_core.console.live.shared_reads import SharedReads
from polysync_core.console.pages.run.actions import NOTICES, run_actions
from polysync_core.console.pages.run.attempts import (
    attempts_card,
    details_card,
    history_card,
    no_details,
)
from polysync_core.console.pages.run.content import CurrentRelatives, RunContent, RunPageReader
from polysync_core.console.pages.run.side_cards import side_cards
from polysync_core.console.pages.run.state_card import state_card
from polysync_core.console.pages.run.time_axis import time_axis
from polysync_core.console.pages.run.values import outputs_card, values_card
from polysync_core.console.pages.runs.bulk import notices_of
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.live import live_button, stream_element
from polysync_core.console.parts.run_links import short_id
from polysync_core.console.paths import job_path, page_path, run_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import Crumb, has_role, page, redirect
from polysync_core.domain.runs.identity import is_run_id
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.security.roles import Role

RUN = "run"
"""The id of the part of the page that its stream replaces."""

router = PageRouter()
_shared = SharedReads[RunContent]()


@router.get("/runs/{run_id}")
def run_page(  # noqa: PLR0913 - one parameter for each use case
    request: Request,
    run_id: str,
    runs: CurrentTaskRuns,
    explanations: CurrentExplanations,
    relatives: CurrentRelatives,
    engine: CurrentEngine,
) -> Response:
    """Show a run; the beginning of an id leads to the run."""
    if not is_run_id(run_id):
        return redirect(run_path(runs.find(run_id)))
    reader = RunPageReader(runs=runs, explanations=explanations, relatives=relatives, engine=engine)
    seen = reader.read(runs.find(run_id))
    run = seen.run
    is_active = not run.status.is_terminal
    may_act = has_role(request, Role.OPERATOR)
    return page(
        request,
        short_id(run.run_id),
        content(seen),
        no_details(),
        _stream(seen) if is_active else None,
        section="runs",
        crumbs=crumbs_of(run),
        beside=live_button() if is_active else None,
        actions=run_actions(seen, may_act=may_act),
        notices={**NOTICES, **notices_of(request.query_params.get("notice", ""))},
    )


@router.get("/live/runs/{run_id}")
async def live_run(  # noqa: PLR0913 - one parameter for each use case
    request: Request,
    run_id: str,
    runs: CurrentTaskRuns,
    explanations: CurrentExplanations,
    relatives: CurrentRelatives,
    engine: CurrentEngine,
) -> StreamingResponse:
    """Stream the page of a run whenever it changes, until the run is over."""
    # An unknown run is refused before the stream opens.
    found = (await to_thread.run_sync(lambda: runs.get(runs.find(run_id)))).run_id
    reader = RunPageReader(runs=runs, explanations=explanations, relatives=relatives, engine=engine)
    may_act = has_role(request, Role.OPERATOR)

    def read() -> Part:
        seen = _shared.get((runs, found), lambda: reader.read(found))
        return Part(
            content=lambda: [content(seen), run_actions(seen, may_act=may_act, is_late=True)],
            state=seen.state,
            is_active=not seen.run.status.is_terminal,
        )

    return part_stream(request, read, end=OVER)


@router.get("/runs/{run_id}/details")
def failure_details(
    request: Request,
    run_id: str,
    runs: CurrentTaskRuns,
    details: CurrentFailureDetailsReader,
    attempt: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Show the platform's own words about the failure of an attempt."""
    found = details.read(runs.find(run_id), attempt)
    crumbs = [*crumbs_of(found.run), (short_id(found.run.run_id), run_path(found.run.run_id))]
    return page(request, "Failure details", details_card(found), section="runs", crumbs=crumbs)


def content(seen: RunContent) -> Element:
    """Return the part of the page that its stream replaces."""
    run = seen.run
    main: list[Node] = [
        state_card(seen),
        card("Waits and attempts", h.div(".in")[time_axis(run, now=seen.at)]),
        attempts_card(run),
        values_card(seen),
        outputs_card(seen),
        history_card(run),
    ]
    return h.div(".with-aside", id=RUN)[h.div(".stack")[main], side_cards(seen)]


def crumbs_of(run: TaskRun) -> list[Crumb]:
    """Return the pages above the page of a run."""
    if run.task is None:
        return [("Runs", page_path("runs")), (run.job.name, job_path(run.job.name))]
    return [("Runs", page_path("runs")), (run.task, page_path("tasks", run.task, "runs"))]


def _stream(seen: RunContent) -> Element:
    address = page_path("live", "runs", seen.run.run_id)
    return stream_element(address, target=RUN, tag=tag_of(seen.state), end=OVER)
