"""Starts and stops the engine, worker, web server and triggers of the app."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Coroutine
from typing import Any

from devhost.app.functions import Function, MissingSetting
from devhost.app.worker import FunctionApp
from devhost.durable.engine import MESSAGE_BYTES, Engine
from devhost.durable.timer_queue import TimerQueue
from devhost.durable.work_pump import WorkPump
from devhost.logs import mute_web_server
from devhost.settings import HostFile, Options, connection
from devhost.triggers.ncrontab import BadSchedule
from devhost.triggers.queues import QueueTrigger
from devhost.triggers.timers import DueTimes, TimerTrigger
from devhost.web import mcp_front
from devhost.web.http_front import HttpFront
from devhost.web.mcp_calls import TRIGGERS
from devhost.web.mcp_front import McpFront
from devhost.web.routes import BadTemplate
from polysync_embedded import child_programs as children
from polysync_embedded.options import StartRefused

log = logging.getLogger(__name__)

_DURABLE = {"orchestrationTrigger", "activityTrigger", "entityTrigger"}
WORKER_START_LIMIT = 60.0


class HostedApp:
    """Loads the app and serves its functions until the host stops."""

    def __init__(self, options: Options, host_file: HostFile) -> None:
        self._options = options
        self._host_file = host_file
        self._timer_queue = TimerQueue()
        self._engine = Engine(self._timer_queue)
        self._app = FunctionApp(client_configuration=self._client_configuration())
        self._front: HttpFront | None = None
        self._work_pump: WorkPump | None = None
        self._queues: list[QueueTrigger] = []
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
            StartRefused: the port is in use, or a route template is invalid.
        """
        self._timer_queue.start()
        await self._app.load(self._options.app)
        await self._wait_for_worker()
        self._work_pump = WorkPump(self._engine, self._app, self._host_file.limits)
        self._work_pump.start()
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
            address = f"http://127.0.0.1:{self._options.port}{mcp_front.PATH}"
            log.info("The MCP endpoint is ready.", extra={"url": address})
        self._start_triggers()

    async def stop(self, grace: float) -> None:
        """Stop the triggers, wait `grace` seconds for running functions, then stop the rest."""
        until = time.monotonic() + grace
        if self._work_pump is not None:
            self._work_pump.stop()
        mute_web_server()
        for trigger in self._triggers:
            trigger.cancel()
        if self._front is not None:
            await self._front.stop()
        if not await self._app.idle(until - time.monotonic()):
            log.warning(
                "Functions still run; the host does not wait for them.",
                extra={"running": self._app.running},
            )
        for queue in self._queues:
            await queue.close(grace=0.5)
        self._timer_queue.stop()
        self._engine.stop(grace=0)

    def _client_configuration(self) -> dict[str, object]:
        address = self._engine.start()
        return {
            "taskHubName": os.environ.get("TASKHUB_NAME", ""),
            "connectionName": "Storage",
            "rpcBaseUrl": address,
            "maxGrpcMessageSizeInBytes": MESSAGE_BYTES,
            "creationUrls": {},
            "managementUrls": {},
            # The host does not serve the durable webhooks. Clients still build links to them.
            "baseUrl": f"http://127.0.0.1:{self._options.port}/runtime/webhooks/durabletask",
            "requiredQueryStringParameters": "",
        }

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
            case kind if kind in _DURABLE | TRIGGERS:
                pass
            case "timerTrigger":
                self._run(TimerTrigger(self._app, function, due_times).run(), function)
            case "queueTrigger":
                storage = connection(str(function.trigger.get("connection") or ""))
                queue = QueueTrigger(self._app, function, storage, self._host_file.queues)
                self._queues.append(queue)
                self._run(queue.run(), function)
            case kind:
                log.warning(
                    "This host does not support the trigger of a function.",
                    extra={"function": function.name, "trigger": kind},
                )

    def _run(self, trigger: Coroutine[Any, Any, None], function: Function) -> None:
        task = asyncio.create_task(trigger, name=function.name)
        task.add_done_callback(_log_failure)
        self._triggers.append(task)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("A trigger has stopped.", extra={"function": task.get_name()}, exc_info=error)
