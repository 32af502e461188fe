"""Streams a run's state changes as server-sent events, until the run ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from anyio import to_thread
from fastapi.responses import StreamingResponse

from polysync_core.api.run_views import run_view
from polysync_core.api.sse import RECONNECT, event, with_keep_alive
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun

_FIRST_DELAY = 0.25
_MAX_DELAY = 2.0
_KEEP_ALIVE_SECONDS = 15.0


async def run_events(runs: TaskRuns, run_id: RunId, *, after: int) -> StreamingResponse:
    """Return the events of a run after entry number `after` of its history.

    An unknown run raises `NotFound` before the stream opens.
    """
    run = await to_thread.run_sync(runs.get, run_id)
    return StreamingResponse(
        with_keep_alive(
            _events(runs, run, after), seconds=_KEEP_ALIVE_SECONDS, comment="keep-alive"
        ),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def changes(
    read: Callable[[RunId], TaskRun],
    run: TaskRun,
    *,
    after: int,
    every_state: bool = False,
) -> AsyncGenerator[TaskRun]:
    """Yield a run after each change of its history, until its end.

    With `every_state`, a run is also yielded if its reason, problem or attempt has changed.
    """
    delay, shown = _FIRST_DELAY, None
    while True:
        state = (run.reason, run.problem, run.attempts)
        is_new = every_state and shown is not None and shown != state
        if run.sequence > after or is_new:
            yield run
            after, delay = run.sequence, _FIRST_DELAY
        shown = state
        if run.status.is_terminal:
            return
        await asyncio.sleep(delay)
        delay = min(delay * 1.5, _MAX_DELAY)
        run = await to_thread.run_sync(read, run.run_id)


async def _events(runs: TaskRuns, run: TaskRun, after: int) -> AsyncGenerator[str]:
    yield RECONNECT
    async for changed in changes(runs.get, run, after=after, every_state=True):
        text = run_view(changed).model_dump_json(by_alias=True)
        yield event(str(changed.sequence), "status", text)
