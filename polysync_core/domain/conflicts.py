"""Retries a compare-and-set write after a version conflict, a bounded number of times."""

from __future__ import annotations

from collections.abc import Callable

from polysync_core.domain.errors import PolysyncError, StaleETag

MAX_TRIES = 8
"""Number of attempts before the operation fails because of too many writers."""


def retry_on_conflict[T](
    attempt: Callable[[], T],
    *,
    exhausted: PolysyncError | None = None,
    max_tries: int = MAX_TRIES,
) -> T:
    """Repeat a compare-and-set attempt until it no longer raises `StaleETag`.

    `attempt` reads the newest state each time, then writes it. After `max_tries` attempts the
    function raises `exhausted`, or the last `StaleETag` where `exhausted` is None.
    """
    for remaining in reversed(range(max_tries)):
        try:
            return attempt()
        except StaleETag as conflict:
            if remaining == 0:
                raise exhausted or conflict from conflict
    raise ValueError("max_tries must be at least 1")
