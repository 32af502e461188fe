"""Formats server-sent events and adds keep-alive comments.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator


def event(event_id: str, name: str, data: str) -> str:
    """Return an event with one line of data."""
    return f"id: {event_id}\nevent: {name}\ndata: {data}\n\n"


async def with_keep_alive(
    frames: AsyncGenerator[str], *, seconds: float, comment: str
) -> AsyncGenerator[str]:
    """Yield the frames, and a comment after every pause of `seconds`.

    The comment stops proxies from closing the connection. It also reveals disconnected clients.
    """
    pending = asyncio.ensure_future(anext(frames, None))
    try:
        while True:
            done, _ = await asyncio.wait({pending}, timeout=seconds)
            if not done:
                yield f": {comment}\n\n"
                continue
            frame = pending.result()
            if frame is None:
                return
            yield frame
            pending = asyncio.ensure_future(anext(frames, None))
    finally:
        if pending.done():
            await frames.aclose()
        else:
            # The cancellation also ends the generator.
            pending.cancel()
