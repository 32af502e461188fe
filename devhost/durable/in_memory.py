"""Joins the in-memory engine and the queue triggers of the host."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Coroutine
from typing import Any

from devhost.app.functions import Function, MissingSetting
from devhost.app.worker import FunctionApp
from devhost.durable.engine import MESSAGE_BYTES, Engine
from devhost.durable.timer_queue import TimerQueue
from devhost.durable.work_pump import WorkPump
from devhost.settings import HostFile, Options, connection
from devhost.triggers.queues import QueueTrigger

log = logging.getLogger(__name__)


class InMemoryDurable:
    """The engine in memory, and the triggers of queues."""

    def __init__(self, options: Options, app: FunctionApp, host_file: HostFile) -> None:
        self._options = options
        self._app = app
        self._host_file = host_file
        self._timer_queue = TimerQueue()
        self._engine = Engine(self._timer_queue)
        self._work_pump: WorkPump | None = None
        self._queues: list[QueueTrigger] = []
        self._triggers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the engine, and give the app its durable client."""
        self._app.connect(self._client_configuration())
        self._timer_queue.start()
        self._work_pump = WorkPump(self._engine, self._app, self._host_file.limits)
        self._work_pump.start()
        for function in self._app.functions:
            if function.kind == "queueTrigger":
                self._start_queue(function)

    async def stop(self, until: float) -> None:
        """Take no more work."""
        if self._work_pump is not None:
            self._work_pump.stop()
        for trigger in self._triggers:
            trigger.cancel()

    async def close(self) -> None:
        """End the engine and the queues."""
        for queue in self._queues:
            await queue.close(grace=0.5)
        self._timer_queue.stop()
        self._engine.stop(grace=0)

    def _start_queue(self, function: Function) -> None:
        try:
            storage = connection(str(function.trigger.get("connection") or ""))
            queue = QueueTrigger(self._app, function, storage, self._host_file.queues)
        except (MissingSetting, ValueError) as error:
            log.error(  # noqa: TRY400 - the message is complete
                "A function cannot be triggered.",
                extra={"function": function.name, "error": str(error)},
            )
            return
        self._queues.append(queue)
        self._triggers.append(watched(queue.run(), function.name))

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


def watched(trigger: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Run a trigger, and log if it fails."""
    task = asyncio.create_task(trigger, name=name)
    task.add_done_callback(_log_failure)
    return task


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("A trigger has stopped.", extra={"function": task.get_name()}, exc_info=error)
