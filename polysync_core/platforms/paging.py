"""Reads lists that platforms return page by page, and filters long lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from polysync_core.domain.errors import Unavailable
from polysync_core.platforms.connector import SearchLimitReached

SEARCH_LIMIT = 2000
"""The number of listed runs that are searched for the runs of one artefact."""


@dataclass(frozen=True, slots=True)
class Page[T]:
    """One page, with the token of the next page; None after the last page."""

    items: Sequence[T]
    next_token: str | None = None


def paged[T](fetch: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """Yield the entries of all pages; each page is fetched when its first entry is needed.

    Raises `Unavailable` if a page repeats.
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
    """Yield the wanted entries of a long list.

    Raises `SearchLimitReached` after `SEARCH_LIMIT` entries.
    """
    for count, entry in enumerate(entries):
        if count == SEARCH_LIMIT:
            raise SearchLimitReached(
                f"The platform lists the runs of all artefacts together, and only the newest"
                f" {SEARCH_LIMIT} were searched. Look for older runs on the platform itself."
            )
        if wanted(entry):
            yield entry
