"""Tests that threads that need a value at the same time share one build."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from polysync_core import composition
from polysync_core.built_once import built_once


def test_threads_that_come_before_the_first_result_share_it() -> None:
    callers = 8
    begun = threading.Barrier(callers)

    @built_once
    def value() -> object:
        return object()

    def ask(_: int) -> object:
        begun.wait(timeout=10)
        return value()

    with ThreadPoolExecutor(callers) as threads:
        assert len(set(threads.map(ask, range(callers)))) == 1


def test_a_slow_build_is_not_begun_twice() -> None:
    builds: list[int] = []
    may_end = threading.Event()

    @built_once
    def value() -> int:
        builds.append(1)
        assert may_end.wait(timeout=10)
        return 7

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.submit(value), threads.submit(value)
        may_end.set()
        assert (first.result(timeout=10), second.result(timeout=10)) == (7, 7)
    assert builds == [1]


def test_a_build_may_need_another_value_and_is_tried_again_after_an_error() -> None:
    outcomes = iter([ValueError("not yet"), None])

    @built_once
    def inner() -> str:
        error = next(outcomes)
        if error is not None:
            raise error
        return "inner"

    @built_once
    def outer() -> str:
        return f"outer of {inner()}"

    with pytest.raises(ValueError, match="not yet"):
        outer()
    assert outer() == "outer of inner"


@pytest.mark.parametrize(
    "name", ["settings", "observe", "services", "background_work", "api", "console", "identify"]
)
def test_each_part_of_a_process_is_built_once(name: str) -> None:
    part = getattr(composition, name)
    assert part.__wrapped__.__name__ == name
    assert not hasattr(part, "cache_info"), "functools.cache alone builds a part in each thread"
