"""Server-sent events, and what keeps their connection open.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator


def event(event_id: str, name: str, data: str) -> str:
    """Return an event whose data is one line; it goes out in one piece."""
    return f"id: {event_id}\nevent: {name}\ndata: {data}\n\n"


async def kept_alive(
    frames: AsyncGenerator[str], *, seconds: float, comment: str
) -> AsyncGenerator[str]:
    """Yield the frames, and a comment whenever there was none for so long.

    A comment keeps proxies from closing the connection, and shows the server a client that is gone.
    """
    following = asyncio.ensure_future(anext(frames, None))
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=seconds)
            if not done:
                yield f": {comment}\n\n"
                continue
            frame = following.result()
            if frame is None:
                return
            yield frame
            following = asyncio.ensure_future(anext(frames, None))
    finally:
        if following.done():
            await frames.aclose()
        else:
            # Ends the generator as well, where it waits.
            following.cancel()
