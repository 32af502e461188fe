"""Streams the state changes of a job run as server-sent events for AppKit clients."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse

from polysync_core.api.jobs.appkit_protocol import EventId, StreamReader
from polysync_core.api.run_views import run_view
from polysync_core.api.runs.events import changes
from polysync_core.api.sse import event, with_keep_alive
from polysync_core.appkit.configuration import MAX_EVENT_SIZE
from polysync_core.appkit.errors import RunStreamFailed
from polysync_core.appkit.run_stream import RunStream
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun

_KEEP_ALIVE_SECONDS = 10.0
_HEARTBEAT = "heartbeat"
_FIRST_BYTES = "\n"
"""An empty line, which sends the headers before Databricks has answered. Clients ignore it."""
_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}
_MILLISECONDS = 1000


def stream_response(frames: AsyncGenerator[str], headers: dict[str, str] | None = None) -> Response:
    """Return a response that streams the frames."""
    return StreamingResponse(
        with_keep_alive(_at_once(frames), seconds=_KEEP_ALIVE_SECONDS, comment=_HEARTBEAT),
        media_type="text/event-stream",
        headers={**_HEADERS, **(headers or {})},
    )


def no_more_events(reader: StreamReader) -> Response:
    """Return the answer for a client that has already seen the last event."""
    if reader is StreamReader.EVENT_SOURCE:
        return Response(status_code=204)
    return Response(_FIRST_BYTES, media_type="text/event-stream", headers=_HEADERS)


async def _at_once(frames: AsyncGenerator[str]) -> AsyncGenerator[str]:
    yield _FIRST_BYTES
    async with aclosing(frames):
        async for frame in frames:
            yield frame


async def snapshot_events(
    stream: RunStream, *, max_size: int = MAX_EVENT_SIZE
) -> AsyncGenerator[str]:
    """Yield an event for each snapshot of a Databricks run; `max_size` limits its data."""
    last_id = EventId(run=uuid.uuid4().hex, sequence=0)
    try:
        async with aclosing(aiter(stream)) as snapshots:
            async for found in snapshots:
                run_id = str(found.run_id)
                last_id = EventId(run=run_id, sequence=found.sequence, is_last=found.is_last)
                status = {} if found.status is None else {"status": found.status}
                data = {**status, "timestamp": found.timestamp, "run": found.run}
                yield _message(last_id, data, max_size)
    except RunStreamFailed as error:
        if error.run_id is not None and last_id.run != str(error.run_id):
            last_id = EventId(run=str(error.run_id), sequence=stream.after)
        yield _error(last_id, error)


async def change_events(
    read: Callable[[RunId], TaskRun], run: TaskRun, *, after: int
) -> AsyncGenerator[str]:
    """Yield an event for each change of a stored job's run."""
    async with aclosing(changes(read, run, after=after)) as changed_runs:
        async for changed in changed_runs:
            ended = changed.status.is_terminal
            event_id = EventId(run=changed.run_id, sequence=changed.sequence, is_last=ended)
            yield _message(event_id, _data(changed), MAX_EVENT_SIZE)


def _data(run: TaskRun) -> dict[str, Any]:
    """Return the data of an event: the run, its status and the time of the last change."""
    at = run.history[-1].at.timestamp()
    return {
        "status": run.status,
        "timestamp": round(at * _MILLISECONDS),
        "run": run_view(run).as_json(),
    }


def _message(event_id: EventId, data: dict[str, Any], max_size: int) -> str:
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode()) > max_size:
        too_large = f"Event exceeds max size of {max_size} bytes"
        return _error_event(event_id, too_large, "INVALID_REQUEST")
    return event(str(event_id), "message", text)


def _error(event_id: EventId, error: RunStreamFailed) -> str:
    return _error_event(event_id, error.text, error.code)


def _error_event(event_id: EventId, text: str, code: str) -> str:
    data = json.dumps({"error": text, "code": code}, separators=(",", ":"))
    return event(str(event_id), "error", data)
