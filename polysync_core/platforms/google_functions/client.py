"""Caches the address and the HTTP client of each Google Cloud function."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.hosts import BaseAddress, base_from_service
from polysync_core.outbound.urls import own_address
from polysync_core.platforms.google_functions.external_id import FunctionName
from polysync_core.platforms.platform_client import PlatformClient

SUFFIXES = (".run.app", ".cloudfunctions.net")
ADDRESS_TTL_SECONDS = 600.0
"""The lifetime of a cached address."""


@dataclass(frozen=True, slots=True)
class FunctionEndpoint:
    """A function's client and path."""

    client: PlatformClient
    path: tuple[str, ...]
    """The path of the function; a first-generation function has its name there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressCache:
    """Caches the addresses of functions; thread-safe."""

    address: Callable[[FunctionName], str]
    """Reads the address of a function from Google."""
    client: Callable[[BaseAddress, str], PlatformClient]
    """Makes the client for a base address and a token audience."""
    simulator: BaseAddress | None
    """The simulator, which serves all functions; None in production."""
    now: Clock
    _known: dict[FunctionName, tuple[float, FunctionEndpoint]] = field(
        default_factory=dict[FunctionName, tuple[float, FunctionEndpoint]]
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def to(self, name: FunctionName) -> FunctionEndpoint:
        """Return the endpoint of a function."""
        now = self.now().timestamp()
        with self._lock:
            asked, endpoint = self._known.get(name, (0.0, None))
        if endpoint is not None and 0 <= now - asked < ADDRESS_TTL_SECONDS:
            return endpoint
        endpoint = self._endpoint(self.address(name))
        with self._lock:
            self._known[name] = (now, endpoint)
        return endpoint

    def _endpoint(self, address: str) -> FunctionEndpoint:
        base = self.simulator or base_from_service(address, SUFFIXES)
        own = None if base is None else own_address(address, base.url)
        if base is None or own is None or own.query:
            raise PlatformRefused(
                "the function's address is not on a Google host"
                f" ({' or '.join(SUFFIXES)}), so it is not called",
                cause=FailureCause.PLATFORM_UNREACHABLE,
            )
        # The audience is the full address from Google, path included.
        return FunctionEndpoint(self.client(base, address.rstrip("/")), own.segments)
