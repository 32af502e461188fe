"""Where functions are called, and who they are shown to be called by."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PlatformRefused
from polysync_core.outbound.hosts import BaseAddress, base_from_service
from polysync_core.outbound.urls import own_address
from polysync_core.platforms.google_functions.external_id import FunctionName
from polysync_core.platforms.platform_client import PlatformClient

SUFFIXES = (".run.app", ".cloudfunctions.net")
KEPT_SECONDS = 600.0
"""How long a function's address is remembered."""


@dataclass(frozen=True, slots=True)
class FunctionEndpoint:
    """Where a function is called."""

    client: PlatformClient
    path: tuple[str, ...]
    """The segments of the function's own path; one of the first generation has its name there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressCache:
    """The addresses of functions, each asked for once in a while; safe for threads."""

    address: Callable[[FunctionName], str]
    """Asks Google where a function is called."""
    client: Callable[[BaseAddress, str], PlatformClient]
    """Makes the client for a host and for the audience of its tokens."""
    stand_in: BaseAddress | None
    """The stand-in, which has all the functions."""
    now: Clock
    _known: dict[FunctionName, tuple[float, FunctionEndpoint]] = field(
        default_factory=dict[FunctionName, tuple[float, FunctionEndpoint]]
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def to(self, name: FunctionName) -> FunctionEndpoint:
        """Return where a function is called."""
        now = self.now().timestamp()
        with self._lock:
            asked, door = self._known.get(name, (0.0, None))
        if door is not None and 0 <= now - asked < KEPT_SECONDS:
            return door
        door = self._door(self.address(name))
        with self._lock:
            self._known[name] = (now, door)
        return door

    def _door(self, address: str) -> FunctionEndpoint:
        base = self.stand_in or base_from_service(address, SUFFIXES)
        place = None if base is None else own_address(address, base.url)
        if base is None or place is None or place.query:
            raise PlatformRefused(
                "the function's address is not one of Google's own"
                f" ({' or '.join(SUFFIXES)}): it is not called",
                cause=FailureCause.PLATFORM_UNREACHABLE,
            )
        # The audience is the address as Google names it, path included.
        return FunctionEndpoint(self.client(base, address.rstrip("/")), place.segments)
