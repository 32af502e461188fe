"""Tests of lists that are read page by page."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from polysync_core.domain.errors import Unavailable
from polysync_core.platforms.connector import SearchLimitReached
from polysync_core.platforms.paging import SEARCH_LIMIT, Page, filter_bounded, paged


def book(pages: dict[str | None, Page[int]], read: list[str | None]) -> Callable[..., Page[int]]:
    def fetch(token: str | None) -> Page[int]:
        read.append(token)
        return pages[token]

    return fetch


def test_pages_are_read_as_their_entries_are_wanted() -> None:
    read: list[str | None] = []
    pages = {None: Page([1, 2], "a"), "a": Page([], "b"), "b": Page([3])}
    found = paged(book(pages, read))

    assert [next(found), next(found)] == [1, 2]
    assert read == [None]
    assert list(found) == [3]
    assert read == [None, "a", "b"]


def test_a_list_whose_pages_form_a_cycle_ends() -> None:
    pages = {None: Page([1], "a"), "a": Page([2], "a")}

    with pytest.raises(Unavailable, match="repeats a page"):
        list(paged(book(pages, [])))


def test_a_list_with_few_matches_is_searched_to_a_limit() -> None:
    few = filter_bounded(itertools.count(), lambda number: number == 7)

    assert next(few) == 7
    with pytest.raises(SearchLimitReached, match=str(SEARCH_LIMIT)):
        next(few)
    assert list(filter_bounded(iter(range(SEARCH_LIMIT)), lambda number: number % 1000 == 0)) == [
        0,
        1000,
    ]
