"""Server-sent events: a run's changes of status as they happen.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from anyio import to_thread
from fastapi.responses import StreamingResponse

from polysync_core.api.views import run_view
from polysync_core.application.runs import TaskRuns
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.values import TaskRun

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0
_KEEP_ALIVE = 15.0
"""Seconds without an event after which a comment keeps proxies from closing the connection."""
_LONGEST_STREAM = 210.0
"""The front end of Azure Functions cuts a response at 230 s; the client comes back by itself."""


async def run_events(runs: TaskRuns, run_id: RunId, *, after: int) -> StreamingResponse:
    """Return the events of a run; a missing run raises before the stream opens."""
    return event_stream(runs.get, await to_thread.run_sync(runs.get, run_id), after=after)


def event_stream(
    read: Callable[[RunId], TaskRun],
    run: TaskRun,
    *,
    after: int = 0,
    data: Callable[[TaskRun], dict[str, Any]] = run_view,
) -> StreamingResponse:
    """Return the events of a run from behind the `after`-th entry of its history."""
    return StreamingResponse(
        _events(read, run, after, data),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    read: Callable[[RunId], TaskRun],
    run: TaskRun,
    after: int,
    data: Callable[[TaskRun], dict[str, Any]],
) -> AsyncIterator[str]:
    opened = quiet_since = time.monotonic()
    pause = _FIRST_PAUSE
    yield "retry: 1000\n\n"
    while True:
        if run.sequence > after:
            yield _event(run, data)
            after, pause, quiet_since = run.sequence, _FIRST_PAUSE, time.monotonic()
        if run.status.is_terminal or time.monotonic() - opened > _LONGEST_STREAM:
            return
        if time.monotonic() - quiet_since > _KEEP_ALIVE:
            yield ": still here\n\n"
            quiet_since = time.monotonic()
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        run = await to_thread.run_sync(read, run.run_id)


def _event(run: TaskRun, data: Callable[[TaskRun], dict[str, Any]]) -> str:
    text = json.dumps(data(run), separators=(",", ":"))
    return f"id: {run.sequence}\nevent: status\ndata: {text}\n\n"
