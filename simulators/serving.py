"""Serving a simulator on the loopback interface until somebody ends it."""

from __future__ import annotations

import asyncio
import signal

from aiohttp import web

HOST = "127.0.0.1"
_SHUTDOWN_SECONDS = 0.5


async def serve_until_signal(app: web.Application, port: int) -> None:
    """Serve until SIGINT or SIGTERM; say `ready <address>` as soon as it is there."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        # A handler that never answers, on purpose, must go when its client has gone.
        handler_cancellation=True,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port, backlog=512).start()
        print(f"ready http://{HOST}:{runner.addresses[0][1]}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()
