"""Builds a value once for each process, also if several threads need it first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, wraps

_building = threading.RLock()
"""One lock for all values, because building one value may need another."""


def built_once[T](build: Callable[[], T]) -> Callable[[], T]:
    """Return a function that calls `build` once; a failed build is tried again.

    `functools.cache` alone calls `build` again in each thread that comes before the first result.
    """
    cached = cache(build)

    @wraps(build)
    def value() -> T:
        with _building:
            return cached()

    return value
