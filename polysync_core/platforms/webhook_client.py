"""Checks the URLs of webhooks, and posts events to webhooks."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from requests.adapters import HTTPAdapter

from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Unavailable
from polysync_core.outbound.call_budget import read_retry_after
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.http_exchange import Answer, Fault, HttpExchange, TimeLeft
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.transport import shared_transport
from polysync_core.outbound.urls import CheckedUrl, read_url

TIMEOUT_SECONDS = 10.0
_ANSWER_LIMIT = 64 * 1024
_PLAIN_CODES = frozenset(
    {
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_blocks",
        "invalid_payload",
        "invalid_token",
        "no_active_hooks",
        "no_service",
        "no_service_id",
        "no_team",
        "no_text",
        "posting_to_general_channel_denied",
        "rollup_error",
        "team_disabled",
        "too_many_attachments",
        "user_not_found",
    }
)
"""The errors of Slack: https://api.slack.com/messaging/webhooks#handling_errors"""
_JSON_CODE = re.compile(r"[A-Z][A-Za-z]{2,63}")
"""An error of Azure, such as `DomainNotLinked`."""
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": "polysync",
}


class EventNotAccepted(Unavailable):
    """The address did not accept the event."""

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.status = status


def check_webhook(webhook: Webhook, *, allow_loopback: bool) -> None:
    """Raise `Invalid` if a webhook's address is not allowed."""
    read_url(webhook.url, path="url", allow_loopback=allow_loopback)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookClient:
    """Posts to the addresses of webhooks within a time-out; follows no redirects."""

    allow_loopback: bool = False
    transport_to: Callable[[AddressScope], HTTPAdapter] = shared_transport
    monotonic: Callable[[], float] = time.monotonic
    clock: Clock = utc_now

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Post a body; raises `EventNotAccepted` unless the address accepts it (2xx).

        Raises `Invalid` if the address is not allowed.
        """
        endpoint = read_url(url, path="url", allow_loopback=self.allow_loopback)
        request = HttpRequest(
            method="POST", url=endpoint.url, headers={**_HEADERS, **headers}, body=body
        )
        exchange = HttpExchange(self.transport_to(endpoint.base.scope), _ANSWER_LIMIT)
        left = TimeLeft(
            connect=5.0, read=TIMEOUT_SECONDS, deadline=self.monotonic() + TIMEOUT_SECONDS
        )
        answer = exchange.send(request, left, self.monotonic)
        if isinstance(answer, Fault):
            raise self._fault(endpoint, answer)
        if not 200 <= answer.status < 300:
            raise EventNotAccepted(
                f"{endpoint.base.authority} answered with status {answer.status}"
                f"{_code_of(answer, url)}",
                status=answer.status,
                retry_after=read_retry_after(answer.retry_after, self.clock()),
            )

    def _fault(self, endpoint: CheckedUrl, fault: Fault) -> EventNotAccepted:
        return EventNotAccepted(f"{endpoint.base.authority} {fault.value}")


def _code_of(answer: Answer, url: str) -> str:
    """Return the error code of an answer for people; nothing else of an answer is quoted."""
    plain = answer.content.decode(errors="replace")
    if plain in _PLAIN_CODES:
        return f": {plain}"
    error = (answer.json() or {}).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    is_code = isinstance(code, str) and _JSON_CODE.fullmatch(code) is not None
    # A URL may be a secret, and an answer could repeat a part of it.
    return f": {code}" if is_code and str(code) not in url else ""
