"""Streams new table rows and summary figures to the HTML page that lists runs."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from htpy import Node

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.runs.routes import CurrentTaskRuns
from polysync_core.console.live.fragments import Part, part_answer, part_stream
from polysync_core.console.live.shared_reads import SharedReads
from polysync_core.console.pages.runs.figures import figures_strip
from polysync_core.console.pages.runs.page import RunsContent, read_content, runs_card
from polysync_core.console.pages.runs.query import RunsQuery, read_query
from polysync_core.console.pages.runs.services import CurrentOverview
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import has_role
from polysync_core.domain.security.roles import Role

router = PageRouter()
_shared = SharedReads[RunsContent]()


@router.get("/live/runs")
async def live_runs(
    request: Request, runs: CurrentTaskRuns, overview: CurrentOverview, engine: CurrentEngine
) -> StreamingResponse:
    """Stream the rows and figures whenever they change, until no shown run is active."""
    query = _query(request)

    def read() -> Part:
        question = (runs, query)
        seen = _shared.get(question, lambda: read_content(query, runs, overview, engine))
        return _part(request, query, seen)

    return part_stream(request, read)


@router.get("/part/runs")
def part_of_runs(
    request: Request, runs: CurrentTaskRuns, overview: CurrentOverview, engine: CurrentEngine
) -> Response:
    """Return the rows and figures, or 304 if the browser has them."""
    query = _query(request)
    return part_answer(request, _part(request, query, read_content(query, runs, overview, engine)))


def _query(request: Request) -> RunsQuery:
    return read_query(request, task=request.query_params.get("of") or None)


def _part(request: Request, query: RunsQuery, seen: RunsContent) -> Part:
    may_choose = has_role(request, Role.OPERATOR)

    def content() -> Node:
        figures = figures_strip(seen.overview.figures, now=seen.at, is_late=True)
        return [runs_card(seen, query, may_choose=may_choose), figures]

    return Part(state=seen.state, content=content, is_active=seen.is_active)
