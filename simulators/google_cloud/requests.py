"""Reads JSON bodies, whole numbers and page tokens from requests to Google's APIs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from simulators.google_cloud.errors import invalid

PAGE_SIZE = web.AppKey("page_size", int)
"""The limit for the page size of each request."""


async def object_body(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a request; an empty body is an empty object."""
    content = await request.read()
    try:
        body = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise invalid("Invalid JSON payload received.")
    return body


def number_in(request: web.Request, name: str, usual: int) -> int:
    """Return a whole number of the query."""
    text = request.query.get(name, "")
    if text and not text.isdecimal():
        raise invalid(f"{name} is no number.")
    return int(text) if text else usual


def page[T](
    request: web.Request, entries: Sequence[T], size: int
) -> tuple[Sequence[T], dict[str, str]]:
    """Return the requested page, and the token of the next page if there is one."""
    first = number_in(request, "pageToken", 0)
    end = first + min(size or 100, request.app[PAGE_SIZE])
    return entries[first:end], {"nextPageToken": str(end)} if end < len(entries) else {}
