"""Sends the client's HTTP requests, retries them, and reads server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx

from polysync.calls import QUIET_STREAM_SECONDS, Call, Json, Retries, Wire
from polysync.errors import PolysyncError
from polysync.event_stream import EventParser, ServerSentEvent
from polysync.following import (
    QUIET,
    Followed,
    Listen,
    NextEvent,
    Outage,
    Pause,
    Read,
    State,
    Steps,
)


def _ignore() -> None:
    """Do nothing."""


class AsyncHttp:
    """Sends calls by one HTTP client."""

    def __init__(
        self,
        wire: Wire,
        *,
        retries: Retries,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wire = wire
        self._retries = retries
        self._sleep = sleep
        self._monotonic = monotonic
        self._client = httpx.AsyncClient(**wire.options, transport=transport)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def call(self, call: Call) -> Json:
        """Return the answer of a call."""
        return self.wire.decode(call, await self.response(call))

    async def response(self, call: Call) -> httpx.Response:
        """Return the response of a call that succeeded."""
        number = 1
        while True:
            try:
                return await self._once(call)
            except PolysyncError as failure:
                delay = self._retries.delay(call, failure, number)
                if delay is None:
                    raise
            await self._sleep(delay)
            number += 1

    async def _once(self, call: Call) -> httpx.Response:
        with self.wire.errors():
            response = await self._client.request(**self.wire.request(call))
        if not response.is_success:
            raise self.wire.refused(response)
        return response

    async def events(
        self, call: Call, *, after: str | None = None, quiet: float = QUIET_STREAM_SECONDS
    ) -> AsyncGenerator[ServerSentEvent | None]:
        """Yield the events of a stream, and None for bytes without an event."""
        parser = EventParser()
        with self.wire.errors():
            async with self._client.stream(
                **self.wire.stream(call, after=after, quiet=quiet)
            ) as response:
                if not self.wire.check_stream(response):
                    await response.aread()
                    raise self.wire.refused(response)
                async for chunk in response.aiter_bytes():
                    found = False
                    for event in parser.feed(chunk):
                        found = True
                        yield event
                    if not found:
                        yield None

    async def states(
        self,
        followed: Followed,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the steps check the time
        on_outage: Callable[[], None] = _ignore,
    ) -> AsyncGenerator[Json]:
        """Yield every state of a run that is received; the last one is its end."""
        async with AsyncExitStack() as stack:
            driver = _AsyncDriver(self, followed, stack)
            steps = followed.steps(self._monotonic, timeout)
            async for state in driver.drive(steps, on_outage):
                yield state

    async def pause(self, seconds: float) -> None:
        """Wait for some seconds."""
        await self._sleep(seconds)


class _AsyncDriver:
    """Executes the steps of a following."""

    def __init__(self, http: AsyncHttp, followed: Followed, stack: AsyncExitStack) -> None:
        self._http = http
        self._followed = followed
        self._stack = stack
        self._stream: AsyncGenerator[ServerSentEvent | None] | None = None

    async def drive(self, steps: Steps, on_outage: Callable[[], None]) -> AsyncGenerator[Json]:
        answer: Any = None
        failure: PolysyncError | None = None
        while True:
            try:
                step = steps.send(answer) if failure is None else steps.throw(failure)
            except StopIteration:
                return
            answer = failure = None
            if isinstance(step, State):
                yield step.value
            elif isinstance(step, Outage):
                on_outage()
            else:
                try:
                    answer = await self._execute(step)
                except PolysyncError as error:
                    failure = error

    async def _execute(self, step: Listen | NextEvent | Read | Pause) -> Any:
        match step:
            case Listen(after, quiet):
                self._stream = self._http.events(self._followed.stream, after=after, quiet=quiet)
                self._stack.push_async_callback(self._stream.aclose)
            case NextEvent():
                return await self._next()
            case Read():
                return await self._http.call(self._followed.read)
            case Pause(seconds):
                await self._http.pause(seconds)
        return None

    async def _next(self) -> Any:
        if self._stream is None:
            return None
        try:
            event = await anext(self._stream)
        except StopAsyncIteration:
            return None
        return QUIET if event is None else event
