"""Iterates over the snapshots of a new or existing Databricks run until it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta

from anyio import to_thread

from polysync_core.appkit.errors import WaitTimedOut
from polysync_core.appkit.polling import (
    NextStep,
    PollNow,
    SharedPoll,
    SharedPolls,
    Snapshot,
    Wait,
    Wake,
    WatchedRun,
)
from polysync_core.domain.json_types import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStream:
    """An iterable of a run's snapshots; the last one shows the end of the run.

    The first step starts the run. A step raises `RunStreamFailed` if the run could not be started
    or read, or did not end in time. A started run continues after the loop has ended.
    """

    start: Callable[[], int]
    """Starts the run, or finds it; returns its id."""
    read: Callable[[int], JsonObject]
    caller: object
    """The identity that reads the run; equal callers share the polls of a run."""
    polls: SharedPolls
    wait_timeout: timedelta
    after: int = 0
    """The sequence number of the last snapshot that the caller has seen."""

    def __iter__(self) -> Iterator[Snapshot]:
        """Yield the snapshots; each step blocks until the next one."""
        woken = threading.Event()
        run_id = self.start()
        with self._join_shared_poll(run_id, woken.set) as poll:
            watcher = self._new_watcher(run_id, poll)
            while True:
                woken.clear()
                match watcher.next_step():
                    case Snapshot() as snapshot:
                        yield snapshot
                        if snapshot.is_last:
                            return
                    case PollNow():
                        poll.poll()
                    case Wait(seconds):
                        woken.wait(seconds)

    async def __aiter__(self) -> AsyncGenerator[Snapshot]:
        """Yield the snapshots; calls to Databricks run in threads."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            # A closed loop has no watcher left.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(woken.set)

        run_id = await to_thread.run_sync(self.start, abandon_on_cancel=True)
        with self._join_shared_poll(run_id, wake) as poll:
            watcher = self._new_watcher(run_id, poll)
            while True:
                woken.clear()
                match watcher.next_step():
                    case Snapshot() as snapshot:
                        yield snapshot
                        if snapshot.is_last:
                            return
                    case PollNow():
                        await _poll_in_thread(poll)
                    case Wait(seconds):
                        with suppress(TimeoutError):
                            await asyncio.wait_for(woken.wait(), seconds)

    def _join_shared_poll(self, run_id: int, wake: Wake) -> AbstractContextManager[SharedPoll]:
        run = WatchedRun(run_id=run_id, caller=self.caller, read=self.read)
        return self.polls.watch(run, self.after, wake)

    def _new_watcher(self, run_id: int, poll: SharedPoll) -> _Watcher:
        monotonic = self.polls.backoff.monotonic
        deadline = monotonic() + self.wait_timeout.total_seconds()
        return _Watcher(run_id, poll, self, monotonic, deadline)


async def _poll_in_thread(poll: SharedPoll) -> None:
    try:
        await to_thread.run_sync(poll.poll, abandon_on_cancel=True)
    finally:
        # If the watcher is cancelled before its thread starts, another watcher may poll.
        poll.release_turn()


@dataclass(slots=True)
class _Watcher:
    """One watcher: the snapshot that it has seen and its deadline."""

    run_id: int
    poll: SharedPoll
    stream: RunStream
    monotonic: Callable[[], float]
    deadline: float
    seen: Snapshot | None = None

    def next_step(self) -> NextStep:
        """Return the next step of `SharedPoll.next_step` within the deadline."""
        step = self.poll.next_step(self.seen, self.stream.after)
        if isinstance(step, Snapshot):
            self.seen = step
            return step
        left = self.deadline - self.monotonic()
        if left <= 0:
            self.poll.release_turn()
            milliseconds = round(self.stream.wait_timeout.total_seconds() * 1000)
            raise WaitTimedOut(self.run_id, milliseconds)
        return Wait(min(step.seconds, left)) if isinstance(step, Wait) else step
