"""Formats server-sent events, and adds keep-alive comments to event streams.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator


def event(event_id: str, name: str, data: str) -> str:
    """Return an event with one line of data."""
    return f"id: {event_id}\nevent: {name}\ndata: {data}\n\n"


MAX_STREAM_SECONDS = 210.0
"""The longest stream.

The front end of Azure Functions cuts a response after 230 s, and the host ends a function after
its time-out. Clients reconnect with the id of the last event.
"""
RECONNECT = "retry: 1000\n\n"
"""The hint for clients to reconnect after a second."""


async def with_keep_alive(
    frames: AsyncGenerator[str],
    *,
    seconds: float,
    comment: str,
    max_seconds: float = MAX_STREAM_SECONDS,
) -> AsyncGenerator[str]:
    """Yield the frames, and a comment after every pause of `seconds`.

    The comment stops proxies from closing the connection. It also reveals disconnected clients.
    After `max_seconds` the stream ends with the hint to reconnect.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + max_seconds
    pending = asyncio.ensure_future(anext(frames, None))
    try:
        while True:
            left = deadline - clock()
            done, _ = await asyncio.wait({pending}, timeout=max(0.0, min(seconds, left)))
            if not done and left <= seconds:
                yield RECONNECT
                return
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
