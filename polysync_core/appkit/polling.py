"""Polls Databricks runs, and shares each result among all clients that watch the run.

No background thread polls. The watcher that finds a poll due takes the turn, polls and wakes the
others. So polling ends with the last watcher, and threads and event loops can watch the same run.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from polysync_core.appkit.errors import PollFailed
from polysync_core.domain.errors import Broken, PolysyncError
from polysync_core.domain.json_types import JsonObject

POLL_INTERVAL = timedelta(seconds=5)

_GROWTH = 1.5
_MAX_INTERVALS = 6.0
"""The longest delay, in intervals."""
_JITTER = 0.2
_FINAL_STATES = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})

_log = logging.getLogger(__name__)

type Uniform = Callable[[float, float], float]
type Wake = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollBackoff:
    """The back-off between two polls of a run, and the clocks that measure it."""

    interval: float = POLL_INTERVAL.total_seconds()
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    uniform: Uniform = random.uniform

    @property
    def longest(self) -> float:
        """The longest delay in seconds."""
        return self.interval * _MAX_INTERVALS

    def delay(self, polls: int) -> float:
        """Return the seconds until the next poll, after this many polls (from 1)."""
        # After ten polls the delay is at its maximum for every jitter.
        grown = self.interval * _GROWTH ** min(polls - 1, 10)
        return min(grown * self.uniform(1 - _JITTER, 1 + _JITTER), self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A run as one poll found it."""

    run_id: int
    sequence: int
    run: JsonObject
    status: str | None
    """Databricks' life cycle state; None if the answer has none."""
    timestamp: int
    """Milliseconds since 1970."""

    @property
    def is_last(self) -> bool:
        """True if the run has ended."""
        return self.status in _FINAL_STATES


@dataclass(frozen=True, slots=True)
class Wait:
    """The watcher must wait: another watcher polls, or no poll is due."""

    seconds: float


@dataclass(frozen=True, slots=True)
class PollNow:
    """The watcher has the turn: it calls `poll` or `release_turn`."""


type NextStep = Snapshot | Wait | PollNow


def life_cycle_state(run: JsonObject) -> str | None:
    """Return the life cycle state of a run."""
    state = run.get("state")
    word = state.get("life_cycle_state") if isinstance(state, dict) else None
    return word if isinstance(word, str) else None


class _Turn(Enum):
    """The state of the next poll of a run."""

    FREE = "free"
    ASSIGNED = "assigned"
    """One watcher has the turn and has not begun to poll."""
    POLLING = "polling"


class SharedPoll:
    """The polls of one run and all its watchers. Safe for threads."""

    def __init__(
        self, run_id: int, read: Callable[[int], JsonObject], backoff: PollBackoff, after: int
    ) -> None:
        self._run_id = run_id
        self._read = read
        self._backoff = backoff
        self._sequence = after
        self._lock = threading.Lock()
        self._latest: Snapshot | PolysyncError | None = None
        self._due = backoff.monotonic()
        self._polls = 0
        self._turn = _Turn.FREE
        self._watchers: set[Wake] = set()

    @property
    def is_over(self) -> bool:
        """True if the run has ended or a poll failed, so no poll will follow."""
        latest = self._latest
        return isinstance(latest, PolysyncError) or (latest is not None and latest.is_last)

    def subscribe(self, wake: Wake, after: int) -> None:
        """Call `wake` after each poll; continue the sequence after `after`."""
        with self._lock:
            self._watchers.add(wake)
            self._sequence = max(self._sequence, after)

    def unsubscribe(self, wake: Wake) -> None:
        """Stop calling `wake`."""
        with self._lock:
            self._watchers.discard(wake)

    def next_step(self, seen: Snapshot | None, after: int) -> NextStep:
        """Return a new snapshot or the watcher's next step; raise `PollFailed`."""
        with self._lock:
            latest = self._latest
            if isinstance(latest, PolysyncError):
                raise PollFailed(self._run_id) from latest
            if latest is not None and latest is not seen and latest.sequence > after:
                return latest
            if self._turn is not _Turn.FREE:
                return Wait(self._backoff.longest)
            left = self._due - self._backoff.monotonic()
            if left > 0:
                return Wait(left)
            self._turn = _Turn.ASSIGNED
            return PollNow()

    def poll(self) -> None:
        """Read the run and wake all watchers; do nothing if the turn was released."""
        with self._lock:
            if self._turn is not _Turn.ASSIGNED:
                return
            self._turn = _Turn.POLLING
        found = self._found()
        with self._lock:
            self._polls += 1
            self._turn = _Turn.FREE
            self._due = self._backoff.monotonic() + self._backoff.delay(self._polls)
            self._latest = found if isinstance(found, PolysyncError) else self._snapshot(found)
        self._wake_watchers()

    def release_turn(self) -> None:
        """Leave the turn to another watcher if the poll has not begun."""
        with self._lock:
            if self._turn is not _Turn.ASSIGNED:
                return
            self._turn = _Turn.FREE
        self._wake_watchers()

    def _found(self) -> JsonObject | PolysyncError:
        try:
            return self._read(self._run_id)
        except PolysyncError as error:
            return error
        except Exception:
            # A watcher that failed must not keep the turn.
            _log.exception(
                "Polling a Databricks run failed.", extra={"action": "appkit_poll_failed"}
            )
            return Broken()

    def _snapshot(self, run: JsonObject) -> Snapshot:
        self._sequence += 1
        return Snapshot(
            run_id=self._run_id,
            sequence=self._sequence,
            run=run,
            status=life_cycle_state(run),
            timestamp=round(self._backoff.now() * 1000),
        )

    def _wake_watchers(self) -> None:
        with self._lock:
            watchers = list(self._watchers)
        for wake in watchers:
            wake()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedRun:
    """A run that one caller watches. Equal values share their polls."""

    run_id: int
    caller: object
    """The identity that reads the run, and the workspace."""
    read: Callable[[int], JsonObject] = field(compare=False)


@dataclass(slots=True)
class _Entry:
    poll: SharedPoll
    watchers: int = 0


@dataclass(slots=True)
class SharedPolls:
    """The runs that this process watches."""

    backoff: PollBackoff
    _entries: dict[WatchedRun, _Entry] = field(default_factory=dict[WatchedRun, _Entry])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def watch(self, run: WatchedRun, after: int, wake: Wake) -> Generator[SharedPoll]:
        """Watch a run together with all its other watchers."""
        entry = self._join(run, after, wake)
        try:
            yield entry.poll
        finally:
            self._leave(run, entry, wake)

    def _join(self, run: WatchedRun, after: int, wake: Wake) -> _Entry:
        with self._lock:
            entry = self._entries.get(run)
            if entry is None or entry.poll.is_over:
                poll = SharedPoll(run.run_id, run.read, self.backoff, after)
                entry = self._entries[run] = _Entry(poll)
            entry.poll.subscribe(wake, after)
            entry.watchers += 1
            return entry

    def _leave(self, run: WatchedRun, entry: _Entry, wake: Wake) -> None:
        with self._lock:
            entry.watchers -= 1
            entry.poll.unsubscribe(wake)
            if entry.watchers == 0 and self._entries.get(run) is entry:
                del self._entries[run]

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)
