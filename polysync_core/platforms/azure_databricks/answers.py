"""Reads the parts that all answers of Databricks share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from polysync_core.domain.clock import LATEST
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.calls import UnexpectedAnswer


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


def moment_of(answer: Mapping[str, JsonValue], name: str) -> datetime | None:
    """Return a time from epoch milliseconds; Databricks sends 0 for "not yet"."""
    milliseconds = number_of(answer, name)
    if milliseconds is None or not 0 <= milliseconds < LATEST.timestamp() * 1000:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
