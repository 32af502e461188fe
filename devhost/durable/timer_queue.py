"""Timers of any number on one thread."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

log = logging.getLogger(__name__)

#: How often the thread looks at the wall clock even if nothing is due, in seconds.
HEARTBEAT = 5.0
#: A wall clock that gains more than this on the monotonic one has been set, in seconds.
JUMP = 1.0
#: Below this many entries a heap with cancelled timers is not worth rebuilding.
SMALL = 64


class Timer:
    """One action to come; `cancel` takes it back."""

    __slots__ = ("action", "cancelled", "due", "order")

    def __init__(self, due: float, order: int, action: Callable[[], None]) -> None:
        self.due = due
        self.order = order
        self.action: Callable[[], None] | None = action
        self.cancelled = False

    def __lt__(self, other: Timer) -> bool:
        return (self.due, self.order) < (other.due, other.order)


class TimerQueue:
    """Run actions when they fall due, in order, on a thread of its own.

    Time is the monotonic clock plus every forward jump of the wall clock: a machine that slept
    or whose clock was put forward fires what is overdue, and a clock that is put back delays
    nothing.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._heap: list[Timer] = []
        self._cancelled = 0
        self._orders = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._gained = 0.0
        self._drift = wall() - monotonic()
        self._thread = threading.Thread(target=self._turn, name="timer-wheel", daemon=True)

    def start(self) -> None:
        """Begin to run actions."""
        self._thread.start()

    def stop(self) -> None:
        """Run no further action; those to come are dropped."""
        with self._changed:
            self._stopped = True
            self._heap.clear()
            self._changed.notify()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=2)

    def at(self, moment: datetime, action: Callable[[], None]) -> Timer:
        """Run the action at that moment of the wall clock, or at once if it has passed."""
        return self.after(moment.astimezone(UTC).timestamp() - self._wall(), action)

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Run the action after so many seconds."""
        with self._changed:
            timer = Timer(self._now() + max(0.0, seconds), next(self._orders), action)
            heapq.heappush(self._heap, timer)
            if self._heap[0] is timer:
                self._changed.notify()
        return timer

    def cancel(self, timer: Timer) -> None:
        """Take the timer back; one that has fired or was cancelled before is left alone."""
        with self._changed:
            if timer.cancelled or timer.action is None:
                return
            timer.cancelled = True
            timer.action = None
            self._cancelled += 1
            if self._cancelled > SMALL and self._cancelled * 2 > len(self._heap):
                self._heap = [kept for kept in self._heap if not kept.cancelled]
                heapq.heapify(self._heap)
                self._cancelled = 0

    def __len__(self) -> int:
        """Return the number of timers still to fire."""
        with self._changed:
            return len(self._heap) - self._cancelled

    def now(self) -> float:
        """Return the time of this wheel in seconds, from some beginning."""
        return self._now()

    def take_due(self) -> list[Callable[[], None]]:
        """Return what is due now, in order, and forget it."""
        with self._changed:
            return self._take_due()

    def _take_due(self) -> list[Callable[[], None]]:
        self._notice_jumps()
        now = self._now()
        due: list[Callable[[], None]] = []
        while self._heap and (self._heap[0].cancelled or self._heap[0].due <= now):
            timer = heapq.heappop(self._heap)
            if timer.cancelled:
                self._cancelled -= 1
            elif timer.action is not None:
                due.append(timer.action)
                timer.action = None
        return due

    def _now(self) -> float:
        return self._monotonic() + self._gained

    def _notice_jumps(self) -> None:
        drift = self._wall() - self._monotonic()
        if drift - self._drift > JUMP:
            self._gained += drift - self._drift
        self._drift = drift

    def _turn(self) -> None:
        while True:
            with self._changed:
                due = self._take_due()
                if self._stopped:
                    return
                if not due:
                    wait = self._heap[0].due - self._now() if self._heap else HEARTBEAT
                    self._changed.wait(timeout=min(max(wait, 0.0), HEARTBEAT))
                    continue
            for action in due:
                try:
                    action()
                except Exception:
                    log.exception("A timer's action failed.")
