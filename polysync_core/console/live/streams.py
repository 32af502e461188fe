"""Streams parts of pages as HTML, while they can change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import htpy as h
from anyio import to_thread
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from htpy import Node

from polysync_core.api.sse import RECONNECT, with_keep_alive
from polysync_core.console.shell import fragment
from polysync_core.domain.errors import PolysyncError

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 5.0
"""The seconds between two looks; the pause grows while nothing changes."""
_GROWTH = 1.25
_KEEP_ALIVE_SECONDS = 15.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Robots-Tag": "noindex"}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a part of a page."""

    tag: str
    """The version of the part."""
    content: Callable[[], Node]
    """Returns the part; it is called only if the version is new to the browser."""
    is_active: bool
    """Whether the part can still change."""

    def html(self) -> str:
        """Return the part as text."""
        return str(h.fragment[self.content()])


def stream(request: Request, look: Callable[[], Look], *, over: str) -> StreamingResponse:
    """Return a stream of the part; it ends with the event `over` when nothing can change."""
    seen = request.headers.get("last-event-id", "")
    return StreamingResponse(
        with_keep_alive(
            frames(look, seen=seen, over=over), seconds=_KEEP_ALIVE_SECONDS, comment="keep-alive"
        ),
        media_type="text/event-stream",
        headers=_HEADERS,
    )


def unless_seen(request: Request, look: Look) -> Response:
    """Return the part, or 304 without a body if the browser has its version."""
    tag = f'"{look.tag}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-store"})
    answer = fragment(look.content())
    answer.headers["ETag"] = tag
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def frames(
    look: Callable[[], Look], *, seen: str, over: str, pause: float = FIRST_PAUSE
) -> AsyncGenerator[str]:
    """Yield the part after each change; a failed look is repeated later."""
    yield RECONNECT
    longest, first = max(LONGEST_PAUSE, pause), pause
    while True:
        found = await _try(look)
        if found is not None and found.tag != seen:
            yield _message(found.tag, await to_thread.run_sync(found.html))
            seen, pause = found.tag, first
        if found is not None and not found.is_active:
            yield f"id: {found.tag}\nevent: {over}\ndata: {{}}\n\n"
            return
        await asyncio.sleep(pause)
        pause = min(pause * _GROWTH, longest)


async def _try(look: Callable[[], Look]) -> Look | None:
    try:
        return await to_thread.run_sync(look)
    except PolysyncError as error:
        _log.warning(
            "A live page could not be read; its stream tries again.",
            extra={"action": "live_page_unread", "error": type(error).__name__},
        )
        return None


def _message(tag: str, html: str) -> str:
    """Return a message without a name, which htmx puts into the page."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"id: {tag}\n{lines}\n"
