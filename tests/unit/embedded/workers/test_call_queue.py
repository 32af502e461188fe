"""The order of waiting calls: a platform that does not answer stops no other work."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_embedded.engine.activity_calls import ActivityCall
from polysync_embedded.workers.call_queue import CallQueue, ThreadShares

SHARES = ThreadShares(threads=10, per_platform=4, for_idle_platforms=3, for_storage=2)
STORAGE = None
PLATFORMS = ["a", "b", "c", "d", STORAGE]


def _call(platform: str | None, name: str = "call", *, is_urgent: bool = False) -> ActivityCall:
    return ActivityCall(
        name=name,
        function=lambda _: {},
        encoded_input="null",
        policy=None,
        requested_at=datetime(2026, 1, 1, tzinfo=UTC),
        platform=platform,
        is_urgent=is_urgent,
        answer=lambda *_: None,
    )


def _queue(*platforms: str | None) -> CallQueue:
    queue = CallQueue(SHARES)
    for platform in platforms:
        queue.put(_call(platform))
    return queue


def _take_all(queue: CallQueue) -> list[ActivityCall]:
    return list(iter(queue.take, None))


def test_a_platform_never_runs_more_calls_than_its_share() -> None:
    queue = _queue(*["a"] * 20)

    assert len(_take_all(queue)) == SHARES.per_platform


def test_hanging_platforms_leave_a_thread_for_each_further_platform() -> None:
    queue = _queue(*["a"] * 20, *["b"] * 20)
    hanging = Counter(call.platform for call in _take_all(queue))
    assert sum(hanging.values()) == 5, "the free threads are those of other platforms and storage"

    for platform in ("c", "d", "e"):
        queue.put(_call(platform))
        assert [each.platform for each in _take_all(queue)] == [platform]


def test_calls_without_a_platform_have_threads_that_no_platform_takes() -> None:
    queue = _queue(*[f"platform-{number}" for number in range(50)])
    assert len(_take_all(queue)) == SHARES.threads - SHARES.for_storage

    queue.put(_call(STORAGE))
    queue.put(_call(STORAGE))
    queue.put(_call(STORAGE))

    assert [each.platform for each in _take_all(queue)] == [STORAGE] * SHARES.for_storage


def test_platforms_take_turns() -> None:
    queue = _queue("a", "a", "a", "b", "b", "c")

    taken = [each.platform for each in _take_all(queue)]

    assert taken[:3] == ["a", "b", "c"]


def test_calls_of_a_platform_keep_their_order_and_an_urgent_one_comes_first() -> None:
    queue = CallQueue(SHARES)
    queue.put(_call("a", "first"))
    queue.put(_call("a", "second"))
    queue.put(_call("a", "cancelled", is_urgent=True))

    assert [each.name for each in _take_all(queue)] == ["cancelled", "first", "second"]


def test_a_waiting_call_can_be_moved_before_the_others_and_a_running_one_is_left_alone() -> None:
    queue, late = CallQueue(SHARES), _call("a", "late")
    running = _call("a", "running")
    queue.put(running)
    assert queue.take() is running
    for each in (_call("a", "first"), late, _call("b", "other")):
        queue.put(each)

    queue.hurry(late)
    queue.hurry(running)
    queue.hurry(_call("unknown"))

    assert [each.name for each in _take_all(queue) if each.platform == "a"] == ["late", "first"]


def test_the_end_of_a_call_admits_the_next_one_of_its_platform() -> None:
    queue = _queue(*["a"] * 5)
    first, *_ = _take_all(queue)

    queue.end(first)

    assert len(_take_all(queue)) == 1


def test_cleared_calls_are_dropped_and_running_ones_can_end() -> None:
    queue = _queue("a", "b", STORAGE)
    running = queue.take()
    assert running is not None

    queue.clear()
    queue.end(running)

    assert queue.take() is None


@given(
    steps=st.lists(st.one_of(st.sampled_from(PLATFORMS), st.integers(0, 9)), max_size=60),
)
def test_no_share_is_exceeded_and_no_call_waits_without_reason(
    steps: list[str | int | None],
) -> None:
    queue, running, waiting = CallQueue(SHARES), list[ActivityCall](), Counter[str | None]()
    for step in steps:
        if isinstance(step, int):
            if running:
                queue.end(running.pop(step % len(running)))
        else:
            queue.put(_call(step))
            waiting[step] += 1
        for call in _take_all(queue):
            running.append(call)
            waiting[call.platform] -= 1
        counts = Counter(call.platform for call in running)
        assert len(running) <= SHARES.threads
        assert len(running) - counts[STORAGE] <= SHARES.threads - SHARES.for_storage
        for platform in waiting.keys() - {STORAGE}:
            assert counts[platform] <= SHARES.per_platform
        _check_free_threads(len(running), counts, +waiting)


def _check_free_threads(
    running: int, counts: Counter[str | None], waiting: Counter[str | None]
) -> None:
    free = SHARES.threads - running
    for platform in waiting:
        if platform is STORAGE:
            assert not free
        elif not counts[platform]:
            assert free <= SHARES.for_storage


def test_the_default_shares_outlast_a_hanging_call_on_every_thread_of_three_platforms() -> None:
    shares = ThreadShares()
    queue = CallQueue(shares)
    for platform in ("a", "b", "c"):
        for _ in range(100):
            queue.put(_call(platform))
    running = Counter(each.platform for each in _take_all(queue))
    assert set(running.values()) == {shares.per_platform}

    queue.put(_call("d"))
    queue.put(_call(STORAGE))

    assert {each.platform for each in _take_all(queue)} == {"d", STORAGE}


@pytest.mark.parametrize("of_platform", [0, 1, 15, 16, None])
def test_no_call_runs_without_a_free_thread(of_platform: int | None) -> None:
    shares = ThreadShares()

    assert not shares.admit(running=shares.threads, of_platform=of_platform)
