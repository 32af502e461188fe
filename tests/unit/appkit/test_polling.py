"""Tests for polls that all watchers of a run share."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from anyio import to_thread
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.appkit.errors import PollFailed, WaitTimedOut
from polysync_core.appkit.polling import (
    PollBackoff,
    PollNow,
    SharedPoll,
    SharedPolls,
    Snapshot,
    Wait,
)
from polysync_core.appkit.run_stream import STREAM_THREADS, RunStream
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.json_types import JsonObject
from tests.fakes.http import VirtualTime

TIMEOUT = 30


class Run:
    """A run that ends after some polls; a test can block every poll."""

    def __init__(self, polls: int = 3) -> None:
        self.polls, self.reads = polls, 0
        self.begun, self.may_end = threading.Semaphore(0), threading.Event()
        self.may_end.set()

    def read(self, run_id: int) -> JsonObject:
        self.reads += 1
        number = self.reads
        self.begun.release()
        assert self.may_end.wait(TIMEOUT)
        state = "TERMINATED" if number >= self.polls else "RUNNING"
        return {"run_id": run_id, "state": {"life_cycle_state": state}}


def stream_of(
    run: Run | Callable[[int], JsonObject], polls: SharedPolls, after: int = 0, caller: str = ""
) -> RunStream:
    return RunStream(
        start=lambda: 7,
        read=run.read if isinstance(run, Run) else run,
        caller=caller,
        polls=polls,
        wait_timeout=timedelta(seconds=TIMEOUT),
        after=after,
    )


@pytest.fixture
def polls() -> SharedPolls:
    return SharedPolls(PollBackoff(interval=0.001))


def test_streams_of_a_silent_workspace_stop_no_other_request(polls: SharedPolls) -> None:
    run = Run(polls=1)
    run.may_end.clear()

    async def main() -> list[Snapshot]:
        streams = [stream_of(run, polls, caller=str(number)) for number in range(60)]
        watching = [asyncio.create_task(anext(stream)) for stream in streams]
        for _ in range(STREAM_THREADS):
            begun = await asyncio.to_thread(run.begun.acquire, timeout=TIMEOUT)
            assert begun
        assert not run.begun.acquire(blocking=False)
        answer = await asyncio.wait_for(to_thread.run_sync(lambda: "answered"), TIMEOUT)
        assert answer == "answered"
        run.may_end.set()
        return await asyncio.gather(*watching)

    assert len(asyncio.run(main())) == 60


@given(st.integers(1, 100), st.floats(0.8, 1.2))
def test_delays_grow_up_to_six_intervals(polls: int, jitter: float) -> None:
    backoff = PollBackoff(interval=5.0, uniform=lambda _low, _high: jitter)
    delay = backoff.delay(polls)
    assert delay == pytest.approx(min(5.0 * 1.5 ** (polls - 1) * jitter, 30.0))
    assert 4.0 <= delay <= 30.0


def test_a_poll_is_due_after_the_backoff() -> None:
    time = VirtualTime()
    backoff = PollBackoff(
        interval=5.0, monotonic=lambda: time.seconds, uniform=lambda _low, _high: 1.0
    )
    poll = SharedPoll(7, Run().read, backoff, 0)
    assert poll.next_step(None, 0) == PollNow()
    assert poll.next_step(None, 0) == Wait(30.0)
    poll.poll()
    first = poll.next_step(None, 0)
    assert isinstance(first, Snapshot)
    assert poll.next_step(first, 0) == Wait(5.0)
    time.seconds = 5.0
    assert poll.next_step(first, 0) == PollNow()


def test_the_wait_for_a_run_ends_after_the_wait_timeout() -> None:
    """The clock of this test jumps a minute with every poll."""
    time, run = VirtualTime(), Run(polls=1000)

    def read(run_id: int) -> JsonObject:
        time.seconds += 60
        return run.read(run_id)

    polls = SharedPolls(PollBackoff(interval=0, monotonic=lambda: time.seconds))
    with pytest.raises(WaitTimedOut, match="Job run 7 polling timeout after 30000ms"):
        list(stream_of(read, polls))
    assert (run.reads, len(polls)) == (1, 0)


def test_threads_and_event_loops_share_the_polls_of_a_run(polls: SharedPolls) -> None:
    run = Run(polls=4)
    run.may_end.clear()

    async def gathered() -> list[list[str | None]]:
        async def states() -> list[str | None]:
            return [snapshot.status async for snapshot in stream_of(run, polls)]

        return await asyncio.gather(*(states() for _ in range(3)))

    with ThreadPoolExecutor(4) as threads:
        looped = threads.submit(lambda: asyncio.run(gathered()))
        threaded = [threads.submit(lambda: list(stream_of(run, polls))) for _ in range(3)]
        assert run.begun.acquire(timeout=TIMEOUT)
        run.may_end.set()
        last = [snapshots[-1].status for snapshots in (each.result(TIMEOUT) for each in threaded)]
        last += [states[-1] for states in looped.result(TIMEOUT)]
    assert last == ["TERMINATED"] * 6
    # A watcher that joins after the end polls once more.
    assert run.reads >= 4
    assert len(polls) == 0


def test_different_callers_do_not_share_polls(polls: SharedPolls) -> None:
    run = Run(polls=2)
    list(stream_of(run, polls, caller="ann"))
    list(stream_of(run, polls, caller="bob"))
    assert run.reads == 3


def test_a_failure_reaches_all_watchers_but_not_later_ones(polls: SharedPolls) -> None:
    begun, may_fail = threading.Event(), threading.Event()

    def fails(_run_id: int) -> JsonObject:
        begun.set()
        assert may_fail.wait(TIMEOUT)
        raise Unavailable

    def error() -> str:
        with pytest.raises(PollFailed) as failed:
            list(stream_of(fails, polls))
        return str(failed.value)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(error)
        assert begun.wait(TIMEOUT)
        second = threads.submit(error)
        may_fail.set()
        errors = {first.result(TIMEOUT), second.result(TIMEOUT)}
    assert errors == {"Failed to poll run status for run 7"}
    assert [snapshot.status for snapshot in stream_of(Run(1), polls)] == ["TERMINATED"]


def test_an_unexpected_error_ends_the_stream(polls: SharedPolls) -> None:
    def broken(_run_id: int) -> JsonObject:
        raise KeyError

    with pytest.raises(PollFailed):
        list(stream_of(broken, polls))


def test_sequence_numbers_continue_after_the_last_seen_one(polls: SharedPolls) -> None:
    numbers = [snapshot.sequence for snapshot in stream_of(Run(3), polls, after=5)]
    assert numbers == [6, 7, 8]


def test_a_watcher_that_leaves_during_a_poll_does_not_disturb_the_others(
    polls: SharedPolls,
) -> None:
    run = Run(polls=2)
    run.may_end.clear()

    async def story() -> list[str | None]:
        async def states() -> list[str | None]:
            return [snapshot.status async for snapshot in stream_of(run, polls)]

        leaving = asyncio.create_task(states())
        await asyncio.to_thread(run.begun.acquire, timeout=TIMEOUT)
        staying = asyncio.create_task(states())
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait({leaving}, timeout=TIMEOUT)
        assert leaving.cancelled()
        run.may_end.set()
        return await asyncio.wait_for(staying, TIMEOUT)

    assert asyncio.run(story())[-1] == "TERMINATED"
    assert len(polls) == 0


def test_a_released_turn_goes_to_the_next_watcher() -> None:
    """A watcher may be cancelled between its assignment and the start of its thread."""
    run, woken = Run(polls=1), threading.Event()
    poll = SharedPoll(7, run.read, PollBackoff(interval=0.01), 0)
    poll.subscribe(woken.set, 0)
    assert poll.next_step(None, 0) == PollNow()
    assert isinstance(poll.next_step(None, 0), Wait)
    poll.release_turn()
    assert woken.is_set()
    poll.poll()
    assert run.reads == 0
    assert poll.next_step(None, 0) == PollNow()
    poll.poll()
    assert isinstance(poll.next_step(None, 0), Snapshot)


def test_polling_ends_with_the_last_watcher(polls: SharedPolls) -> None:
    run = Run(polls=1000)
    snapshots = iter(stream_of(run, polls))
    next(snapshots)
    assert len(polls) == 1
    snapshots.close()  # type: ignore[attr-defined]
    assert (run.reads, len(polls)) == (1, 0)
