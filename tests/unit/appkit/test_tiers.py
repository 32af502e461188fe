"""Reads that are remembered and shared."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from polysync_core.appkit.tiers import MOST_BYTES, Limits, Read, ReadCache, ReadKey, What
from polysync_core.domain.errors import Unavailable
from tests.fakes.http import VirtualTime

PATIENCE = 30


class Source:
    """Counts what is asked of it."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.asked


def key(run_id: int = 1, caller: str = "") -> ReadKey:
    return ReadKey(caller, "https://workspace", Read(What.RUN, run_id))


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def cache(time: VirtualTime) -> ReadCache:
    return ReadCache(monotonic=lambda: time.seconds)


def always(_: object) -> bool:
    return True


def test_a_read_is_remembered_for_a_minute(cache: ReadCache, time: VirtualTime) -> None:
    source = Source()
    assert [cache.read(key(), source, always) for _ in range(3)] == [1, 1, 1]
    time.seconds = 59.9
    assert cache.read(key(), source, always) == 1
    time.seconds = 60.0
    assert cache.read(key(), source, always) == 2


def test_callers_and_arguments_are_told_apart(cache: ReadCache) -> None:
    source = Source()
    found = [cache.read(each, source, always) for each in (key(1), key(2), key(1, "ann"))]
    assert found == [1, 2, 3]


def test_what_is_not_worth_it_is_not_remembered(cache: ReadCache) -> None:
    source = Source()
    assert [cache.read(key(), source, lambda _: False) for _ in range(2)] == [1, 2]


def test_an_error_is_not_remembered(cache: ReadCache) -> None:
    def fails() -> int:
        raise Unavailable

    with pytest.raises(Unavailable):
        cache.read(key(), fails, always)
    assert cache.read(key(), Source(), always) == 1


def test_what_is_stale_is_forgotten_for_every_caller(cache: ReadCache) -> None:
    source = Source()
    for each in (key(1), key(1, "ann"), key(2)):
        cache.read(each, source, always)
    cache.forget(lambda read: read.id == 1)
    found = [cache.read(each, source, always) for each in (key(1), key(1, "ann"), key(2))]
    assert found == [4, 5, 3]


def test_of_a_thousand_and_one_the_one_unread_for_longest_goes(cache: ReadCache) -> None:
    source = Source()
    for number in range(1000):
        cache.read(key(number), source, always)
    cache.read(key(0), source, always)
    cache.read(key(1000), source, always)
    assert source.asked == 1001
    cache.read(key(0), source, always)
    assert source.asked == 1001
    cache.read(key(1), source, always)
    assert source.asked == 1002


def test_large_answers_leave_room_for_fewer(cache: ReadCache) -> None:
    """An answer may have megabytes: so many as there may be small ones would fill the memory."""
    mebibytes = "x" * (10 * 1024 * 1024)
    source = Source()

    def large() -> str:
        return f"{source()}{mebibytes}"

    for number in range(8):
        cache.read(key(number), large, always)
    assert cache.size <= MOST_BYTES
    assert cache.read(key(7), large, always)[0] == "8"
    assert cache.read(key(0), large, always)[0] == "9"


def test_what_is_forgotten_makes_room(cache: ReadCache, time: VirtualTime) -> None:
    cache.read(key(1), lambda: "text", always)
    time.seconds = 61
    cache.read(key(1), lambda: "text", always)
    assert cache.size == len('"text"')
    cache.forget(lambda _: True)
    assert cache.size == 0


def test_whoever_changes_an_answer_changes_a_copy(cache: ReadCache) -> None:
    runs = [cache.read(key(), lambda: [1, 2], always) for _ in range(2)]
    for each in runs:
        each.clear()
    assert cache.read(key(), lambda: [0], always) == [1, 2]


def test_equal_reads_at_the_same_time_are_one(cache: ReadCache) -> None:
    source, begun, may_end = Source(), threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        assert may_end.wait(PATIENCE)
        return source()

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(cache.read, key(), slow, always)
        assert begun.wait(PATIENCE)
        others = [threads.submit(cache.read, key(), slow, always) for _ in range(3)]
        may_end.set()
        assert [each.result(PATIENCE) for each in (first, *others)] == [1] * 4
    assert source.asked == 1


def test_what_was_read_before_a_change_is_not_remembered_after_it(cache: ReadCache) -> None:
    """A read that is under way while a run is cancelled may still say that it goes on."""

    def changed_meanwhile() -> int:
        cache.forget(lambda read: read.id == 1)
        return 0

    assert cache.read(key(), changed_meanwhile, always) == 0
    assert cache.read(key(), Source(), always) == 1


def test_a_time_out_replaces_both_limits() -> None:
    usual, own = Limits.of(None), Limits.of(timedelta(seconds=5))
    assert (usual.read.total, usual.write.total) == (30, 120)
    assert (usual.read.attempts, usual.read.first_delay) == (3, 1)
    assert (own.read.total, own.write.total) == (5, 5)
