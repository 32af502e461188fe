"""Reads platform lists page by page, and searches long lists up to a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.calls import UnexpectedAnswer
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


def objects_in(answer: Mapping[str, JsonValue], name: str) -> list[JsonObject]:
    """Return the objects of a required list."""
    found = answer.get(name)
    if not isinstance(found, list):
        raise UnexpectedAnswer
    return [each for each in found if isinstance(each, dict)]


def paged_by_offset[T](fetch: Callable[[int], tuple[Sequence[T], int]]) -> Iterator[T]:
    """Yield the entries of a list whose pages are selected by an offset.

    `fetch` returns a page, and the number of the entries of all pages.
    """

    def page(token: str | None) -> Page[T]:
        offset = int(token or 0)
        items, total = fetch(offset)
        following = offset + len(items)
        return Page(items, str(following) if items and following < total else None)

    return paged(page)


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


def newest_first[T](
    entries: Iterator[T], wanted: Callable[[T], bool], created: Callable[[T], str]
) -> Iterator[T]:
    """Yield the wanted entries of a list that has another order, newest first.

    Raises `SearchLimitReached` after the found ones if the list is too long.
    """
    found: list[T] = []
    limit: SearchLimitReached | None = None
    try:
        for entry in filter_bounded(entries, wanted):
            found.append(entry)
    except SearchLimitReached as error:
        limit = error
    yield from sorted(found, key=created, reverse=True)
    if limit is not None:
        raise limit
