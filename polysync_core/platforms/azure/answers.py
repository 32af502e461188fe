"""Reads paged lists and nested objects from responses of Azure services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.urls import QueryValue, own_address
from polysync_core.platforms.calls import RefusalMapping
from polysync_core.platforms.paging import Page, objects_in, paged
from polysync_core.platforms.platform_client import PlatformClient


def listed(
    client: PlatformClient,
    *segments: str,
    query: Mapping[str, QueryValue],
    refused: RefusalMapping | None = None,
    next_key: str = "nextLink",
) -> Iterator[JsonObject]:
    """Yield the entries of a list, page by page; never follow a link to another host."""
    read = partial(page_of, next_key=next_key)

    def fetch(link: str | None) -> Page[JsonObject]:
        if link is None:
            return client.get(*segments, query=query, read=read, refused=refused)
        address = own_address(link, client.base.url)
        if address is None:
            raise Unavailable("the list continues at an address on another host")
        return client.get(*address.segments, query=address.query, read=read)

    return paged(fetch)


def page_of(answer: JsonObject, *, next_key: str = "nextLink") -> Page[JsonObject]:
    """Return the entries of an answer of the form `{"value": […], "nextLink": …}`."""
    following = answer.get(next_key)
    # On the last page, the link is absent or empty.
    token = following if isinstance(following, str) and following else None
    return Page(objects_in(answer, "value"), token)
