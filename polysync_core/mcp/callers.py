"""Extracts the HTTP headers that identify the caller of an MCP tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from polysync_core.domain.errors import Unauthenticated
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.security.caller_headers import identifies_caller

type Headers = list[tuple[bytes, bytes]]

TRANSPORT = "http-streamable"
"""The only accepted transport: its headers belong to the request that contains the call.

The older transport (`http-sse`) sends calls separately from the request with the headers.
"""


def caller_headers(context: JsonObject) -> Headers:
    """Return the headers that identify the caller, or raise `Unauthenticated`.

    `context` is the trigger's input from the MCP extension of the Functions host.
    """
    transport = context.get("transport")
    transport = transport if isinstance(transport, dict) else {}
    if transport.get("name") != TRANSPORT:
        raise Unauthenticated(
            f"calls need the transport '{TRANSPORT}', whose requests identify the caller"
        )
    properties = transport.get("properties")
    headers = properties.get("headers") if isinstance(properties, dict) else None
    found = list(_origin_headers(cast("dict[str, Any]", headers or {})))
    names = [name for name, _ in found]
    if b"host" not in names or len(set(names)) != len(names):
        raise _unusable()
    return found


def _origin_headers(headers: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the headers by which the API identifies callers."""
    for name, value in headers.items():
        if not identifies_caller(name.lower()):
            continue
        if not isinstance(value, str):
            raise _unusable()
        yield name.lower().encode(), value.encode("latin-1", "replace")


def _unusable() -> Unauthenticated:
    return Unauthenticated("the transport has no usable headers of the request")
