"""Starts and stops the program that runs Microsoft's Durable and queue extensions.

The program is built from the folder `source`. The environment variable
`POLYSYNC_DURABLE_HOST` is the path of the built file.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from devhost.app.functions import Function
from devhost.app.worker import FunctionApp
from devhost.durable_extension.calls import CallServer
from devhost.settings import Options
from polysync_embedded.child_programs import POLL, Child, Program
from polysync_embedded.options import StartRefused

log = logging.getLogger(__name__)

VARIABLE = "POLYSYNC_DURABLE_HOST"
NAME = "durable-host"
#: Triggers that the program serves. The local host serves the others itself.
SERVED = frozenset({"orchestrationTrigger", "activityTrigger", "entityTrigger", "queueTrigger"})
START_LIMIT = 60.0

type Launch = Callable[[Program], Child]


class DurableExtension:
    """The program, and the server that executes the functions it asks for."""

    def __init__(self, options: Options, app: FunctionApp, launch: Launch) -> None:
        self._options = options
        self._app = app
        self._launch = launch
        self._child: Child | None = None
        self._calls: CallServer | None = None

    async def start(self) -> None:
        """Start the program, and give the app its durable client.

        Raises:
            StartRefused: the program is missing or does not start.
        """
        data = self._options.data
        functions, client = data / "functions.json", data / "client.json"
        client.unlink(missing_ok=True)
        functions.write_text(json.dumps(served_bindings(self._app.functions)))
        self._calls = CallServer(self._app)
        address = await self._calls.start()
        self._child = self._launch(
            Program(
                name=NAME,
                command=[
                    *(str(program_path()), str(functions), str(self._options.app / "host.json")),
                    *(address, str(client)),
                ],
                ports=(),
                option="",
                essential=True,
                # Azurite waits for the connections of this program before it ends.
                at_host_end=signal.SIGKILL,
            )
        )
        await _until_ready(self._child)
        configuration = json.loads(client.read_text())
        self._app.connect(configuration)
        self._calls.accept_calls()
        log.info("The Durable extension runs.", extra={"task_hub": configuration["taskHubName"]})

    async def stop(self, until: float) -> None:
        """Ask the program to end, and execute the calls that it waits for meanwhile."""
        if self._child is None:
            return
        if not self._child.ready:
            self._child.kill()  # it has taken no work
            return
        self._child.terminate()
        await asyncio.to_thread(self._child.wait, until)

    async def close(self) -> None:
        """Accept no more calls."""
        if self._calls is not None:
            await self._calls.close()


def program_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the program.

    Raises:
        StartRefused: the variable is not set, or it names no executable file.
    """
    value = environment.get(VARIABLE, "")
    if not value:
        raise StartRefused(
            f"{VARIABLE} is not set: build devhost/durable_extension/source, "
            "and set the variable to the path of the built program."
        )
    path = Path(value).absolute()
    if not path.is_file():
        raise StartRefused(f"{VARIABLE} names no file: {path}.")
    if not os.access(path, os.X_OK):
        raise StartRefused(f"{VARIABLE} names a file that is not executable: {path}.")
    return path


def served_bindings(functions: Sequence[Function]) -> dict[str, list[dict[str, Any]]]:
    """Return the bindings of every function that the program serves, by name."""
    return {
        function.name: [dict(binding) for binding in function.bindings]
        for function in functions
        if function.kind in SERVED
    }


async def _until_ready(child: Child) -> None:
    until = time.monotonic() + START_LIMIT
    while not child.ready:
        if child.exit_code is not None:
            raise StartRefused(
                f"{NAME} ended with exit code {child.exit_code} before it was ready: "
                "its messages are in the log."
            )
        if time.monotonic() > until:
            raise StartRefused(f"{NAME} did not start in {START_LIMIT:.0f} s.")
        await asyncio.sleep(POLL)
