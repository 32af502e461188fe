"""The streams of the job routes: events `message` with what AppKit's clients expect in them."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse

from polysync_core.api.jobs.appkit_protocol import EventId
from polysync_core.api.runs.events import changes
from polysync_core.api.sse import event, kept_alive
from polysync_core.api.views import run_view
from polysync_core.appkit.errors import RunStreamEnded, WaitedTooLong
from polysync_core.appkit.following import Following
from polysync_core.appkit.keys import WAIT_TIMEOUT
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun

LARGEST_EVENT = 1024 * 1024
"""Bytes of an event's data."""

_KEEP_ALIVE = 10.0
_ALIVE = "heartbeat"
_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
_MILLISECONDS = 1000


def streamed(frames: AsyncGenerator[str], headers: dict[str, str] | None = None) -> Response:
    """Return the response that consists of some frames."""
    return StreamingResponse(
        kept_alive(_opened(frames), seconds=_KEEP_ALIVE, comment=_ALIVE),
        media_type="text/event-stream",
        headers={**_HEADERS, **(headers or {})},
    )


def nothing_more() -> Response:
    """Return what tells a client that comes back that it has seen everything."""
    return Response(status_code=204)


async def _opened(frames: AsyncGenerator[str]) -> AsyncGenerator[str]:
    # The headers go out with the first bytes: at once, and not when Databricks has answered.
    yield f": {_ALIVE}\n\n"
    async with aclosing(frames):
        async for frame in frames:
            yield frame


async def looks_of(following: Following) -> AsyncGenerator[str]:
    """Yield the looks at a run of a workspace."""
    told = EventId(run=uuid.uuid4().hex, sequence=0)
    try:
        async with aclosing(aiter(following)) as looks:
            async for look in looks:
                run_id = str(look.run_id)
                told = EventId(run=run_id, sequence=look.sequence, is_last=look.is_last)
                status = {} if look.status is None else {"status": look.status}
                yield _message(told, {**status, "timestamp": look.timestamp, "run": look.run})
    except RunStreamEnded as error:
        if error.run_id is not None and told.run != str(error.run_id):
            told = EventId(run=str(error.run_id), sequence=following.after)
        yield _error(told, error)


async def changes_of(
    read: Callable[[RunId], TaskRun], run: TaskRun, *, after: int
) -> AsyncGenerator[str]:
    """Yield the changes of a run of a job that is defined here."""
    longest = WAIT_TIMEOUT.total_seconds()
    told, ended = EventId(run=run.run_id, sequence=after), False
    async with aclosing(changes(read, run, after=after, longest=longest)) as changed:
        async for now in changed:
            ended = now.status.is_terminal
            told = EventId(run=now.run_id, sequence=now.sequence, is_last=ended)
            yield _message(told, _data(now))
    if not ended:
        yield _error(told, WaitedTooLong(run.run_id, round(longest * _MILLISECONDS)))


def _data(run: TaskRun) -> dict[str, Any]:
    """Return what an event tells: the run, and when its status became what it is."""
    at = run.history[-1].at.timestamp()
    return {"status": run.status, "timestamp": round(at * _MILLISECONDS), "run": run_view(run)}


def _message(event_id: EventId, data: dict[str, Any]) -> str:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > LARGEST_EVENT:
        too_large = f"Event exceeds max size of {LARGEST_EVENT} bytes"
        return _error_event(event_id, too_large, "INVALID_REQUEST")
    return event(str(event_id), "message", text)


def _error(event_id: EventId, error: RunStreamEnded) -> str:
    return _error_event(event_id, error.text, error.code)


def _error_event(event_id: EventId, text: str, code: str) -> str:
    data = json.dumps({"error": text, "code": code}, separators=(",", ":"))
    return event(str(event_id), "error", data)
