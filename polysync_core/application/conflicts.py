"""Optimistic concurrency: repeat a read and a conditional write until the write succeeds."""

from __future__ import annotations

from collections.abc import Callable

from polysync_core.domain.errors import StaleETag, Unavailable


def retry_on_conflict[T](attempt: Callable[[], T], *, tries: int, busy: str | None = None) -> T:
    """Return the result of the first attempt that does not raise `StaleETag`.

    Each attempt reads, changes and writes. After `tries` attempts, raise `Unavailable` with the
    message `busy`, or the last `StaleETag` if there is no message.
    """
    for _ in range(tries - 1):
        try:
            return attempt()
        except StaleETag:
            continue
    try:
        return attempt()
    except StaleETag:
        if busy is None:
            raise
    raise Unavailable(busy, retry_after=1)
