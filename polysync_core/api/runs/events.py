"""A run's changes of status as they happen, as server-sent events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable

from anyio import to_thread
from fastapi.responses import StreamingResponse

from polysync_core.api.sse import event, kept_alive
from polysync_core.api.views import run_view
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 2.0
_KEEP_ALIVE = 15.0
_LONGEST_STREAM = 210.0
"""The front end of Azure Functions cuts a response at 230 s; the client comes back by itself."""


async def run_events(runs: TaskRuns, run_id: RunId, *, after: int) -> StreamingResponse:
    """Return the events of a run from behind the `after`-th entry of its history.

    A missing run raises before the stream opens.
    """
    run = await to_thread.run_sync(runs.get, run_id)
    return StreamingResponse(
        kept_alive(_events(runs, run, after), seconds=_KEEP_ALIVE, comment="still here"),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def changes(
    read: Callable[[RunId], TaskRun], run: TaskRun, *, after: int, longest: float
) -> AsyncGenerator[TaskRun]:
    """Yield a run whenever its history has grown, until it has ended or the time is over."""
    opened = time.monotonic()
    pause = _FIRST_PAUSE
    while True:
        if run.sequence > after:
            yield run
            after, pause = run.sequence, _FIRST_PAUSE
        if run.status.is_terminal or time.monotonic() - opened > longest:
            return
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
        run = await to_thread.run_sync(read, run.run_id)


async def _events(runs: TaskRuns, run: TaskRun, after: int) -> AsyncGenerator[str]:
    yield "retry: 1000\n\n"
    async for changed in changes(runs.get, run, after=after, longest=_LONGEST_STREAM):
        text = json.dumps(run_view(changed), separators=(",", ":"))
        yield event(str(changed.sequence), "status", text)
