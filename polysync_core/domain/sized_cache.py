"""Provides a thread-safe cache with a limit on the total size of all values."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable


class SizedCache[K: Hashable, V]:
    """Caches values by key; the least recently used values make room for a new one.

    A value never expires: the caller must be able to recognise an outdated one.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return the cached value of a key, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: K, value: V, *, size: int) -> None:
        """Cache a value; a value that is larger than the whole cache is left out."""
        with self._lock:
            self._remove(key)
            if size > self._max_size:
                return
            self._entries[key] = value, size
            self._size += size
            while self._size > self._max_size:
                self._remove(next(iter(self._entries)))

    def remove(self, key: K) -> None:
        """Remove the value of a key, if there is one."""
        with self._lock:
            self._remove(key)

    def _remove(self, key: K) -> None:
        _, size = self._entries.pop(key, (None, 0))
        self._size -= size
