"""Streams the states of a new or existing Databricks run until it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

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

STREAM_THREADS = 32
"""Calls to Databricks that the streams of one event loop make at the same time.

They have threads of their own, so that a workspace that does not answer stops no other request.
"""
_limiter: RunVar[CapacityLimiter] = RunVar("databricks_streams")


@dataclass(slots=True)
class _StartedRun:
    """The run of a stream, which is started once."""

    sequence: int = 0
    """The sequence number of the last snapshot."""
    is_over: bool = False
    """The last snapshot shows the end of the run."""
    _id: int | None = None
    _is_requested: bool = False
    _deadline: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begins(self) -> bool:
        """Return whether there is something to wait for: a run to start or to follow."""
        return not self.is_over and (self._id is not None or not self._is_requested)

    def id_of(self, start: Callable[[], int]) -> int:
        """Return the id of the run; the first call starts the run."""
        with self._lock:
            if self._id is None:
                self._is_requested = True
                self._id = start()
            return self._id

    def saw(self, snapshot: Snapshot) -> None:
        """Remember the newest snapshot."""
        self.sequence = max(self.sequence, snapshot.sequence)
        self.is_over = snapshot.is_last

    def deadline(self, latest: float) -> float:
        """Return the end of the wait, which the first call decides."""
        if self._deadline is None:
            self._deadline = latest
        return self._deadline


@dataclass(slots=True, kw_only=True, eq=False)
class RunStream:
    """A generator of a run's snapshots; the last one shows the end of the run.

    The first step starts the run, and every later step belongs to the same run: in a second loop
    and in `async for`, too. A step raises `RunStreamFailed` if the run could not be started or
    read, or did not end in time. A started run continues after the loop has ended.
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
    _run: _StartedRun = field(default_factory=_StartedRun)
    _steps: Generator[Snapshot] | None = None
    _async_steps: AsyncGenerator[Snapshot] | None = None

    def __iter__(self) -> RunStream:
        """Return the stream itself."""
        return self

    def __next__(self) -> Snapshot:
        """Return the next snapshot; the call blocks until then."""
        if self._steps is None:
            self._steps = self._blocking_steps()
        return next(self._steps)

    def close(self) -> None:
        """End the stream; the run continues."""
        if self._steps is not None:
            self._steps.close()

    def __aiter__(self) -> RunStream:
        """Return the stream itself."""
        return self

    async def __anext__(self) -> Snapshot:
        """Return the next snapshot; calls to Databricks run in threads."""
        if self._async_steps is None:
            self._async_steps = self._awaited_steps()
        return await anext(self._async_steps)

    async def aclose(self) -> None:
        """End the stream; the run continues."""
        if self._async_steps is not None:
            await self._async_steps.aclose()

    def _blocking_steps(self) -> Generator[Snapshot]:
        woken = threading.Event()
        if not self._run.begins():
            return
        run_id = self._run.id_of(self.start)
        with self._join_shared_poll(run_id, woken.set) as poll:
            watcher = self._new_watcher(run_id, poll)
            while not self._run.is_over:
                woken.clear()
                match watcher.next_step():
                    case Snapshot() as snapshot:
                        self._run.saw(snapshot)
                        yield snapshot
                    case PollNow():
                        poll.poll()
                    case Wait(seconds):
                        woken.wait(seconds)

    async def _awaited_steps(self) -> AsyncGenerator[Snapshot]:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            # A closed loop has no watcher left.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(woken.set)

        if not self._run.begins():
            return
        start = partial(self._run.id_of, self.start)
        run_id = await _in_stream_thread(start)
        with self._join_shared_poll(run_id, wake) as poll:
            watcher = self._new_watcher(run_id, poll)
            while not self._run.is_over:
                woken.clear()
                match watcher.next_step():
                    case Snapshot() as snapshot:
                        self._run.saw(snapshot)
                        yield snapshot
                    case PollNow():
                        await _poll_in_thread(poll)
                    case Wait(seconds):
                        with suppress(TimeoutError):
                            await asyncio.wait_for(woken.wait(), seconds)

    def _join_shared_poll(self, run_id: int, wake: Wake) -> AbstractContextManager[SharedPoll]:
        run = WatchedRun(run_id=run_id, caller=self.caller, read=self.read)
        return self.polls.watch(run, self.seen, wake)

    def _new_watcher(self, run_id: int, poll: SharedPoll) -> _Watcher:
        monotonic = self.polls.backoff.monotonic
        deadline = self._run.deadline(monotonic() + self.wait_timeout.total_seconds())
        return _Watcher(run_id, poll, self, monotonic, deadline)

    @property
    def seen(self) -> int:
        """The sequence number of the last snapshot that any loop has seen."""
        return max(self.after, self._run.sequence)


async def _in_stream_thread[T](call: Callable[[], T]) -> T:
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(STREAM_THREADS)
        _limiter.set(limiter)
    return await to_thread.run_sync(call, abandon_on_cancel=True, limiter=limiter)


async def _poll_in_thread(poll: SharedPoll) -> None:
    try:
        await _in_stream_thread(poll.poll)
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
    newest: Snapshot | None = None

    def next_step(self) -> NextStep:
        """Return the next step of `SharedPoll.next_step` within the deadline."""
        step = self.poll.next_step(self.newest, self.stream.seen)
        if isinstance(step, Snapshot):
            self.newest = step
            return step
        left = self.deadline - self.monotonic()
        if left <= 0:
            self.poll.release_turn()
            milliseconds = round(self.stream.wait_timeout.total_seconds() * 1000)
            raise WaitTimedOut(self.run_id, milliseconds)
        return Wait(min(step.seconds, left)) if isinstance(step, Wait) else step
