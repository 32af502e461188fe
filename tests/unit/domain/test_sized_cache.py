"""Tests that a sized cache returns newest values and keeps within its size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.sized_cache import SizedCache

KEYS = st.integers(0, 5)
STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "get", "remove"]), KEYS, st.integers(0, 12)), max_size=60
)


@given(STEPS)
def test_a_cached_value_is_the_last_one_and_the_sizes_stay_within_the_bound(
    steps: list[tuple[str, int, int]],
) -> None:
    cache, last = SizedCache[int, tuple[int, int]](10), dict[int, tuple[int, int]]()
    for number, (step, key, size) in enumerate(steps):
        match step:
            case "put":
                last[key] = (number, size)
                cache.put(key, last[key], size=size)
            case "remove":
                last.pop(key, None)
                cache.remove(key)
            case _:
                found = cache.get(key)
                assert found is None or found == last[key]
    kept = [found for key in range(6) if (found := cache.get(key)) is not None]
    assert sum(size for _, size in kept) <= 10


def test_the_least_recently_used_value_makes_room() -> None:
    cache = SizedCache[str, str](4)
    for name in "abcd":
        cache.put(name, name, size=1)
    cache.get("a")
    cache.put("e", "e", size=2)
    assert [name for name in "abcde" if cache.get(name) is not None] == ["a", "d", "e"]


def test_a_value_that_does_not_fit_removes_only_the_old_value_of_its_key() -> None:
    cache = SizedCache[str, str](4)
    cache.put("a", "small", size=1)
    cache.put("b", "small", size=1)
    cache.put("a", "large", size=5)
    assert cache.get("a") is None
    assert cache.get("b") == "small"
