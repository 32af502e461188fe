"""Runs the engine on an asyncio loop, with threads for the activities."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from orchestrations.durable_functions import DURABLE_FUNCTIONS, DurableFunctions
from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.errors import Unavailable
from polysync_embedded.engine.engine import EmbeddedEngine
from polysync_embedded.engine.ports import Step
from polysync_embedded.workers.activity_threads import ActivityThreads
from polysync_embedded.workers.call_queue import ThreadShares

_log = logging.getLogger(__name__)

STEPS_A_TURN = 100
"""After this number of steps in a row, the loop serves its other users."""
CLOCK_CHECK_SECONDS = 10.0
"""A timer reads the clock this often, because a machine that sleeps stops the loop's time."""
ANSWER_SECONDS = 10.0


class AsyncioLoop:
    """Runs the steps of the engine on an asyncio loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self._loop = loop
        self._clock = clock
        self._steps: deque[Step] = deque()
        self._turn_is_due = False
        self._stopped = False

    def post(self, step: Step) -> None:
        """Run a step after all earlier steps; a stopped engine drops the step."""
        if self._stopped:
            return
        self._steps.append(step)
        if not self._turn_is_due:
            self._turn_is_due = True
            self._loop.call_soon_threadsafe(self._take_turn)

    def ask[T](self, question: Callable[[], T]) -> T:
        """Return the result of a question, which reads the state of the engine."""
        if self._is_current():
            return question()
        if self._stopped:
            raise Unavailable("The engine is stopped.")
        answer: Future[T] = Future()
        self.post(lambda: answer.set_result(question()))
        try:
            return answer.result(ANSWER_SECONDS)
        except TimeoutError as error:
            raise Unavailable("The engine does not answer.", retry_after=5) from error

    def at(self, moment: datetime, step: Step) -> Step:
        """Run a step at a time, by the earlier of both clocks."""
        due = self._loop.time() + (moment - self._clock()).total_seconds()
        handle: asyncio.TimerHandle | None = None

        def check() -> None:
            nonlocal handle
            left = min(due - self._loop.time(), (moment - self._clock()).total_seconds())
            if left > 0:
                handle = self._loop.call_later(min(left, CLOCK_CHECK_SECONDS), check)
            else:
                self.post(step)

        def cancel() -> None:
            if handle is not None:
                handle.cancel()

        check()
        return cancel

    def stop(self) -> None:
        """Run no further step."""
        self._stopped = True
        self._steps.clear()

    def _is_current(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def _take_turn(self) -> None:
        self._turn_is_due = False
        try:
            for _ in range(min(len(self._steps), STEPS_A_TURN)):
                self._steps.popleft()()
        finally:
            if self._steps and not self._turn_is_due:
                self._turn_is_due = True
                self._loop.call_soon(self._take_turn)


class RunningEngine(EmbeddedEngine):
    """An engine on a running loop, which can be stopped once."""

    def __init__(
        self, loop: AsyncioLoop, threads: ActivityThreads, clock: Clock, functions: DurableFunctions
    ) -> None:
        super().__init__(clock=clock, loop=loop, workers=threads, functions=functions)
        self._asyncio_loop = loop
        self._threads = threads

    async def stop(self, grace: float) -> None:
        """Start no further step, and wait at most `grace` seconds for the running activities."""
        self._asyncio_loop.stop()
        if left := await self._threads.stop(grace):
            _log.warning(
                "Activities still run after the engine has stopped.",
                extra={"action": "activities_abandoned", "activities": left},
            )


def run_on(
    loop: asyncio.AbstractEventLoop,
    *,
    shares: ThreadShares,
    clock: Clock = utc_now,
    functions: DurableFunctions = DURABLE_FUNCTIONS,
) -> RunningEngine:
    """Return an engine whose steps run on a loop, beside the loop's other work."""
    return RunningEngine(AsyncioLoop(loop, clock), ActivityThreads(shares), clock, functions)
