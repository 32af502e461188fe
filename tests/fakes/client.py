"""Implements an HTTP test client that calls the app in the test's own thread.

The client of Starlette runs the app in another thread and changes the thread many times in each
request. That takes more processor time than most requests.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

import anyio
import httpx2
from fastapi.testclient import TestClient

CALLER = ("testclient", 50000)


class DirectClient(TestClient):
    """A client whose requests end before they return."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        raises = options.get("raise_server_exceptions", True)
        self._transport = _DirectTransport(app, raises=raises)


class _DirectTransport(httpx2.BaseTransport):
    def __init__(self, app: Any, *, raises: bool) -> None:
        self._asgi = httpx2.ASGITransport(app, raise_app_exceptions=raises, client=CALLER)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Run the app until it has answered completely."""
        request.read()

        async def answered() -> httpx2.Response:
            answer = await self._asgi.handle_async_request(request)
            # As sent: the client decompresses it.
            body = b"".join([part async for part in answer.aiter_raw()])
            stream = httpx2.ByteStream(body)
            return httpx2.Response(answer.status_code, headers=answer.headers, stream=stream)

        return _loop_of_thread().run(answered)


class _Loop:
    """An event loop that runs only while its thread waits for an answer."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._waiting: asyncio.Queue[Callable[[], Awaitable[None]] | None] = asyncio.Queue()
        self._host = self._loop.create_task(self._host_tasks())
        self._loop.run_forever()

    async def _host_tasks(self) -> None:
        # anyio keeps the threads of synchronous routes until the outermost task ends.
        async with anyio.create_task_group() as group:
            self._loop.stop()
            # A task starts the work: outside of a task, anyio may not find the event loop.
            while (work := await self._waiting.get()) is not None:
                group.start_soon(work)

    def run[T](self, work: Callable[[], Awaitable[T]]) -> T:
        """Run a function, and return its result or raise its error."""
        outcome: Future[T] = Future()

        async def run() -> None:
            try:
                outcome.set_result(await work())
            except BaseException as error:
                outcome.set_exception(error)
            finally:
                self._loop.stop()

        self._waiting.put_nowait(run)
        self._loop.run_forever()
        return outcome.result(timeout=0)

    def close(self) -> None:
        """End the threads of the loop."""
        self._waiting.put_nowait(None)
        self._loop.run_until_complete(self._host)
        self._loop.close()


_of_thread = threading.local()
_all: list[_Loop] = []


def _loop_of_thread() -> _Loop:
    if not hasattr(_of_thread, "loop"):
        _of_thread.loop = _Loop()
        _all.append(_of_thread.loop)
    return _of_thread.loop


def _close_loops() -> None:
    for loop in _all:
        loop.close()


# Before the interpreter waits for the threads; a function of `atexit` would be called afterwards.
threading._register_atexit(_close_loops)
