"""Lists that platforms give page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from polysync_core.domain.errors import Unavailable
from polysync_core.platforms.connector import SearchLimitReached

SEARCH_LIMIT = 2000
"""Runs of all artefacts together that are looked at to find those of one."""


@dataclass(frozen=True, slots=True)
class Page[T]:
    """Some entries, and what asks for the next page; None where this was the last."""

    items: Sequence[T]
    next_token: str | None = None


def paged[T](fetch: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """Yield the entries of all pages; a page is asked for when its first entry is wanted.

    Raises `Unavailable` where the pages lead in a circle.
    """
    seen: set[str] = set()
    token: str | None = None
    while True:
        page = fetch(token)
        yield from page.items
        token = page.next_token
        if token is None:
            return
        if token in seen:
            raise Unavailable("the platform's list has no end: it repeats a page")
        seen.add(token)


def filter_bounded[T](entries: Iterator[T], wanted: Callable[[T], bool]) -> Iterator[T]:
    """Yield what is wanted of a list that may hold little of it.

    Raises `SearchLimitReached` after `SEARCH_LIMIT` entries.
    """
    for count, entry in enumerate(entries):
        if count == SEARCH_LIMIT:
            raise SearchLimitReached(
                f"The platform lists the runs of all artefacts together: of these the newest"
                f" {SEARCH_LIMIT} were looked at. Look for older ones on the platform itself."
            )
        if wanted(entry):
            yield entry
