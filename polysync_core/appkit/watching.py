"""Following runs: each run is looked at once for all who watch it.

Nobody polls on others' behalf in the background. Whoever finds that the next look is due takes it,
and tells the others; so the looks end with the last watcher, and threads and event loops may watch
the same run.
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

from polysync_core.domain.errors import Broken, PolysyncError
from polysync_core.domain.json_types import JsonObject

POLL_INTERVAL = timedelta(seconds=5)

_GROWTH = 1.5
_LONGEST = 6.0
"""The longest pause in intervals."""
_JITTER = 0.2
_ENDS = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})

_log = logging.getLogger(__name__)

type Uniform = Callable[[float, float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a run is looked at, and by which clock."""

    interval: float = POLL_INTERVAL.total_seconds()
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    uniform: Uniform = random.uniform

    def pause(self, looks: int) -> float:
        """Return the seconds until the next look, after so many (1 is the first)."""
        # Beyond this many looks the longest pause is reached whatever chance says.
        grown = self.interval * _GROWTH ** min(looks - 1, 10)
        spread = self.uniform(1 - _JITTER, 1 + _JITTER)
        return min(grown * spread, self.interval * _LONGEST)


class _Turn(Enum):
    """Whose turn it is to look at a run."""

    FREE = "free"
    GIVEN = "given"
    """Somebody has been told to look, and has not begun."""
    TAKEN = "taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a run has found."""

    run_id: int
    sequence: int
    run: JsonObject
    status: str | None
    """Databricks' own word for where the run is in its life; None where it gives none."""
    timestamp: int
    """Milliseconds since 1970."""

    @property
    def is_last(self) -> bool:
        """Whether the run has ended."""
        return self.status in _ENDS


def life_cycle_state(run: JsonObject) -> str | None:
    """Return Databricks' word for where a run is in its life."""
    state = run.get("state")
    word = state.get("life_cycle_state") if isinstance(state, dict) else None
    return word if isinstance(word, str) else None


class Watch:
    """One run, and all who watch it. Safe for threads."""

    def __init__(
        self, run_id: int, look: Callable[[int], JsonObject], pace: Pace, after: int
    ) -> None:
        self._run_id = run_id
        self._look = look
        self._pace = pace
        self._sequence = after
        self._lock = threading.Lock()
        self._latest: Look | PolysyncError | None = None
        self._due = pace.monotonic()
        self._looks = 0
        self._turn = _Turn.FREE
        self._bells: set[Callable[[], None]] = set()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be found."""
        latest = self._latest
        return isinstance(latest, PolysyncError) or (latest is not None and latest.is_last)

    def attend(self, ring: Callable[[], None], after: int) -> None:
        """Have `ring` called after each look, and count on from what was seen elsewhere."""
        with self._lock:
            self._bells.add(ring)
            self._sequence = max(self._sequence, after)

    def depart(self, ring: Callable[[], None]) -> None:
        """Call `ring` no more."""
        with self._lock:
            self._bells.discard(ring)

    def next(self, seen: Look | None, after: int) -> Look | PolysyncError | float | None:
        """Return what is new to a watcher, the seconds until there may be, or None: look now.

        A watcher that is given None has the turn: it calls `take_look`, or `pass_on`.
        """
        with self._lock:
            latest = self._latest
            if isinstance(latest, PolysyncError):
                return latest
            if latest is not None and latest is not seen and latest.sequence > after:
                return latest
            if self._turn is not _Turn.FREE:
                return self._pace.interval * _LONGEST
            left = self._due - self._pace.monotonic()
            if left > 0:
                return left
            self._turn = _Turn.GIVEN
            return None

    def take_look(self) -> None:
        """Look at the run, and tell everybody; nothing where the turn was passed on."""
        with self._lock:
            if self._turn is not _Turn.GIVEN:
                return
            self._turn = _Turn.TAKEN
        found = self._found()
        with self._lock:
            self._looks += 1
            self._turn = _Turn.FREE
            self._due = self._pace.monotonic() + self._pace.pause(self._looks)
            self._latest = self._told(found)
        self._ring()

    def pass_on(self) -> None:
        """Give the turn to somebody else, where the look has not begun."""
        with self._lock:
            if self._turn is not _Turn.GIVEN:
                return
            self._turn = _Turn.FREE
        self._ring()

    def _found(self) -> JsonObject | PolysyncError:
        try:
            return self._look(self._run_id)
        except PolysyncError as error:
            return error
        except Exception:
            # Whoever has the turn must not keep it for ever.
            _log.exception("A look at a run failed.", extra={"action": "run_look_failed"})
            return Broken()

    def _told(self, found: JsonObject | PolysyncError) -> Look | PolysyncError:
        if isinstance(found, PolysyncError):
            return found
        self._sequence += 1
        return Look(
            run_id=self._run_id,
            sequence=self._sequence,
            run=found,
            status=life_cycle_state(found),
            timestamp=round(self._pace.now() * 1000),
        )

    def _ring(self) -> None:
        with self._lock:
            bells = list(self._bells)
        for ring in bells:
            ring()


@dataclass(slots=True)
class _Shared:
    watch: Watch
    watchers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A run, and how it is looked at."""

    run_id: int
    viewer: object
    """Who looks where: those who are equal share their looks at the same run."""
    look: Callable[[int], JsonObject] = field(compare=False)


@dataclass(slots=True)
class Watches:
    """The runs that are being watched in this process, by who may see them."""

    pace: Pace
    _shared: dict[Subject, _Shared] = field(default_factory=dict[Subject, _Shared])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def of(self, subject: Subject, after: int, ring: Callable[[], None]) -> Generator[Watch]:
        """Watch a run, together with all others who do."""
        shared = self._join(subject, after, ring)
        try:
            yield shared.watch
        finally:
            self._leave(subject, shared, ring)

    def _join(self, subject: Subject, after: int, ring: Callable[[], None]) -> _Shared:
        with self._lock:
            shared = self._shared.get(subject)
            if shared is None or shared.watch.is_over:
                watch = Watch(subject.run_id, subject.look, self.pace, after)
                shared = self._shared[subject] = _Shared(watch)
            shared.watch.attend(ring, after)
            shared.watchers += 1
            return shared

    def _leave(self, subject: Subject, shared: _Shared, ring: Callable[[], None]) -> None:
        with self._lock:
            shared.watchers -= 1
            shared.watch.depart(ring)
            if shared.watchers == 0 and self._shared.get(subject) is shared:
                del self._shared[subject]

    def __len__(self) -> int:
        with self._lock:
            return len(self._shared)
