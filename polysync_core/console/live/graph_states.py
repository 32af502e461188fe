"""Streams the states of Tasks and dependencies as JSON to the graph picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime

import htpy as h
from anyio import to_thread
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from htpy import Element

from polysync_core.api.runs.graph import CurrentOutlines, CurrentTaskGraphs
from polysync_core.api.sse import RECONNECT, event, with_keep_alive
from polysync_core.application.dependencies.graph_view import Graph
from polysync_core.console.graph.states import is_active, states_tag, states_text
from polysync_core.console.live.shared_reads import SharedReads
from polysync_core.console.pages.graph.query import CurrentGraphQuery, GraphQuery
from polysync_core.console.routing import PageRouter

_PERIOD_SECONDS = 1.0
_KEEP_ALIVE_SECONDS = 15.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = PageRouter()
_shared = SharedReads[Graph]()


def live_element(query: GraphQuery, graph: Graph, now: datetime) -> Element:
    """Return the element that opens the stream of a page, or polls at long intervals."""
    stream, look = query.address("live", "graph"), query.address("live", "graph", "states")
    tag = states_tag(states_text(graph, now))
    return h.div(
        "#graph-states",
        {
            "hidden": True,
            "hx-sse:connect": stream,
            "hx-sse:close": "idle",
            "hx-swap": "none",
            "data-look": look,
            "data-tag": tag,
        },
    )


@router.get("/live/graph/states")
def graph_states(
    request: Request,
    query: CurrentGraphQuery,
    graphs: CurrentTaskGraphs,
    outlines: CurrentOutlines,
) -> Response:
    """Return the states, or 304 if they are those that the caller has."""
    text = states_text(query.read(graphs, outlines), datetime.now(UTC))
    tag = f'"{states_tag(text)}"'
    headers = {"ETag": tag, "Cache-Control": "no-store"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="application/json", headers=headers)


@router.get("/live/graph")
async def graph_stream(
    request: Request,
    query: CurrentGraphQuery,
    graphs: CurrentTaskGraphs,
    outlines: CurrentOutlines,
) -> StreamingResponse:
    """Stream the states whenever they change, until nothing can change any more."""
    seen = request.headers.get("last-event-id", "")
    question = graphs, query.part

    def read() -> Graph:
        return _shared.get(question, lambda: query.read(graphs, outlines))

    frames = frames_of(read, seen)
    return StreamingResponse(
        with_keep_alive(frames, seconds=_KEEP_ALIVE_SECONDS, comment="keep-alive"),
        media_type="text/event-stream",
        headers=_HEADERS,
    )


async def frames_of(read: Callable[[], Graph], seen: str) -> AsyncGenerator[str]:
    """Yield the states after each change, and `idle` when no run is active."""
    yield RECONNECT
    while True:
        graph = await to_thread.run_sync(read)
        text = states_text(graph, datetime.now(UTC))
        tag = states_tag(text)
        if tag != seen:
            yield event(tag, "states", text)
            seen = tag
        if not is_active(graph):
            yield event(tag, "idle", "{}")
            return
        await asyncio.sleep(_PERIOD_SECONDS)
