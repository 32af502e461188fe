"""Who calls a tool: what the transport of the call says, and nothing that the call itself says."""

from __future__ import annotations

from typing import Any, cast

from polysync_core.domain.errors import Unauthenticated
from polysync_core.domain.json_types import JsonObject

type Headers = list[tuple[bytes, bytes]]

TRANSPORT = "http-streamable"
"""The transport whose headers are those of the very request that holds the call.

The older one (`http-sse`) carries calls apart from the request whose headers it tells.
"""

_TELLING = ("host", "x-forwarded-host", "x-ms-client-principal")
"""What the door of the API looks at."""


def caller_headers(context: JsonObject) -> Headers:
    """Return the headers by which the API knows the caller, or raise `Unauthenticated`.

    `context` is what the MCP extension of the Functions host hands to a trigger.
    """
    transport = context.get("transport")
    told = transport if isinstance(transport, dict) else {}
    if told.get("name") != TRANSPORT:
        raise Unauthenticated(
            f"calls are taken by the transport '{TRANSPORT}' only: its requests say who sends them"
        )
    properties = told.get("properties")
    headers = properties.get("headers") if isinstance(properties, dict) else None
    found = [
        (name.lower().encode(), value.encode("latin-1", "replace"))
        for name, value in cast("dict[str, Any]", headers or {}).items()
        if name.lower() in _TELLING and isinstance(value, str)
    ]
    names = [name for name, _ in found]
    if b"host" not in names or len(set(names)) != len(names):
        raise Unauthenticated("the transport does not tell the headers of the request")
    return found
