"""The engine on a real asyncio loop, with threads for its activities."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from orchestrations.dispatcher_messages import Start
from orchestrations.durable_functions import DurableFunctions
from orchestrations.names import TASK_RUN
from polysync_core.domain.clock import utc_now
from polysync_core.domain.dispatch.policies import PlatformPolicy, PolicySet, TaskPolicy
from polysync_core.domain.dispatch.state import WaitingRun
from polysync_core.domain.errors import Unavailable
from polysync_embedded.engine import running
from polysync_embedded.engine.running import RunningEngine, run_on
from polysync_embedded.workers.call_queue import ThreadShares
from tests.fakes.builders import FakeClock, run_id

WITHIN = 20.0
DAY = timedelta(days=1)


def _attempt(context: Any, work: dict[str, Any]) -> Generator[Any, Any]:
    yield context.call_activity("submit", input=work)
    context.signal_entity(SHARD, "release", {"run": work["run"], "attempt": work["attempt"]})


@dataclass
class Shard:
    key: str


SHARD = Shard("main")


def _threads(number: int) -> ThreadShares:
    return ThreadShares(threads=number, per_platform=number, for_idle_platforms=0, for_storage=0)


TWO_THREADS = _threads(2)


def _engine(
    submit: Callable[[Any], Any],
    orchestration: Any = _attempt,
    shares: ThreadShares = TWO_THREADS,
    clock: Any = None,
) -> RunningEngine:
    functions = DurableFunctions(
        orchestrations={TASK_RUN: orchestration},
        activities={"submit": submit},
        calling_platforms={"submit"},
    )
    loop = asyncio.get_running_loop()
    return run_on(loop, shares=shares, functions=functions, clock=clock or utc_now)


def _enqueue(engine: RunningEngine, name: str, platform: str = "lakehouse") -> None:
    waiting = WaitingRun(
        run_id=run_id(name),
        attempt=1,
        task="load",
        priority=100,
        queued_at=utc_now(),
        platform=platform,
    )
    policies = PolicySet()
    policies.add(TaskPolicy(name="load"), PlatformPolicy(name=platform))
    engine.enqueue("main", waiting, policies)


async def _in_thread[T](call: Callable[[], T]) -> T:
    return await asyncio.wait_for(asyncio.to_thread(call), WITHIN)


async def _until(met: Callable[[], bool]) -> None:
    """Let the loop work until a condition is met."""
    while not await _in_thread(met):
        """The next look is a turn of the loop later."""


def test_signals_of_other_threads_start_runs_that_end_on_activity_threads() -> None:
    done: list[tuple[str, str]] = []
    all_done = threading.Event()

    def submit(work: Any) -> None:
        done.append((work["run"], threading.current_thread().name))
        if len(done) == 50:
            all_done.set()

    async def main() -> None:
        engine = _engine(submit)
        with ThreadPoolExecutor(8) as callers:
            for each in range(50):
                callers.submit(_enqueue, engine, str(each))
        assert await _in_thread(lambda: all_done.wait(WITHIN))
        await _until(lambda: not engine.dispatcher("main").leases)
        assert not await _in_thread(lambda: engine.is_live(run_id("0"), 1))
        await engine.stop(WITHIN)

    asyncio.run(main())
    assert sorted(run for run, _ in done) == sorted(run_id(str(each)) for each in range(50))
    assert {thread.rpartition("-")[0] for _, thread in done} == {"activity"}


def test_calls_that_hang_on_one_platform_stop_no_other_platform() -> None:
    hanging, may_end, answered = threading.Semaphore(0), threading.Event(), threading.Event()

    def submit(work: Any) -> None:
        if work["run"] == run_id("other"):
            answered.set()
            return
        hanging.release()
        may_end.wait(WITHIN)

    async def main() -> None:
        engine = _engine(submit, shares=ThreadShares())
        for number in range(100):
            _enqueue(engine, str(number))
        for _ in range(ThreadShares().per_platform):
            assert await _in_thread(lambda: hanging.acquire(timeout=WITHIN))
        _enqueue(engine, "other", platform="adf")
        assert await _in_thread(lambda: answered.wait(WITHIN))
        assert not hanging.acquire(blocking=False), "the share of a platform was exceeded"
        may_end.set()
        await engine.stop(WITHIN)

    asyncio.run(main())


def test_a_read_sees_the_signals_that_the_same_thread_has_sent_before() -> None:
    blocked = threading.Event()

    def ask(engine: RunningEngine) -> tuple[int, bool]:
        _enqueue(engine, "a")
        _enqueue(engine, "b")
        state = engine.dispatcher("main")
        return len(state.leases), engine.is_live(run_id("a"), 1)

    async def main() -> None:
        engine = _engine(lambda _: blocked.wait(WITHIN) and None)
        assert await _in_thread(lambda: ask(engine)) == (2, True)
        blocked.set()
        await engine.stop(WITHIN)

    asyncio.run(main())


def test_the_state_that_was_read_does_not_change() -> None:
    async def main() -> None:
        engine = _engine(lambda _: None, shares=_threads(1))
        _enqueue(engine, "a")
        before = await _in_thread(lambda: engine.dispatcher("main"))
        _enqueue(engine, "b")
        await _in_thread(lambda: engine.dispatcher("main"))
        assert run_id("b") not in before.leases
        await engine.stop(WITHIN)

    asyncio.run(main())


@pytest.mark.parametrize("further", [0, 1], ids=["steps", "steps that post steps"])
def test_a_storm_of_signals_leaves_turns_to_the_other_users_of_the_loop(further: int) -> None:
    longest = 0

    async def main() -> None:
        nonlocal longest
        engine = _engine(lambda _: None)
        handled = 0

        def count(left: int) -> None:
            nonlocal handled
            handled += 1
            if left:
                engine._loop.post(partial(count, left - 1))

        for _ in range(20_000):
            engine._loop.post(partial(count, further))
        while handled < 20_000 * (1 + further):
            before = handled
            await asyncio.sleep(0)
            longest = max(longest, handled - before)
        await engine.stop(WITHIN)

    asyncio.run(main())
    assert longest <= running.STEPS_A_TURN


def test_a_step_that_fails_does_not_stop_the_steps_after_it() -> None:
    async def main() -> None:
        failures: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context["exception"]))
        engine, reached = _engine(lambda _: None), asyncio.Event()
        engine._loop.post(lambda: [][0])
        engine._loop.post(reached.set)
        await asyncio.wait_for(reached.wait(), WITHIN)
        assert [type(each) for each in failures] == [IndexError]
        await engine.stop(WITHIN)

    asyncio.run(main())


def test_an_activity_that_breaks_off_fails_and_its_thread_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen = threading.Event()

    def submit(work: Any) -> None:
        if work["run"] == run_id("a"):
            raise SystemExit
        seen.set()

    async def main() -> None:
        engine = _engine(submit, shares=_threads(1))
        _enqueue(engine, "a")
        _enqueue(engine, "b")
        assert await _in_thread(lambda: seen.wait(WITHIN))
        assert not await _in_thread(lambda: engine.is_live(run_id("a"), 1))
        await engine.stop(WITHIN)

    asyncio.run(main())
    assert "An activity broke off." in caplog.text
    assert "An orchestration failed." in caplog.text


# Stopping


def test_a_stop_lets_the_running_activity_end_and_starts_no_other() -> None:
    begun, may_end = threading.Event(), threading.Event()
    ended: list[str] = []

    def submit(work: Any) -> None:
        begun.set()
        assert may_end.wait(WITHIN)
        ended.append(work["run"])

    async def main() -> None:
        engine = _engine(submit, shares=_threads(1))
        _enqueue(engine, "a")
        _enqueue(engine, "b")
        assert await _in_thread(lambda: begun.wait(WITHIN))
        stopping = asyncio.create_task(engine.stop(WITHIN))
        await asyncio.sleep(0)
        may_end.set()
        await asyncio.wait_for(stopping, WITHIN)

    asyncio.run(main())
    assert ended == [run_id("a")]


def test_a_stop_does_not_wait_longer_than_its_grace(caplog: pytest.LogCaptureFixture) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def submit(work: Any) -> None:
        begun.set()
        may_end.wait(WITHIN)

    async def main() -> None:
        engine = _engine(submit, shares=_threads(1))
        _enqueue(engine, "a")
        assert await _in_thread(lambda: begun.wait(WITHIN))
        await asyncio.wait_for(engine.stop(0.0), WITHIN)

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())
    may_end.set()
    (record,) = [each for each in caplog.records if hasattr(each, "activities")]
    assert record.__dict__["activities"] == 1


def test_a_stopped_engine_loses_signals_and_answers_no_question() -> None:
    submitted: list[Any] = []

    async def main() -> None:
        engine = _engine(submitted.append)
        await engine.stop(WITHIN)
        _enqueue(engine, "a")
        engine.wake(run_id("a"), 1)
        with pytest.raises(Unavailable, match="stopped"):
            await _in_thread(lambda: engine.dispatcher("main"))

    asyncio.run(main())
    assert submitted == []


def test_a_busy_loop_is_reported_as_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ANSWER_SECONDS", 0.0)
    failed: list[Exception] = []

    def ask(engine: RunningEngine) -> None:
        try:
            engine.is_live(run_id("a"), 1)
        except Unavailable as error:
            failed.append(error)

    async def main() -> None:
        engine = _engine(lambda _: None)
        thread = threading.Thread(target=ask, args=(engine,))
        thread.start()
        thread.join(WITHIN)
        await engine.stop(WITHIN)

    asyncio.run(main())
    assert "does not answer" in str(failed[0])


# Timers


def _waits_a_day(context: Any, work: dict[str, Any]) -> Generator[Any, Any]:
    yield context.create_timer(DAY)
    yield context.call_activity("submit", input=work)


def _start_waiting(engine: RunningEngine) -> None:
    engine._start(Start(TASK_RUN, {"run": "r"}, "one"))


def test_a_timer_fires_after_the_clock_went_forward_as_after_the_sleep_of_a_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "CLOCK_CHECK_SECONDS", 0.001)
    fired = threading.Event()
    clock = FakeClock()

    async def main() -> None:
        engine = _engine(lambda _: fired.set(), _waits_a_day, clock=clock)
        _start_waiting(engine)
        await _in_thread(engine.live)
        clock.advance(days=1)
        assert await _in_thread(lambda: fired.wait(WITHIN))
        await engine.stop(WITHIN)

    asyncio.run(main())


def test_a_timer_fires_in_time_after_the_clock_went_back() -> None:
    fired = threading.Event()
    clock = FakeClock()

    def waits(context: Any, work: Any) -> Generator[Any, Any]:
        yield context.create_timer(timedelta(seconds=0.01))
        yield context.call_activity("submit", input=work)

    async def main() -> None:
        engine = _engine(lambda _: fired.set(), waits, clock=clock)
        _start_waiting(engine)
        clock.advance(days=-1)
        assert await _in_thread(lambda: fired.wait(WITHIN))
        await engine.stop(WITHIN)

    asyncio.run(main())


def test_the_timers_of_an_ended_orchestration_are_cancelled() -> None:
    def ends(context: Any, work: Any) -> Generator[Any, Any]:
        context.create_timer(DAY)
        yield context.call_activity("submit", input=work)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        engine = _engine(lambda _: None, ends)
        _start_waiting(engine)
        await _until(lambda: not engine.live())
        scheduled: Any = loop
        assert [each for each in scheduled._scheduled if not each.cancelled()] == []
        await engine.stop(WITHIN)

    asyncio.run(main())
