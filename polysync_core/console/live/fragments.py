"""Streams one section of an HTML page to the browser while its content can change.

The stream sends the part whenever its state has changed, and ends with an event when nothing can
change soon. From then on the browser polls the address at long intervals.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import htpy as h
from anyio import to_thread
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from htpy import Node

from polysync_core.api.sse import RECONNECT, event, with_keep_alive
from polysync_core.console.shell import fragment
from polysync_core.domain.errors import Unavailable

IDLE = "idle"
"""The event after which the page polls at long intervals."""
OVER = "over"
"""The event after which the page never changes again."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 5.0
"""The seconds between two reads; the pause grows while nothing changes."""
_GROWTH = 1.25
_KEEP_ALIVE_SECONDS = 15.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a page at one moment."""

    content: Callable[[], Node]
    """Returns the elements; called only if they are sent."""
    state: str
    """A text that differs if the part differs, apart from durations."""
    is_active: bool
    """True if the part can change soon."""

    @property
    def tag(self) -> str:
        """The tag of the state."""
        return tag_of(self.state)


def tag_of(state: str) -> str:
    """Return the tag of a state, by which a browser names it."""
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def live_attributes(stream: str, look: str) -> dict[str, str]:
    """Return the attributes of the element that holds the part."""
    return {
        "hx-sse:connect": stream,
        "hx-sse:close": IDLE,
        "hx-swap": "innerMorph",
        "data-look": look,
    }


def part_answer(request: Request, part: Part) -> Response:
    """Return the part, or 304 if the caller has this state."""
    headers = {"ETag": f'"{part.tag}"', "Cache-Control": "no-store"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    answer = fragment(part.content())
    answer.headers.update(headers)
    return answer


def part_stream(
    request: Request, read: Callable[[], Part], *, end: str = IDLE
) -> StreamingResponse:
    """Return the stream of a part; `end` is the event at its end."""
    frames = part_frames(read, request.headers.get("last-event-id", ""), end=end)
    return StreamingResponse(
        with_keep_alive(frames, seconds=_KEEP_ALIVE_SECONDS, comment="keep-alive"),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def part_frames(
    read: Callable[[], Part], seen: str, *, end: str = IDLE, pause: float = _FIRST_PAUSE
) -> AsyncGenerator[str]:
    """Yield the part after each change of its state, and an event at the end.

    A part that cannot be read is read again after a pause.
    """
    yield RECONNECT
    first, longest = pause, max(pause, _LONGEST_PAUSE)
    while True:
        part = await _read(read)
        if part is not None and part.tag != seen:
            seen, pause = part.tag, first
            yield _message(seen, await to_thread.run_sync(_html, part))
        if part is not None and not part.is_active:
            yield event(seen, end, "{}")
            return
        await asyncio.sleep(pause)
        pause = min(pause * _GROWTH, longest)


async def _read(read: Callable[[], Part]) -> Part | None:
    try:
        return await to_thread.run_sync(read)
    except Unavailable as error:
        _log.warning(
            "A live page could not be read; its stream tries again.",
            extra={"action": "live_page_unread", "error": type(error).__name__},
        )
        return None


def _html(part: Part) -> str:
    return str(h.fragment[part.content()])


def _message(event_id: str, html: str) -> str:
    """Return an event without a name, which htmx swaps into the page."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"id: {event_id}\n{lines}\n"
