"""Caches large Task graphs for some seconds, and merges concurrent reads of one graph.

A node costs several reads of the storage, so a graph of 1,000 Tasks costs thousands of reads. Small
graphs are cheap and are always read anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sized
from concurrent.futures import Future
from typing import Protocol

TTL = 3.0
"""Seconds for which a large graph is answered again."""
LARGE = 100
"""The number of nodes from which a graph is cached."""
_MAX_ENTRIES = 16


class Measurable(Protocol):
    """A value whose nodes can be counted."""

    @property
    def nodes(self) -> Sized: ...


class LargeGraphCache[G: Measurable]:
    """Caches large graphs by key. It is safe for threads; errors are not cached."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._cached: dict[Hashable, tuple[float, G]] = {}
        self._in_flight: dict[Hashable, Future[G]] = {}

    def get(self, key: Hashable, read: Callable[[], G]) -> G:
        """Return a cached graph, wait for the read of another caller, or read the graph."""
        with self._lock:
            cached = self._cached.get(key)
            if cached is not None and self._monotonic() < cached[0]:
                return cached[1]
            other = self._in_flight.get(key)
            own: Future[G] = Future()
            if other is None:
                self._in_flight[key] = own
        if other is not None:
            return other.result()
        return self._read(key, read, own)

    def _read(self, key: Hashable, read: Callable[[], G], own: Future[G]) -> G:
        try:
            graph = read()
        except BaseException as error:
            with self._lock:
                del self._in_flight[key]
            own.set_exception(error)
            raise
        with self._lock:
            del self._in_flight[key]
            self._keep(key, graph)
        own.set_result(graph)
        return graph

    def _keep(self, key: Hashable, graph: G) -> None:
        now = self._monotonic()
        self._cached = {each: entry for each, entry in self._cached.items() if now < entry[0]}
        if len(graph.nodes) >= LARGE and len(self._cached) < _MAX_ENTRIES:
            self._cached[key] = (now + TTL, graph)
