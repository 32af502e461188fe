"""Streams a part of a page as HTML while something on it can change.

The stream sends the part whenever its state has changed, and ends with the event `idle` when
nothing can change soon. From then on the browser looks at the same address now and then.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import htpy as h
from anyio import to_thread
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from htpy import Node

from polysync_core.api.sse import RECONNECT, event, with_keep_alive
from polysync_core.console.shell import fragment

_PERIOD_SECONDS = 1.0
_KEEP_ALIVE_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a page at one moment."""

    content: Callable[[], Node]
    """Returns the elements; called only if they are sent."""
    state: str
    """A text that differs if the part differs, apart from durations."""
    is_active: bool
    """Whether the part can change soon."""

    @property
    def tag(self) -> str:
        """The tag of the state."""
        return hashlib.sha256(self.state.encode()).hexdigest()[:16]


def live_attributes(stream: str, look: str) -> dict[str, str]:
    """Return the attributes of the element that holds the part."""
    return {
        "hx-sse:connect": stream,
        "hx-sse:close": "idle",
        "hx-swap": "innerMorph",
        "data-look": look,
    }


def part_answer(request: Request, part: Part) -> Response:
    """Return the part, or 304 if the caller has this state."""
    tag = f'"{part.tag}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    answer = fragment(part.content())
    answer.headers["ETag"] = tag
    return answer


def part_stream(request: Request, read: Callable[[], Part]) -> StreamingResponse:
    """Return the stream of a part."""
    frames = part_frames(read, request.headers.get("last-event-id", ""))
    return StreamingResponse(
        with_keep_alive(frames, seconds=_KEEP_ALIVE_SECONDS, comment="keep-alive"),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def part_frames(read: Callable[[], Part], seen: str) -> AsyncGenerator[str]:
    """Yield the part after each change of its state, and `idle` at the end."""
    yield RECONNECT
    while True:
        part = await to_thread.run_sync(read)
        if part.tag != seen:
            seen = part.tag
            yield _message(seen, str(h.fragment[part.content()]))
        if not part.is_active:
            yield event(seen, "idle", "{}")
            return
        await asyncio.sleep(_PERIOD_SECONDS)


def _message(event_id: str, html: str) -> str:
    """Return an event without a name, which htmx swaps into the page."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"id: {event_id}\n{lines}\n"
