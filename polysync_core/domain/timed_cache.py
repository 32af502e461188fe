"""Provides a thread-safe cache whose values expire after some seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

DEFINITION_TTL = 15.0
"""Seconds for which a process trusts a definition that another process may have edited."""


@dataclass(frozen=True, slots=True)
class _Entry[V]:
    value: V
    expires_at: float


class TimedCache[K: Hashable, V]:
    """Caches values by key for `ttl` seconds; safe for threads.

    An error of `load` goes to the caller and is not cached. `invalidate` also discards the reads
    that are in flight, so no value that was read before an edit is cached after it.
    """

    def __init__(
        self,
        load: Callable[[K], V],
        *,
        ttl: float = DEFINITION_TTL,
        max_entries: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._ttl = ttl
        self._max_entries = max_entries
        self._monotonic = monotonic
        self._entries: dict[K, _Entry[V]] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def get(self, key: K) -> V:
        """Return the cached value of a key, or load it."""
        now, generation = self._monotonic(), self._generation
        entry = self._entries.get(key)
        if entry is not None and now < entry.expires_at:
            return entry.value
        value = self._load(key)
        with self._lock:
            if generation == self._generation:
                self._entries.pop(key, None)
                self._make_room(now)
                self._entries[key] = _Entry(value, now + self._ttl)
        return value

    def invalidate(self, keys: Iterable[K] | None = None) -> None:
        """Drop the values of some keys, or of all keys."""
        with self._lock:
            self._generation += 1
            if keys is None:
                self._entries.clear()
            else:
                for key in keys:
                    self._entries.pop(key, None)

    def _make_room(self, now: float) -> None:
        """Drop expired entries, then the oldest ones, until one more entry fits."""
        if self._max_entries is None or len(self._entries) < self._max_entries:
            return
        self._entries = {
            key: entry for key, entry in self._entries.items() if now < entry.expires_at
        }
        while len(self._entries) >= self._max_entries:
            del self._entries[next(iter(self._entries))]
