"""Limits the concurrent deliveries to one webhook or one notification receiver.

A slow receiver therefore delays no other receiver.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

MOST_AT_ONCE = 4
"""The maximum number of deliveries to one recipient in one process; a host has twelve slots."""
_SHORTEST_WAIT = 1.0
_LONGEST_WAIT = 600.0


@dataclass(slots=True)
class _Usage:
    """The deliveries to one webhook, one receiver or the lineage service."""

    started: list[float] = field(default_factory=list[float])
    """The start times of the deliveries under way."""
    last_seconds: float = 0.0
    """The duration of the last delivery."""
    next_turn: float = 0.0
    """The time until which the waiting deliveries fill the slots."""

    def wait(self, now: float) -> int:
        """Return the seconds until a further delivery has a slot, and reserve that turn."""
        longest = max(self.last_seconds, now - min(self.started), _SHORTEST_WAIT)
        self.next_turn = max(now, self.next_turn) + longest / MOST_AT_ONCE
        return math.ceil(min(max(self.next_turn - now, _SHORTEST_WAIT), _LONGEST_WAIT))


class DeliverySlots:
    """The slots of all recipients in this process; safe for threads."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._usage: dict[str, _Usage] = {}

    @contextmanager
    def taken(self, recipient: str) -> Generator[int | None]:
        """Yield None with a slot taken, or the seconds to wait for one.

        Waiting deliveries get different turns, so that they do not all return at once.
        """
        with self._lock:
            now = self._monotonic()
            usage = self._usage.setdefault(recipient, _Usage())
            wait = usage.wait(now) if len(usage.started) >= MOST_AT_ONCE else None
            if wait is None:
                usage.started.append(now)
        if wait is not None:
            yield wait
            return
        try:
            yield None
        finally:
            self._release(recipient, now)

    def _release(self, recipient: str, started: float) -> None:
        with self._lock:
            now = self._monotonic()
            usage = self._usage[recipient]
            usage.started.remove(started)
            usage.last_seconds = now - started
            if not usage.started and usage.next_turn <= now:
                del self._usage[recipient]
