"""Reads lists, page tokens, numbers, times and links from responses of Databricks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from polysync_core.domain.clock import LATEST
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.urls import QueryValue, own_address
from polysync_core.platforms.calls import UnexpectedAnswer

_WORKSPACE_HOST = re.compile(r"adb-(?P<id>[0-9]{1,20})\.[0-9]{1,2}\.(?P<zone>[a-z.]+)")
_REGION = re.compile(
    r"(?P<base>https://(?!adb-)[a-z0-9-]{1,40}\.(?P<zone>[a-z.]+))"
    r"/[A-Za-z0-9/_-]*\?o=(?P<id>[0-9]{1,20})(?![0-9])"
)


def objects_in(answer: Mapping[str, JsonValue], name: str) -> list[JsonObject]:
    """Return the objects of a list in an answer; an absent list is empty."""
    found = answer.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise UnexpectedAnswer
    return [each for each in found if isinstance(each, dict)]


def number_of(answer: Mapping[str, JsonValue], name: str) -> int | None:
    """Return a positive integer of an answer, or None."""
    match answer.get(name):
        case bool():
            return None
        case int() as number if number > 0:
            return number
        case _:
            return None


def page_query(token: str | None, **query: QueryValue) -> dict[str, QueryValue]:
    """Return the query for a page."""
    return query if token is None else {**query, "page_token": token}


def next_token_of(answer: Mapping[str, JsonValue]) -> str | None:
    """Return the token of the next page, or None on the last page."""
    token = answer.get("next_page_token")
    return token if isinstance(token, str) and token else None


def checked_page(address: JsonValue, base: BaseAddress) -> str | None:
    """Return a given address of a run's page if it belongs to the workspace.

    Some workspaces return a page on the host of their region, with the workspace's id as `o`.
    """
    if not isinstance(address, str):
        return None
    if own_address(address, base.url) is not None:
        return address
    workspace, region = _WORKSPACE_HOST.fullmatch(base.host), _REGION.match(address)
    if workspace is None or region is None or region["zone"] != workspace["zone"]:
        return None
    if region["id"] != workspace["id"] or own_address(address, region["base"]) is None:
        return None
    return address


def moment_of(answer: Mapping[str, JsonValue], name: str) -> datetime | None:
    """Return a time from epoch milliseconds; Databricks sends 0 for "not yet"."""
    milliseconds = number_of(answer, name)
    if milliseconds is None or not 0 <= milliseconds < LATEST.timestamp() * 1000:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
