"""Runs the embedded host in the foreground until a stop signal arrives."""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from polysync_core.domain.errors import PolysyncError
from polysync_core.settings import Settings
from polysync_embedded import logs
from polysync_embedded.exposure import decide_environment, read_address
from polysync_embedded.options import Options, StartRefused, prepare_environment, prepare_folder
from polysync_embedded.simulators import Children, ports_beside, start_simulators
from polysync_embedded.web_server import listen, own_url

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds for the exit handlers, such as the last export of telemetry.
EXIT_HANDLERS_LIMIT = 1.5

_M_ARENA_MAX = -8
"""The parameter of `mallopt` in malloc.h of glibc."""

type Announce = Callable[[str], None]
"""Receives the address of the API when the host is ready."""


def run(options: Options, announce: Announce) -> int:
    """Serve until a signal arrives, and return the exit code.

    Raises:
        StartRefused: the host cannot start. The message is one sentence.
    """
    logs.configure(options.log_format)
    share_one_heap()
    stop = StopSignals()
    # Everything that the host writes is for its owner only.
    os.umask(0o077)
    address = read_address(options.host)
    prepare_environment(options, decide_environment(options, os.environ))
    prepare_folder(options)
    listening = listen(options.port, address)
    # The kernel ends the programs with the thread that has started them, so this one starts them.
    simulators = None
    if options.simulators:
        simulators = start_simulators(options.data, ports_beside(options.port))
    try:
        _load()
        if stop.received:
            return 0
        # `asyncio.run` would wait five minutes for threads that wait for a platform.
        return asyncio.Runner().run(_serve(options, listening, stop, announce, simulators))
    finally:
        if simulators is not None:
            simulators.stop()


def share_one_heap() -> None:
    """Let all threads allocate memory from one heap of the C library.

    glibc gives each thread another heap, and each heap keeps the memory that was freed in it. So
    the memory would grow with the number of threads. The interpreter executes one thread at a time,
    so the threads rarely wait for the one heap.
    """
    try:
        is_glibc = (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError):
        # Another C library does not know this name.
        return
    if is_glibc:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def _load() -> None:
    """Read the settings, open the storage and build the use cases."""
    try:
        Settings.read(os.environ)
        # The environment must be complete before the app is imported.
        from polysync_core.composition import api, observe

        observe()
        api()
    except PolysyncError as error:
        # A wrong setting, or a storage file that cannot be used.
        raise StartRefused(str(error)) from error


async def _serve(
    options: Options,
    listening: socket.socket,
    stop: StopSignals,
    announce: Announce,
    simulators: Children | None,
) -> int:
    from polysync_embedded.host import EmbeddedHost

    host = EmbeddedHost(options, listening)
    await host.start()
    if simulators is not None:
        await asyncio.to_thread(simulators.wait_until_ready)
    announce(own_url(listening))
    await stop.wait()
    log.info("The host stops; a second signal ends it at once.")
    await host.stop()
    log.info("The host has ended.")
    return 0


class StopSignals:
    """Receives the signals to stop; the second one ends the process at once."""

    def __init__(self) -> None:
        self.received = False
        self._wake: Callable[[], object] | None = None
        for number in SIGNALS:
            signal.signal(number, self._receive)

    async def wait(self) -> None:
        """Wait until a signal has been received."""
        event = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._wake = lambda: loop.call_soon_threadsafe(event.set)
        if not self.received:
            await event.wait()

    def _receive(self, number: int, _frame: object) -> None:
        if self.received:
            os._exit(128 + number)
        self.received = True
        if self._wake is not None:
            self._wake()


def leave(code: int) -> NoReturn:
    """End the process now, without waiting for threads that wait for a platform.

    The exit handlers get a short time, for example to export the last telemetry.
    """
    # The interpreter would call the exit handlers only after it has joined those threads.
    handlers = threading.Thread(target=atexit._run_exitfuncs, name="exit", daemon=True)
    handlers.start()
    handlers.join(timeout=EXIT_HANDLERS_LIMIT)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
