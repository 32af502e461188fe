"""Posting to the receivers of webhooks: any public host, and nothing that is not public."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from requests.adapters import HTTPAdapter

from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Unavailable
from polysync_core.outbound.endpoints import Endpoint, read_endpoint
from polysync_core.outbound.exchange import Fault, HttpExchange, TimeLeft, prepared
from polysync_core.outbound.hosts import Reach
from polysync_core.outbound.retry_after import read_retry_after
from polysync_core.outbound.transport import shared_transport

TIMEOUT_SECONDS = 10.0
_ANSWER_LIMIT = 64 * 1024
"""What a receiver says beyond its status is not looked at."""
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": "polysync",
}


class NotTaken(Unavailable):
    """The receiver did not take the event."""

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.status = status


def check_webhook(webhook: Webhook, *, allow_loopback: bool) -> None:
    """Raise `Invalid` where a webhook's address is not one to post to."""
    read_endpoint(webhook.url, path="url", allow_loopback=allow_loopback)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Posts, within a time and without following redirects."""

    allow_loopback: bool = False
    transport_to: Callable[[Reach], HTTPAdapter] = shared_transport
    monotonic: Callable[[], float] = time.monotonic
    clock: Clock = utc_now

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Post a body; returns if the receiver took it (2xx), else raises `NotTaken`.

        Raises `Invalid` where the address is none to post to (any more).
        """
        endpoint = read_endpoint(url, path="url", allow_loopback=self.allow_loopback)
        request = prepared("POST", endpoint.url, {**_HEADERS, **headers}, body)
        exchange = HttpExchange(self.transport_to(endpoint.base.reach), _ANSWER_LIMIT)
        left = TimeLeft(
            connect=5.0, read=TIMEOUT_SECONDS, deadline=self.monotonic() + TIMEOUT_SECONDS
        )
        answer = exchange.send(request, left, self.monotonic)
        if isinstance(answer, Fault):
            raise self._fault(endpoint, answer)
        if not 200 <= answer.status < 300:
            raise NotTaken(
                f"{endpoint.base.host} answered with status {answer.status}",
                status=answer.status,
                retry_after=read_retry_after(answer.retry_after, self.clock()),
            )

    def _fault(self, endpoint: Endpoint, fault: Fault) -> NotTaken:
        return NotTaken(f"{endpoint.base.host} {fault.value}")
