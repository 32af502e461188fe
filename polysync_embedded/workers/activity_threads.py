"""Executes activity calls of the engine on threads, as many as the calls need."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import Future

from polysync_embedded.engine.activity_calls import ActivityCall
from polysync_embedded.workers.call_queue import CallQueue, ThreadShares

_log = logging.getLogger(__name__)


class ActivityThreads:
    """Executes calls of activities on threads; each thread starts when the first call needs it."""

    def __init__(self, shares: ThreadShares) -> None:
        self._calls = CallQueue(shares)
        self._changed = threading.Condition()
        """Held while the queue or the fields below change."""
        self._sleeping = 0
        """The threads that wait for a call and were not woken."""
        self._ends: list[Future[None]] = []
        """The end of each thread."""
        self._stopped = False

    def run(self, call: ActivityCall) -> None:
        """Execute a call as soon as a thread is free for it."""
        with self._changed:
            if self._stopped:
                return
            self._calls.put(call)
            if self._sleeping:
                self._sleeping -= 1
                self._changed.notify()
            elif (first := self._calls.take()) is not None:
                self._start_thread(first)

    def hurry(self, call: ActivityCall) -> None:
        """Execute a waiting call before the other calls of its platform."""
        with self._changed:
            self._calls.hurry(call)

    async def stop(self, grace: float) -> int:
        """Drop the waiting calls, await the others, and return the number that still run."""
        with self._changed:
            self._stopped = True
            self._calls.clear()
            self._changed.notify_all()
        if not self._ends:
            return 0
        _, left = await asyncio.wait(map(asyncio.wrap_future, self._ends), timeout=grace)
        return len(left)

    def _start_thread(self, first: ActivityCall) -> None:
        end = Future[None]()
        name = f"activity-{len(self._ends)}"
        self._ends.append(end)
        # A thread that does not end in time must not keep the process from ending.
        threading.Thread(target=self._work, args=(first, end), name=name, daemon=True).start()

    def _work(self, first: ActivityCall, end: Future[None]) -> None:
        call: ActivityCall | None = first
        while call is not None:
            try:
                call.execute()
            except BaseException as error:
                # Without an answer, the orchestration would wait for ever.
                _log.exception("An activity broke off.", extra={"action": "activity_fault"})
                call.fail(RuntimeError(type(error).__name__))
            call = self._next(call)
        end.set_result(None)

    def _next(self, ended: ActivityCall) -> ActivityCall | None:
        """Wait for the next call that may run; return None after a stop."""
        with self._changed:
            self._calls.end(ended)
            while not self._stopped:
                if (call := self._calls.take()) is not None:
                    return call
                self._sleeping += 1
                self._changed.wait()
            return None
