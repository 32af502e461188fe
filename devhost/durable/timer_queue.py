"""Calls any number of delayed actions, in order, on one thread."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

log = logging.getLogger(__name__)

#: Seconds between two reads of the wall clock while no timer is due.
HEARTBEAT = 5.0
#: A larger gain of the wall clock over the monotonic clock means a clock change, in seconds.
JUMP = 1.0
#: A heap with fewer cancelled timers is not rebuilt.
SMALL = 64


class Timer:
    """One scheduled action, which `TimerQueue.cancel` revokes."""

    __slots__ = ("action", "cancelled", "due", "order")

    def __init__(self, due: float, order: int, action: Callable[[], None]) -> None:
        self.due = due
        self.order = order
        self.action: Callable[[], None] | None = action
        self.cancelled = False

    def __lt__(self, other: Timer) -> bool:
        return (self.due, self.order) < (other.due, other.order)


class TimerQueue:
    """Runs actions when they are due, in order, on its own thread.

    The time is the monotonic clock plus every forward jump of the wall clock. After a sleep of the
    machine or a clock change forward, overdue actions run. A clock change backward delays nothing.
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
        self._thread = threading.Thread(target=self._turn, name="timer-queue", daemon=True)

    def start(self) -> None:
        """Start to run actions."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and drop the actions that are not due yet."""
        with self._changed:
            self._stopped = True
            self._heap.clear()
            self._changed.notify()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=2)

    def at(self, moment: datetime, action: Callable[[], None]) -> Timer:
        """Run the action at a time of the wall clock; a past time means now."""
        return self.after(moment.astimezone(UTC).timestamp() - self._wall(), action)

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Run the action after some seconds."""
        with self._changed:
            timer = Timer(self._now() + max(0.0, seconds), next(self._orders), action)
            heapq.heappush(self._heap, timer)
            if self._heap[0] is timer:
                self._changed.notify()
        return timer

    def cancel(self, timer: Timer) -> None:
        """Revoke a timer; do nothing if the timer has fired or is cancelled."""
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
        """Return the number of timers that have not fired."""
        with self._changed:
            return len(self._heap) - self._cancelled

    def now(self) -> float:
        """Return the time of this queue in seconds."""
        return self._now()

    def take_due(self) -> list[Callable[[], None]]:
        """Remove and return the actions that are due, in order."""
        with self._changed:
            return self._take_due()

    def _take_due(self) -> list[Callable[[], None]]:
        self._detect_clock_jump()
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

    def _detect_clock_jump(self) -> None:
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
