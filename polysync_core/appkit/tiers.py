"""How calls to Databricks are carried out: reads are remembered, repeated and shared; writes never.

| | remembered | attempts | limit |
|---|---|---|---|
| read | 60 s, per caller and arguments | 3, first after 1 s | 30 s |
| write | never | 3, safe to repeat | 120 s |

The limits are replaced by a configured time-out. A stream is bounded by the wait time-out of its
job.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import cast

from polysync_core.outbound.call_budget import CallBudget

READ_LIMIT = timedelta(seconds=30)
WRITE_LIMIT = timedelta(seconds=120)
KEPT_SECONDS = 60.0
MOST_KEPT = 1000
MOST_BYTES = 64 * 1024 * 1024
"""Of the JSON of all answers: a single one may have megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a call may take, repetitions included."""

    read: CallBudget
    write: CallBudget

    @classmethod
    def of(cls, timeout: timedelta | None) -> Limits:
        """Return the limits, all alike where a time-out is configured."""
        return cls(read=_patience(timeout or READ_LIMIT), write=_patience(timeout or WRITE_LIMIT))


def _patience(limit: timedelta) -> CallBudget:
    seconds = limit.total_seconds()
    return CallBudget(total=seconds, read=seconds, attempts=3, first_delay=1.0)


class What(StrEnum):
    """What can be read, and whose id names it."""

    JOB = "job"
    RUNS = "runs"
    """The newest runs of a job."""
    RUN = "run"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Read:
    """One read, whoever asks."""

    what: What
    id: int
    """Of the job for a job and its runs, of the run for a run and its output."""
    limit: int = 0


@dataclass(frozen=True, slots=True)
class ReadKey:
    """A read: who asks which workspace for what."""

    caller: str
    """Empty for the app itself."""
    workspace: str
    read: Read


@dataclass(frozen=True, slots=True)
class _Kept:
    text: str
    """The answer as JSON: smaller than what it is read into, and each caller gets its own."""
    until: float


class ReadCache:
    """What was read lately, as JSON has it; equal reads at the same time are one.

    Safe for threads: what a caller is given is that caller's alone.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._kept: OrderedDict[ReadKey, _Kept] = OrderedDict()
        self._under_way: dict[ReadKey, Future[str]] = {}
        self._size = 0
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """The bytes that are taken."""
        return self._size

    def read[T](self, key: ReadKey, fetch: Callable[[], T], keep: Callable[[T], bool]) -> T:
        """Return what is remembered, or what `fetch` returns; an error is remembered by nobody.

        `keep` tells whether a value is worth remembering.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.until <= self._monotonic():
                kept = self._drop(key)
            if kept is not None:
                self._kept.move_to_end(key)
            asked = self._under_way.get(key)
            ours = None
            if kept is None and asked is None:
                ours = self._under_way[key] = Future[str]()
        if kept is not None:
            return cast("T", json.loads(kept.text))
        if asked is not None:
            return cast("T", json.loads(asked.result()))
        return self._fetch(key, cast("Future[str]", ours), fetch, keep)

    def forget(self, stale: Callable[[Read], bool]) -> None:
        """Drop what is no longer true, for all callers.

        What is just being read may have been read too early: it is not remembered either.
        """
        with self._lock:
            for key in [key for key in self._kept if stale(key.read)]:
                self._drop(key)
            for key in [key for key in self._under_way if stale(key.read)]:
                del self._under_way[key]

    def _fetch[T](
        self, key: ReadKey, ours: Future[str], fetch: Callable[[], T], keep: Callable[[T], bool]
    ) -> T:
        try:
            value = fetch()
            text = json.dumps(value, separators=(",", ":"))
        except BaseException as error:
            self._settle(key, ours, None)
            ours.set_exception(error)
            raise
        kept = _Kept(text, self._monotonic() + KEPT_SECONDS) if keep(value) else None
        self._settle(key, ours, kept)
        ours.set_result(text)
        return value

    def _settle(self, key: ReadKey, ours: Future[str], kept: _Kept | None) -> None:
        with self._lock:
            if self._under_way.get(key) is not ours:
                return
            del self._under_way[key]
            if kept is None:
                return
            self._drop(key)
            self._kept[key] = kept
            self._size += len(kept.text)
            while len(self._kept) > MOST_KEPT or self._size > MOST_BYTES:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: ReadKey) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= len(kept.text)
