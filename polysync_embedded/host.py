"""Starts and stops the API, MCP endpoint, engine, timers and queues in one process."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from typing import Any

from polysync_core.api.engine import SCOPE_KEY
from polysync_core.application.operations.background_work import Step
from polysync_core.composition import api, background_work, console, identify
from polysync_core.settings import DELIVERIES, RUN_REQUESTS
from polysync_core.storage.sqlite.database import shared_database
from polysync_core.storage.sqlite.queues import SqliteQueues
from polysync_embedded.engine.running import RunningEngine, run_on
from polysync_embedded.mcp.catalogue import Catalogue, McpServerInfo
from polysync_embedded.mcp.endpoint import McpEndpoint
from polysync_embedded.mcp.server_description import INSTRUCTIONS, NAME
from polysync_embedded.options import Options
from polysync_embedded.queue_consumer import POISON, Handler, QueueConsumer
from polysync_embedded.timers import DueTimes, Timer, WallClock, Watch, daily, each_minute
from polysync_embedded.web_app import WebApp
from polysync_embedded.web_server import WebServer
from polysync_embedded.workers.call_queue import ThreadShares

log = logging.getLogger(__name__)

THREADS = 32
"""Threads for timers and queue messages. Most of them wait for an answer."""
PURGE_AT = time(3, 17)
DRIFT_AT = time(4, 47)
STOP_SECONDS = 8.0
"""Seconds until the host has stopped."""
_REQUEST_SECONDS = 3.0
"""The part of them for open requests."""


class EmbeddedHost:
    """API, MCP endpoint, engine, timers and queues of one process."""

    def __init__(self, options: Options, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="work"))
        self._work = background_work()
        self._engine: RunningEngine = run_on(loop, shares=ThreadShares())
        about = McpServerInfo(name=NAME, version=api().version, instructions=INSTRUCTIONS)
        self._mcp = McpEndpoint(self._catalogue, about, identify())
        self._app = WebApp(api=api(), console=console, mcp=self._mcp, engine=self._engine)
        self._server = WebServer(self._app, listening, stop_seconds=_REQUEST_SECONDS)
        self._timers = [*self._build_timers(options), self._build_watch()]
        self._consumers = self._build_consumers(SqliteQueues(shared_database(options.database)))
        self._tasks: list[asyncio.Task[None]] = []
        self._steps: set[asyncio.Task[Any]] = set()
        """The steps of timers that run on a thread."""

    async def start(self) -> None:
        """Begin to answer requests, to take messages and to tick."""
        await self._server.start()
        for timer in self._timers:
            self._run(timer.run(), timer.name)
        for consumer in self._consumers:
            self._run(consumer.run(), consumer.name)

    async def stop(self) -> None:
        """Take no more work, wait a bounded time for what runs, then stop the rest."""
        loop = asyncio.get_running_loop()
        until = loop.time() + STOP_SECONDS
        for task in self._tasks:
            task.cancel()
        self._app.end_streams()
        await self._mcp.stop()
        await self._server.stop()
        left = max(0.0, until - loop.time())
        await asyncio.gather(*(consumer.drain(left) for consumer in self._consumers))
        if self._steps:
            await asyncio.wait(self._steps, timeout=max(0.0, until - loop.time()))
        await self._engine.stop(max(0.0, until - loop.time()))

    def _catalogue(self) -> Catalogue:
        # The tools take time to import, and only a host with MCP clients needs them.
        from polysync_embedded.mcp.own_functions import own_functions

        return own_functions(api(), {SCOPE_KEY: self._engine})

    def _build_timers(self, options: Options) -> list[Timer]:
        clock = WallClock()
        return [
            # The engine has lost its memory with the last process: the first tick resumes runs.
            Timer(
                name="tick",
                next_after=each_minute,
                call=self._in_thread(self._work.tick),
                clock=clock,
                at_start=True,
            ),
            Timer(
                name="purge",
                next_after=daily(PURGE_AT),
                call=self._in_thread(self._work.purge),
                clock=clock,
                due_times=DueTimes(options.data / "timers.json"),
            ),
            Timer(
                name="drift",
                next_after=daily(DRIFT_AT),
                call=self._in_thread(self._work.check_drift),
                clock=clock,
            ),
        ]

    def _build_watch(self) -> Watch:
        """Return the watch that fires the schedules at their second."""
        step = self._work.watch_schedules.step

        async def watch(since: datetime) -> tuple[datetime, timedelta]:
            return await self._to_the_end(asyncio.to_thread(step, since, self._engine))

        return Watch(name="schedules", step=watch, clock=WallClock())

    def _in_thread(self, step: Step) -> Callable[[], Awaitable[None]]:
        """Return a call of a step that ends although its timer is cancelled."""

        async def call() -> None:
            await self._to_the_end(asyncio.to_thread(step, self._engine))

        return call

    async def _to_the_end[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of a step that ends although its caller is cancelled."""
        running = asyncio.create_task(work)
        self._steps.add(running)
        running.add_done_callback(self._steps.discard)
        return await asyncio.shield(running)

    def _build_consumers(self, queues: SqliteQueues) -> list[QueueConsumer]:
        work = self._work
        handlers: dict[str, Handler] = {
            DELIVERIES: work.deliver_webhook,
            f"{DELIVERIES}{POISON}": work.record_abandoned_delivery,
            RUN_REQUESTS: lambda message: work.accept_run_request(message, self._engine),
            f"{RUN_REQUESTS}{POISON}": work.record_refused_request,
        }
        return [QueueConsumer(queues, name, handle) for name, handle in handlers.items()]

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_log_failure)
        self._tasks.append(task)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error(
            "A part of the host has stopped.", extra={"part": task.get_name()}, exc_info=error
        )
