"""Starts and stops the app's engine, worker, web server and triggers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from devhost.app.functions import Function, MissingSetting
from devhost.app.worker import FunctionApp
from devhost.durable_extension.program import SERVED, DurableExtension, Launch
from devhost.logs import mute_web_server
from devhost.settings import HostFile, Options
from devhost.triggers.ncrontab import BadSchedule
from devhost.triggers.timers import DueTimes, TimerTrigger
from devhost.web import mcp_endpoint
from devhost.web.http_server import HttpFront
from devhost.web.mcp_calls import TRIGGERS
from devhost.web.mcp_endpoint import McpFront
from devhost.web.routes import BadTemplate
from polysync_embedded import child_programs as children
from polysync_embedded.options import StartRefused

log = logging.getLogger(__name__)

WORKER_START_LIMIT = 60.0


class HostedApp:
    """Loads the app and serves its functions until the host stops."""

    def __init__(self, options: Options, host_file: HostFile, launch: Launch) -> None:
        self._options = options
        self._host_file = host_file
        self._app = FunctionApp()
        self._extension = DurableExtension(options, self._app, launch)
        self._front: HttpFront | None = None
        self._triggers: list[asyncio.Task[None]] = []

    @property
    def address(self) -> str:
        """Return the base address of the HTTP functions of the app."""
        prefix = self._host_file.route_prefix.strip("/")
        return f"http://127.0.0.1:{self._options.port}/{prefix}".rstrip("/")

    async def start(self) -> None:
        """Load the app and serve it.

        Raises:
            AppFailed: the app could not be loaded.
            StartRefused: the port is in use, a route template is invalid, or a program is missing.
        """
        await self._app.load(self._options.app)
        await self._wait_for_worker()
        await self._extension.start()
        mcp = McpFront(self._app, self._host_file.mcp)
        try:
            self._front = HttpFront(self._app, self._host_file.route_prefix, mcp)
            await self._front.start(self._options.port)
        except BadTemplate as error:
            raise StartRefused(str(error)) from error
        except OSError as error:
            raise StartRefused(
                f"Port {self._options.port} is in use: choose another with --port."
            ) from error
        if mcp.has_any:
            address = f"http://127.0.0.1:{self._options.port}{mcp_endpoint.PATH}"
            log.info("The MCP endpoint is ready.", extra={"url": address})
        self._start_triggers()

    async def stop(self, grace: float) -> None:
        """Stop the triggers, wait `grace` seconds for running functions, then stop the rest."""
        until = time.monotonic() + grace
        mute_web_server()
        for trigger in self._triggers:
            trigger.cancel()
        if self._front is not None:
            await self._front.stop()
        await self._extension.stop(until)
        if not await self._app.idle(until - time.monotonic()):
            log.warning(
                "Functions still run; the host does not wait for them.",
                extra={"running": self._app.running},
            )
        await self._extension.close()

    async def _wait_for_worker(self) -> None:
        if self._app.web_address is None:
            return
        port = int(self._app.web_address.rpartition(":")[2])
        until = time.monotonic() + WORKER_START_LIMIT
        while not children.accepts(port):
            if time.monotonic() > until:
                raise StartRefused("The worker's HTTP server does not answer.")
            await asyncio.sleep(0.01)

    def _start_triggers(self) -> None:
        due_times = DueTimes(self._options.data / "timers.json")
        for function in self._app.functions:
            try:
                self._start_trigger(function, due_times)
            except (MissingSetting, BadSchedule, ValueError) as error:
                log.error(  # noqa: TRY400 - the message is complete
                    "A function cannot be triggered.",
                    extra={"function": function.name, "error": str(error)},
                )
            if function.unsupported:
                log.warning(
                    "A function has bindings that this host does not support.",
                    extra={"function": function.name, "bindings": ", ".join(function.unsupported)},
                )

    def _start_trigger(self, function: Function, due_times: DueTimes) -> None:
        match function.kind:
            case "httpTrigger":
                pass
            case kind if kind in SERVED | TRIGGERS:
                pass
            case "timerTrigger":
                timer = TimerTrigger(self._app, function, due_times)
                self._triggers.append(_watched(timer.run(), function.name))
            case kind:
                log.warning(
                    "This host does not support the trigger of a function.",
                    extra={"function": function.name, "trigger": kind},
                )


def _watched(trigger: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Run a trigger, and log if it fails."""
    task = asyncio.create_task(trigger, name=name)
    task.add_done_callback(_log_failure)
    return task


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("A trigger has stopped.", extra={"function": task.get_name()}, exc_info=error)
