"""Reads paged lists and nested objects from responses of Google's APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.calls import RefusalMapping, UnexpectedAnswer
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient

LIST_LAG = timedelta(minutes=4)
"""The time until a new job certainly appears in a list; Google documents none."""
ONE_PAGE: Mapping[str, QueryValue] = {"pageSize": 100}
"""The usual size of a page, in a query."""


def listed(
    client: PlatformClient,
    *segments: str,
    key: str,
    query: Mapping[str, QueryValue] = ONE_PAGE,
    refused: RefusalMapping | None = None,
) -> Iterator[JsonObject]:
    """Yield the entries of the list `key`, page by page; the query has the size of a page."""

    def fetch(token: str | None) -> Page[JsonObject]:
        asked = {**query}
        if token is not None:
            asked["pageToken"] = token
        return client.get(
            *segments, query=asked, read=lambda answer: page_of(answer, key), refused=refused
        )

    return paged(fetch)


def page_of(answer: JsonObject, key: str) -> Page[JsonObject]:
    """Return the entries of an answer; an answer without entries may lack the list."""
    entries, token = answer.get(key, []), answer.get("nextPageToken")
    if not isinstance(entries, list):
        raise UnexpectedAnswer
    found = [each for each in entries if isinstance(each, dict)]
    return Page(found, token if isinstance(token, str) and token else None)
