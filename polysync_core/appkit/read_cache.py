"""Caches reads from Databricks for 60 seconds, and merges concurrent equal reads."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

CACHE_SECONDS = 60.0
MAX_ENTRIES = 200
"""The cache evicts the least recently used entry. One answer may have megabytes."""


class CachedResource(StrEnum):
    """The resources that can be read, and the object that their id names."""

    JOB = "job"
    RUNS = "runs"
    """The newest runs of a job."""
    RUN = "run"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Read:
    """One read, independent of the caller."""

    resource: CachedResource
    id: int
    """The job's id for a job and its runs, the run's id for a run and its output."""
    limit: int = 0


@dataclass(frozen=True, slots=True)
class CacheKey:
    """One read of one caller in one workspace."""

    caller: str | None
    """None for the app itself."""
    workspace: str
    read: Read


@dataclass(frozen=True, slots=True)
class _Entry:
    text: str
    """The answer as JSON, so that each caller gets a copy of its own."""
    expires_at: float


class ReadCache:
    """Caches answers as JSON. Concurrent equal reads share one call. Safe for threads."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._entries: OrderedDict[CacheKey, _Entry] = OrderedDict()
        self._in_flight: dict[CacheKey, Future[str]] = {}
        self._lock = threading.Lock()

    def read[T](self, key: CacheKey, fetch: Callable[[], T], cacheable: Callable[[T], bool]) -> T:
        """Return the cached value, or fetch and cache the value if it is `cacheable`.

        Errors are raised to every waiting caller and never cached.
        """
        with self._lock:
            entry = self._fresh(key)
            other = self._in_flight.get(key)
            own = None
            if entry is None and other is None:
                own = self._in_flight[key] = Future[str]()
        if entry is not None:
            return cast("T", json.loads(entry.text))
        if other is not None:
            return cast("T", json.loads(other.result()))
        return self._fetch(key, cast("Future[str]", own), fetch, cacheable)

    def invalidate(self, is_stale: Callable[[Read], bool]) -> None:
        """Discard stale entries of all callers; stale reads in flight are not cached."""
        with self._lock:
            for key in [key for key in self._entries if is_stale(key.read)]:
                del self._entries[key]
            for key in [key for key in self._in_flight if is_stale(key.read)]:
                del self._in_flight[key]

    def _fresh(self, key: CacheKey) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is None or entry.expires_at <= self._monotonic():
            self._entries.pop(key, None)
            return None
        self._entries.move_to_end(key)
        return entry

    def _fetch[T](
        self,
        key: CacheKey,
        own: Future[str],
        fetch: Callable[[], T],
        cacheable: Callable[[T], bool],
    ) -> T:
        try:
            value = fetch()
            text = json.dumps(value, separators=(",", ":"))
        except BaseException as error:
            self._finish(key, own, None)
            own.set_exception(error)
            raise
        self._finish(key, own, text if cacheable(value) else None)
        own.set_result(text)
        return value

    def _finish(self, key: CacheKey, own: Future[str], text: str | None) -> None:
        with self._lock:
            if self._in_flight.get(key) is not own:
                # The read was invalidated while it was in flight.
                return
            del self._in_flight[key]
            if text is None:
                return
            self._entries[key] = _Entry(text, self._monotonic() + CACHE_SECONDS)
            if len(self._entries) > MAX_ENTRIES:
                self._entries.popitem(last=False)
