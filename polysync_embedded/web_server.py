"""Serves an ASGI app on a port of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address

import uvicorn
from starlette.types import ASGIApp

from polysync_embedded.exposure import Address
from polysync_embedded.options import HOST, StartRefused

LOOPBACK = ip_address(HOST)
_EVERY_ADDRESS = IPv6Address("::")
_IDLE_SECONDS = 60
"""Idle connections are closed after this time."""


def listen(port: int, address: Address = LOOPBACK) -> socket.socket:
    """Return a socket that listens on a port. Requests wait until a server answers them.

    Raises:
        StartRefused: the port is in use or not allowed, or the machine has no such address.
    """
    if not 0 <= port < 65536:
        raise StartRefused(f"{port} is not a port: choose another with --port.")
    try:
        listening = socket.create_server(
            (str(address), port),
            family=socket.AF_INET6 if address.version == 6 else socket.AF_INET,
            backlog=1024,
            dualstack_ipv6=address == _EVERY_ADDRESS and socket.has_dualstack_ipv6(),
        )
    except PermissionError as error:
        raise StartRefused(
            f"Port {port} may not be used ({error.strerror}): choose another with --port."
        ) from error
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise StartRefused(
                f"This machine cannot listen on {address} ({error.strerror}): choose another "
                "address with --host."
            ) from error
        raise StartRefused(f"Port {port} is in use: choose another with --port.") from error
    # asyncio sets this option only for sockets of which it knows the protocol, not for this one.
    # Without it, the second part of an answer waits 40 ms for the client's acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def own_url(listening: socket.socket) -> str:
    """Return the address by which a program of this machine reaches a socket."""
    host, port = listening.getsockname()[:2]
    address = ip_address(host)
    if address.is_unspecified:
        address = LOOPBACK
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"http://{shown}:{port}"


class WebServer:
    """An HTTP/1.1 server in the running event loop."""

    def __init__(self, app: ASGIApp, listening: socket.socket, *, stop_seconds: float) -> None:
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Nothing depends on the address of the caller, which these headers would replace.
            proxy_headers=False,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=max(1, round(stop_seconds)),
        )
        self._listening = listening
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to answer requests."""
        self._serving = asyncio.create_task(self._server.serve([self._listening]), name="web")
        await self._server.is_up.wait()

    async def stop(self) -> None:
        """Accept no more requests, and wait a bounded time for the open ones."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving


class _Server(uvicorn.Server):
    """A server that leaves the signals to the host and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()
