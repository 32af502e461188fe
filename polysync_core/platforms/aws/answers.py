"""Reads list pages, texts, times and objects from JSON responses of AWS services."""

from __future__ import annotations

from datetime import UTC, datetime

from polysync_core.domain.clock import is_supported
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.paging import Page
from polysync_core.platforms.times import moment_in


def page_of(answer: JsonObject, items: str, token: str) -> Page[JsonObject]:
    """Return the entries of a page; `items` and `token` are the names in the answer."""
    found, following = answer.get(items), answer.get(token)
    if not isinstance(found, list):
        raise UnexpectedAnswer
    entries = [each for each in found if isinstance(each, dict)]
    return Page(entries, following if isinstance(following, str) and following else None)


def text_in(answer: JsonObject, name: str) -> str | None:
    """Return a text of an answer; None if it is absent or empty."""
    found = answer.get(name)
    return found if isinstance(found, str) and found else None


def time_in(answer: JsonObject, name: str, *, per_second: int = 1) -> datetime | None:
    """Return a time of an answer: seconds since 1970, or parts of seconds, or a text."""
    found = answer.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return moment_in(answer, name)
    try:
        moment = datetime.fromtimestamp(found / per_second, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if is_supported(moment) else None
