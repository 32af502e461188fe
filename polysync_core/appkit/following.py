"""A run from its start to its end, for loops of both kinds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta

from anyio import to_thread

from polysync_core.appkit.errors import PollFailed, WaitedTooLong
from polysync_core.appkit.watching import Look, Subject, Watch, Watches
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.json_types import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The looks at a run, one for each `for` or `async for`, the last when it has ended.

    The first step of a loop starts the run, where it is not going on already. A step raises
    `RunStreamEnded`: the run could not be started or read, or has not ended in time; what was
    started goes on whatever becomes of the loop.
    """

    start: Callable[[], int]
    """Returns the id of the run."""
    look: Callable[[int], JsonObject]
    viewer: object
    """Who looks where: those who are equal share their looks at the same run."""
    watches: Watches
    wait_timeout: timedelta
    after: int = 0
    """The number of the last look that the caller has seen already."""

    def __iter__(self) -> Iterator[Look]:
        """Yield the looks; a step waits for the next."""
        bell = threading.Event()
        run_id = self.start()
        with self._watch(run_id, bell.set) as watch:
            seat = self._seat(run_id, watch)
            while True:
                bell.clear()
                match seat.next():
                    case Look() as look:
                        yield look
                        if look.is_last:
                            return
                    case None:
                        watch.take_look()
                    case seconds:
                        bell.wait(seconds)

    async def __aiter__(self) -> AsyncGenerator[Look]:
        """Yield the looks; a step waits for the next, and calls are made in threads."""
        loop, bell = asyncio.get_running_loop(), asyncio.Event()

        def ring() -> None:
            # A loop that was closed has nobody to tell.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(bell.set)

        run_id = await to_thread.run_sync(self.start, abandon_on_cancel=True)
        with self._watch(run_id, ring) as watch:
            seat = self._seat(run_id, watch)
            while True:
                bell.clear()
                match seat.next():
                    case Look() as look:
                        yield look
                        if look.is_last:
                            return
                    case None:
                        await _take_look(watch)
                    case seconds:
                        with suppress(TimeoutError):
                            await asyncio.wait_for(bell.wait(), seconds)

    def _watch(self, run_id: int, ring: Callable[[], None]) -> AbstractContextManager[Watch]:
        subject = Subject(run_id=run_id, viewer=self.viewer, look=self.look)
        return self.watches.of(subject, self.after, ring)

    def _seat(self, run_id: int, watch: Watch) -> _Seat:
        monotonic = self.watches.pace.monotonic
        deadline = monotonic() + self.wait_timeout.total_seconds()
        return _Seat(run_id, watch, self, monotonic, deadline)


async def _take_look(watch: Watch) -> None:
    try:
        await to_thread.run_sync(watch.take_look, abandon_on_cancel=True)
    finally:
        # The watcher may be gone before a thread has begun: then it is the others' turn.
        watch.pass_on()


@dataclass(slots=True)
class _Seat:
    """Where one watcher is."""

    run_id: int
    watch: Watch
    following: Following
    monotonic: Callable[[], float]
    deadline: float
    seen: Look | None = None

    def next(self) -> Look | float | None:
        """Return what `Watch.next` does, within the time that the watcher has."""
        found = self.watch.next(self.seen, self.following.after)
        if isinstance(found, PolysyncError):
            raise PollFailed(self.run_id) from found
        if isinstance(found, Look):
            self.seen = found
            return found
        left = self.deadline - self.monotonic()
        if left <= 0:
            self.watch.pass_on()
            milliseconds = round(self.following.wait_timeout.total_seconds() * 1000)
            raise WaitedTooLong(self.run_id, milliseconds)
        return None if found is None else min(found, left)
