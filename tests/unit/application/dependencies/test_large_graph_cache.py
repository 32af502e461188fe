"""Large graphs are read once for many requests; small ones are always read anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from polysync_core.application.dependencies.large_graph_cache import LARGE, TTL, LargeGraphCache
from polysync_core.domain.errors import NotFound, Unavailable


@dataclass(frozen=True)
class Nodes:
    nodes: tuple[int, ...]


class Reads:
    """Counts reads of a graph of some size."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.count = 0

    def __call__(self) -> Nodes:
        self.count += 1
        return Nodes(tuple(range(self.size)))


class Clock:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> LargeGraphCache[Nodes]:
    return LargeGraphCache(clock)


@pytest.mark.parametrize(("size", "reads"), [(LARGE - 1, 2), (LARGE, 1)])
def test_only_a_large_graph_is_answered_again(
    cache: LargeGraphCache[Nodes], size: int, reads: int
) -> None:
    read = Reads(size)
    assert cache.get("a", read) == cache.get("a", read)
    assert read.count == reads


def test_a_large_graph_is_read_anew_after_some_seconds(
    cache: LargeGraphCache[Nodes], clock: Clock
) -> None:
    read = Reads(LARGE)
    cache.get("a", read)
    clock.now += TTL
    cache.get("a", read)
    assert read.count == 2


def test_graphs_of_different_keys_are_different(cache: LargeGraphCache[Nodes]) -> None:
    first, second = Reads(LARGE), Reads(LARGE + 1)
    assert len(cache.get(("a", None), first).nodes) == LARGE
    assert len(cache.get(("a", "run"), second).nodes) == LARGE + 1


def test_simultaneous_requests_share_one_read(cache: LargeGraphCache[Nodes]) -> None:
    started, go = threading.Event(), threading.Event()
    read = Reads(LARGE)

    def slow() -> Nodes:
        started.set()
        assert go.wait(10)
        return read()

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(cache.get, "a", slow)
        assert started.wait(10)
        others = [threads.submit(cache.get, "a", read) for _ in range(3)]
        go.set()
        assert {len(each.result(10).nodes) for each in (first, *others)} == {LARGE}
    assert read.count == 1


def test_an_error_reaches_every_waiting_request_and_is_not_cached(
    cache: LargeGraphCache[Nodes],
) -> None:
    def failing() -> Nodes:
        raise Unavailable("the storage does not answer")

    with pytest.raises(Unavailable):
        cache.get("a", failing)
    assert cache.get("a", Reads(1)).nodes == (0,)


@pytest.mark.parametrize("error", [NotFound("There is no task."), KeyError("bug")])
def test_the_error_of_a_read_keeps_its_type(
    cache: LargeGraphCache[Nodes], error: Exception
) -> None:
    def failing() -> Nodes:
        raise error

    read: Callable[[], Nodes] = failing
    with pytest.raises(type(error)):
        cache.get("a", read)
