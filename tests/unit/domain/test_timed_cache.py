"""Tests of the cache of values that are read again after some seconds."""

from __future__ import annotations

import pytest

from polysync_core.domain.errors import NotFound
from polysync_core.domain.timed_cache import TimedCache


class Source:
    """Counts the loads of each key, and has a clock that tests advance."""

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.now = 0.0

    def load(self, key: str) -> str:
        self.loads.append(key)
        return f"{key}-{len(self.loads)}"

    def cache(self, max_entries: int | None = None) -> TimedCache[str, str]:
        return TimedCache(self.load, ttl=10, max_entries=max_entries, monotonic=lambda: self.now)


def test_a_value_is_loaded_once_within_its_time_to_live() -> None:
    source = Source()
    cache = source.cache()
    assert cache.get("a") == "a-1"
    source.now = 9.9
    assert cache.get("a") == "a-1"
    source.now = 10.0
    assert cache.get("a") == "a-2"


def test_an_invalidated_key_is_loaded_again_and_the_others_stay() -> None:
    source = Source()
    cache = source.cache()
    cache.get("a"), cache.get("b")
    cache.invalidate(["a", "unknown"])
    cache.get("a"), cache.get("b")
    assert source.loads == ["a", "b", "a"]


def test_all_keys_can_be_invalidated_at_once() -> None:
    source = Source()
    cache = source.cache()
    cache.get("a"), cache.get("b")
    cache.invalidate()
    cache.get("a"), cache.get("b")
    assert source.loads == ["a", "b", "a", "b"]


def test_a_value_that_was_read_before_an_edit_is_not_cached_after_it() -> None:
    edited = False
    loads: list[bool] = []

    def load(key: str) -> str:
        loads.append(edited)
        value = "new" if edited else "old"
        if len(loads) == 1:
            edit()
        return value

    def edit() -> None:
        nonlocal edited
        edited = True
        cache.invalidate(["a"])

    cache = TimedCache(load)
    assert cache.get("a") == "old"
    assert cache.get("a") == "new"
    assert loads == [False, True]


def test_an_error_is_not_cached() -> None:
    errors = [NotFound()]

    def load(key: str) -> str:
        if errors:
            raise errors.pop()
        return key

    cache = TimedCache(load)
    with pytest.raises(NotFound):
        cache.get("a")
    assert cache.get("a") == "a"


def test_a_full_cache_drops_expired_entries_before_the_oldest_one() -> None:
    source = Source()
    cache = source.cache(max_entries=2)
    cache.get("old")
    source.now = 8.0
    cache.get("a")
    source.now = 11.0
    cache.get("b")
    cache.get("a")
    assert source.loads == ["old", "a", "b"]
    cache.get("c")
    cache.get("b")
    assert source.loads == ["old", "a", "b", "c"]
    cache.get("a")
    assert source.loads[-1] == "a"
