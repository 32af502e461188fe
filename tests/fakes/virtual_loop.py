"""Implements the embedded engine's clock, event loop and workers in virtual time."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from polysync_embedded.engine.activity_calls import ActivityCall
from polysync_embedded.engine.ports import Step

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class VirtualClock:
    """A clock that a test advances. No two of its readings are equal."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=137)
        return self.now

    def seconds(self) -> float:
        """Return the time in seconds."""
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self.now += timedelta(seconds=seconds)


class VirtualLoop:
    """A loop that runs one step at a time, in the order of the requests."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._steps: deque[Step] = deque()
        self._timers: list[tuple[datetime, int, Step]] = []
        self._cancelled: set[int] = set()
        self._numbers = itertools.count()

    def post(self, step: Step) -> None:
        self._steps.append(step)

    def ask[T](self, question: Callable[[], T]) -> T:
        return question()

    def at(self, moment: datetime, step: Step) -> Step:
        number = next(self._numbers)
        heapq.heappush(self._timers, (moment, number, step))
        return lambda: self._cancelled.add(number)

    def run_next(self) -> bool:
        """Run the next step, if there is one."""
        if not self._steps:
            return False
        self._steps.popleft()()
        return True

    def fire_due(self) -> None:
        """Post the steps of the timers that are due."""
        while (due := self.next_due()) is not None and due <= self._clock.now:
            self.post(heapq.heappop(self._timers)[2])

    @property
    def pending(self) -> int:
        """The number of timers that have neither fired nor been cancelled."""
        return sum(number not in self._cancelled for _, number, _ in self._timers)

    def next_due(self) -> datetime | None:
        """Return the time of the next timer that is not cancelled."""
        while self._timers and self._timers[0][1] in self._cancelled:
            self._cancelled.discard(heapq.heappop(self._timers)[1])
        return self._timers[0][0] if self._timers else None


class VirtualWorkers:
    """Workers that execute one call at a time, when a test says so."""

    def __init__(self) -> None:
        self.calls: deque[ActivityCall] = deque()
        self.total = 0

    def run(self, call: ActivityCall) -> None:
        self.total += 1
        self.calls.append(call)

    def hurry(self, call: ActivityCall) -> None:
        if call in self.calls:
            self.calls.remove(call)
            self.calls.appendleft(call)

    def run_next(self) -> bool:
        """Execute the next call, if there is one."""
        if not self.calls:
            return False
        self.calls.popleft().execute()
        return True
