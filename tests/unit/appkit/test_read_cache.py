"""Tests for the cache of reads from Databricks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from polysync_core.appkit.read_cache import MAX_ENTRIES, CachedResource, CacheKey, Read, ReadCache
from polysync_core.domain.errors import Unavailable
from tests.fakes.http import VirtualTime

TIMEOUT = 30


class Source:
    """Counts the reads."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self) -> int:
        self.reads += 1
        return self.reads


def key(run_id: int = 1, caller: str | None = None) -> CacheKey:
    return CacheKey(caller, "https://workspace", Read(CachedResource.RUN, run_id))


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def cache(time: VirtualTime) -> ReadCache:
    return ReadCache(monotonic=lambda: time.seconds)


def always(_: object) -> bool:
    return True


def test_a_read_is_cached_for_a_minute(cache: ReadCache, time: VirtualTime) -> None:
    source = Source()
    assert [cache.read(key(), source, always) for _ in range(3)] == [1, 1, 1]
    time.seconds = 59.9
    assert cache.read(key(), source, always) == 1
    time.seconds = 60.0
    assert cache.read(key(), source, always) == 2


def test_entries_are_separate_for_callers_and_arguments(cache: ReadCache) -> None:
    source = Source()
    found = [cache.read(each, source, always) for each in (key(1), key(2), key(1, "ann"))]
    assert found == [1, 2, 3]


def test_a_value_that_is_not_cacheable_is_read_again(cache: ReadCache) -> None:
    source = Source()
    assert [cache.read(key(), source, lambda _: False) for _ in range(2)] == [1, 2]


def test_an_error_is_not_cached(cache: ReadCache) -> None:
    def fails() -> int:
        raise Unavailable

    with pytest.raises(Unavailable):
        cache.read(key(), fails, always)
    assert cache.read(key(), Source(), always) == 1


def test_stale_entries_are_discarded_for_every_caller(cache: ReadCache) -> None:
    source = Source()
    for each in (key(1), key(1, "ann"), key(2)):
        cache.read(each, source, always)
    cache.invalidate(lambda read: read.id == 1)
    found = [cache.read(each, source, always) for each in (key(1), key(1, "ann"), key(2))]
    assert found == [4, 5, 3]


def test_a_full_cache_evicts_the_least_recently_used_entry(cache: ReadCache) -> None:
    source = Source()
    for number in range(MAX_ENTRIES):
        cache.read(key(number), source, always)
    cache.read(key(0), source, always)
    cache.read(key(MAX_ENTRIES), source, always)
    assert source.reads == MAX_ENTRIES + 1
    cache.read(key(0), source, always)
    assert source.reads == MAX_ENTRIES + 1
    cache.read(key(1), source, always)
    assert source.reads == MAX_ENTRIES + 2


def test_each_caller_gets_a_copy_of_its_own(cache: ReadCache) -> None:
    runs = [cache.read(key(), lambda: [1, 2], always) for _ in range(2)]
    for each in runs:
        each.clear()
    assert cache.read(key(), lambda: [0], always) == [1, 2]


def test_concurrent_equal_reads_share_one_call(cache: ReadCache) -> None:
    source, begun, may_end = Source(), threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        assert may_end.wait(TIMEOUT)
        return source()

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(cache.read, key(), slow, always)
        assert begun.wait(TIMEOUT)
        others = [threads.submit(cache.read, key(), slow, always) for _ in range(3)]
        may_end.set()
        assert [each.result(TIMEOUT) for each in (first, *others)] == [1] * 4
    assert source.reads == 1


def test_a_read_that_began_before_a_change_is_not_cached(cache: ReadCache) -> None:
    """A read in flight during a cancellation may still return the running state."""

    def changed_meanwhile() -> int:
        cache.invalidate(lambda read: read.id == 1)
        return 0

    assert cache.read(key(), changed_meanwhile, always) == 0
    assert cache.read(key(), Source(), always) == 1
