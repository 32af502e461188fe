"""Tests for the keep-alive and the longest time of a stream, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from polysync_core.api.sse import MAX_STREAM_SECONDS, with_keep_alive


class _VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self.now = max(self.now, self._scheduled[0]._when)
        super()._run_once()


async def _silent() -> AsyncGenerator[str]:
    yield "first"
    await asyncio.Event().wait()


async def _busy() -> AsyncGenerator[str]:
    while True:
        await asyncio.sleep(1)
        yield "event"


def _frames(source: AsyncGenerator[str]) -> tuple[list[str], float]:
    async def read() -> list[str]:
        stream = with_keep_alive(source, seconds=10, comment="alive")
        return [frame async for frame in stream]

    loop = _VirtualLoop()
    try:
        return loop.run_until_complete(read()), loop.now
    finally:
        loop.close()


def test_a_silent_stream_ends_with_the_hint_to_reconnect() -> None:
    frames, ended = _frames(_silent())

    assert frames == ["first", *[": alive\n\n"] * 20, "retry: 1000\n\n"]
    assert ended == MAX_STREAM_SECONDS


def test_a_busy_stream_ends_in_time_too() -> None:
    frames, ended = _frames(_busy())

    assert set(frames[:-1]) == {"event"}
    assert frames[-1] == "retry: 1000\n\n"
    assert ended <= MAX_STREAM_SECONDS + 1
