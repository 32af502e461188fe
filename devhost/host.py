"""Starts Azurite, the simulators and the app, and stops them in reverse order."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

from devhost import programs, settings
from devhost.app.worker import AppFailed
from devhost.durable_extension.program import program_path
from devhost.hosted_app import HostedApp
from devhost.settings import Options
from polysync_embedded import child_programs as children
from polysync_embedded.child_programs import Child, Program
from polysync_embedded.options import StartRefused

log = logging.getLogger(__name__)

#: Seconds for the programs of an earlier host to save their data and release their ports.
TAKEOVER_LIMIT = 10.0
START_LIMIT = 60.0
#: Seconds until everything has stopped. A program that still runs then is killed.
STOP_LIMIT = 9.0
#: Part of `STOP_LIMIT` for the running functions of the app, in seconds.
FUNCTIONS_LIMIT = 6.0
#: Seconds until the main thread notices a signal that the system gave to another thread.
SIGNAL_LIMIT = 0.2


class Host:
    """Runs one app on this machine from start to stop."""

    def __init__(self, options: Options, ready_line: IO[str]) -> None:
        self._options = options
        self._ready_line = ready_line
        self._children: list[Child] = []
        self._end = threading.Event()
        self._exit_code = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._app_ends: asyncio.Event | None = None
        self._app_thread: threading.Thread | None = None

    def run(self) -> int:
        """Serve until a signal arrives, and return the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._end_with(0))
        try:
            self._start()
            wait_for(self._end)
        except StartRefused as refusal:
            log.error("%s", refusal)  # noqa: TRY400 - the message is complete in one line
            self._exit_code = 1
        finally:
            self._stop()
        return self._exit_code

    def _start(self) -> None:
        options = self._options
        storage = settings.storage_connection(options.storage_port_base)
        settings.apply(settings.settings(options.app, storage))
        host_file = settings.host_file(options.app)
        children.require_free(options.port, "--port", timeout=0)
        program_path()
        handle = lock(options.data, timeout=TAKEOVER_LIMIT, pause=self._end.wait)
        wanted = [] if options.shared_storage else [programs.azurite(options)]
        if options.simulators:
            wanted += programs.simulators(options)
        self._launch(wanted, handle)
        self._wait_until_up()
        if not self._end.is_set():
            app = HostedApp(options, host_file, self._launch_for_app)
            self._app_thread = threading.Thread(target=self._serve, args=(app,), name="app")
            self._app_thread.start()

    def _launch(self, wanted: Iterable[Program], handle: int) -> None:
        for program in wanted:
            for port in program.ports:
                children.require_free(
                    port, program.option, timeout=TAKEOVER_LIMIT, pause=self._end.wait
                )
            if self._end.is_set():
                break
            # Azurite inherits the lock on its data and keeps it as long as it can write.
            child = Child(program, inherit=(handle,) if program.essential else ())
            self._children.append(child)
            child.watch(self._on_child_exit)
        os.close(handle)

    def _launch_for_app(self, program: Program) -> Child:
        """Start a program from the thread of the app, which ends after the program."""
        child = Child(program)
        self._children.append(child)
        child.watch(self._on_child_exit)
        return child

    def _wait_until_up(self) -> None:
        until = time.monotonic() + START_LIMIT
        for child in self._children:
            while not self._end.is_set() and child.exit_code is None and not child.is_up():
                if time.monotonic() > until:
                    raise StartRefused(
                        f"{child.program.name} did not start in {START_LIMIT:.0f} s."
                    )
                time.sleep(children.POLL)

    def _on_child_exit(self, child: Child) -> None:
        if child.stopping:
            return
        facts = {"program": child.program.name, "exit_code": child.exit_code}
        if child.program.essential:
            log.error("A program that the app needs has ended; the host stops.", extra=facts)
            self._end_with(1)
        else:
            log.error("A program has ended; the host continues without it.", extra=facts)

    def _serve(self, app: HostedApp) -> None:
        try:
            asyncio.run(self._serve_app(app))
        except AppFailed as failure:
            log.error("%s", failure.report)  # noqa: TRY400
            self._end_with(1)
        except StartRefused as refusal:
            log.error("%s", refusal)  # noqa: TRY400
            self._end_with(1)
        except Exception:
            log.exception("The host failed.")
            self._end_with(1)

    async def _serve_app(self, app: HostedApp) -> None:
        self._loop = asyncio.get_running_loop()
        self._app_ends = asyncio.Event()
        try:
            if not self._end.is_set():
                await app.start()
                print(f"ready {app.address}", file=self._ready_line, flush=True)
                await self._app_ends.wait()
        finally:
            await app.stop(FUNCTIONS_LIMIT)

    def _end_with(self, code: int) -> None:
        if not self._end.is_set():
            self._exit_code = code
            self._end.set()

    def _stop(self) -> None:
        until = time.monotonic() + STOP_LIMIT
        thread = self._app_thread
        if thread is not None:
            if self._loop is not None and self._app_ends is not None:
                with suppress(RuntimeError):  # the loop has closed if the app ended by itself
                    self._loop.call_soon_threadsafe(self._app_ends.set)
            thread.join(timeout=FUNCTIONS_LIMIT + 1)
        for child in self._children:
            child.terminate()
        for child in self._children:
            child.wait(until)
        log.info("The host has ended.", extra={"exit_code": self._exit_code})


def wait_for(end: threading.Event) -> None:
    """Wait in the main thread for an event that a signal handler sets.

    Only the main thread calls the handler. The system may give the signal to another thread, and
    then nothing interrupts a wait of the main thread. So no single wait is longer than a limit.
    """
    while not end.wait(SIGNAL_LIMIT):
        pass


def lock(data: Path, *, timeout: float, pause: children.Pause = time.sleep) -> int:
    """Return a lock on the data directory, so that only one Azurite writes its files.

    If `pause` returns a true value, the function returns without the lock.

    Raises:
        StartRefused: another host, or its Azurite, still holds it.
    """
    data.mkdir(parents=True, exist_ok=True)
    handle = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    until = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                os.close(handle)
                raise StartRefused(
                    f"Another host uses {data}: choose another directory with --data."
                ) from None
            if pause(children.POLL):
                return handle
        else:
            return handle
