"""Reads the caller of a tool from the transport, never from the call itself."""

from __future__ import annotations

from typing import Any, cast

from polysync_core.domain.errors import Unauthenticated
from polysync_core.domain.json_types import JsonObject

type Headers = list[tuple[bytes, bytes]]

TRANSPORT = "http-streamable"
"""The only accepted transport: its headers belong to the request that contains the call.

The older transport (`http-sse`) sends calls separately from the request with the headers.
"""

_IDENTITY_HEADERS = ("host", "x-forwarded-host", "x-ms-client-principal")
"""The headers by which the API identifies callers."""


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
    found = [
        (name.lower().encode(), value.encode("latin-1", "replace"))
        for name, value in cast("dict[str, Any]", headers or {}).items()
        if name.lower() in _IDENTITY_HEADERS and isinstance(value, str)
    ]
    names = [name for name, _ in found]
    if b"host" not in names or len(set(names)) != len(names):
        raise Unauthenticated("the transport has no usable headers of the request")
    return found
