"""Runs that are looked at once for all who watch them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.appkit.errors import PollFailed
from polysync_core.appkit.following import Following
from polysync_core.appkit.watching import Look, Pace, Watch, Watches
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.json_types import JsonObject

PATIENCE = 30


class Run:
    """A run that ends after some looks; every look may be held up."""

    def __init__(self, looks: int = 3) -> None:
        self.looks, self.seen = looks, 0
        self.begun, self.may_end = threading.Semaphore(0), threading.Event()
        self.may_end.set()

    def look(self, run_id: int) -> JsonObject:
        self.seen += 1
        number = self.seen
        self.begun.release()
        assert self.may_end.wait(PATIENCE)
        word = "TERMINATED" if number >= self.looks else "RUNNING"
        return {"run_id": run_id, "state": {"life_cycle_state": word}}


def following(
    run: Run | Callable[[int], JsonObject], watches: Watches, after: int = 0, viewer: str = ""
) -> Following:
    return Following(
        start=lambda: 7,
        look=run.look if isinstance(run, Run) else run,
        viewer=viewer,
        watches=watches,
        wait_timeout=timedelta(seconds=PATIENCE),
        after=after,
    )


@pytest.fixture
def watches() -> Watches:
    return Watches(Pace(interval=0.01))


@given(st.integers(1, 100), st.floats(0.8, 1.2))
def test_pauses_grow_up_to_six_times_the_first(looks: int, chance: float) -> None:
    pace = Pace(interval=5.0, uniform=lambda _low, _high: chance)
    pause = pace.pause(looks)
    assert pause == pytest.approx(min(5.0 * 1.5 ** (looks - 1) * chance, 30.0))
    assert 4.0 <= pause <= 30.0


def test_threads_and_event_loops_share_the_looks_at_a_run(watches: Watches) -> None:
    run = Run(looks=4)
    run.may_end.clear()

    async def gathered() -> list[list[str | None]]:
        async def words() -> list[str | None]:
            return [look.status async for look in following(run, watches)]

        return await asyncio.gather(*(words() for _ in range(3)))

    with ThreadPoolExecutor(4) as threads:
        looped = threads.submit(lambda: asyncio.run(gathered()))
        threaded = [threads.submit(lambda: list(following(run, watches))) for _ in range(3)]
        assert run.begun.acquire(timeout=PATIENCE)
        run.may_end.set()
        ends = [looks[-1].status for looks in (each.result(PATIENCE) for each in threaded)]
        ends += [words[-1] for words in looped.result(PATIENCE)]
    assert ends == ["TERMINATED"] * 6
    # Who came after the end has looked for itself.
    assert run.seen >= 4
    assert len(watches) == 0


def test_those_who_see_different_things_do_not_share(watches: Watches) -> None:
    run = Run(looks=2)
    list(following(run, watches, viewer="ann"))
    list(following(run, watches, viewer="bob"))
    assert run.seen == 3


def test_a_failure_is_told_to_all_and_not_to_those_who_come_later(watches: Watches) -> None:
    begun, may_fail = threading.Event(), threading.Event()

    def fails(_run_id: int) -> JsonObject:
        begun.set()
        assert may_fail.wait(PATIENCE)
        raise Unavailable

    def fate() -> str:
        with pytest.raises(PollFailed) as failed:
            list(following(fails, watches))
        return str(failed.value)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(fate)
        assert begun.wait(PATIENCE)
        second = threads.submit(fate)
        may_fail.set()
        fates = {first.result(PATIENCE), second.result(PATIENCE)}
    assert fates == {"Failed to poll run status for run 7"}
    assert [look.status for look in following(Run(1), watches)] == ["TERMINATED"]


def test_a_fault_of_ours_ends_the_watch(watches: Watches) -> None:
    def broken(_run_id: int) -> JsonObject:
        raise KeyError

    with pytest.raises(PollFailed):
        list(following(broken, watches))


def test_numbers_go_on_from_what_was_seen_elsewhere(watches: Watches) -> None:
    assert [look.sequence for look in following(Run(3), watches, after=5)] == [6, 7, 8]


def test_who_leaves_in_the_middle_of_a_look_takes_nothing_from_the_others(
    watches: Watches,
) -> None:
    run = Run(looks=2)
    run.may_end.clear()

    async def story() -> list[str | None]:
        async def words() -> list[str | None]:
            return [look.status async for look in following(run, watches)]

        leaving = asyncio.create_task(words())
        await asyncio.to_thread(run.begun.acquire, timeout=PATIENCE)
        staying = asyncio.create_task(words())
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait({leaving}, timeout=PATIENCE)
        assert leaving.cancelled()
        run.may_end.set()
        return await asyncio.wait_for(staying, PATIENCE)

    assert asyncio.run(story())[-1] == "TERMINATED"
    assert len(watches) == 0


def test_a_turn_that_is_passed_on_goes_to_the_next() -> None:
    """A watcher may be gone between being told to look and the thread that looks."""
    run, rung = Run(looks=1), threading.Event()
    watch = Watch(7, run.look, Pace(interval=0.01), 0)
    watch.attend(rung.set, 0)
    assert watch.next(None, 0) is None
    assert isinstance(watch.next(None, 0), float)
    watch.pass_on()
    assert rung.is_set()
    watch.take_look()
    assert run.seen == 0
    assert watch.next(None, 0) is None
    watch.take_look()
    assert isinstance(watch.next(None, 0), Look)


def test_nobody_looks_once_the_last_has_left(watches: Watches) -> None:
    run = Run(looks=1000)
    looks = iter(following(run, watches))
    next(looks)
    assert len(watches) == 1
    looks.close()  # type: ignore[attr-defined]
    assert (run.seen, len(watches)) == (1, 0)
