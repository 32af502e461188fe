"""Answers the CloudEvents handshake by which event senders ask permission before they send.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PATH = "/events"
_ASKS = "webhook-request-origin"
_ORIGIN = re.compile(r"[A-Za-z0-9._:/-]{1,255}")


def handshake(path: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that permit a sender to send events; empty for another request."""
    origin = headers.get(_ASKS, "")
    if path != _PATH or _ORIGIN.fullmatch(origin) is None:
        return {}
    return {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
