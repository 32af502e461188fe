"""Sends idempotent HTTP requests that read secrets and tokens, with retries.

Reads are idempotent, so lost answers are retried within a budget. Calls that may have an effect
use `polysync_core.platforms.platform_client`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from requests.adapters import HTTPAdapter

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.call_budget import CallBudget, RetryTimer, read_retry_after
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.http_exchange import (
    SAME_HOST,
    Answer,
    Fault,
    HttpExchange,
    TimeLeft,
)
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.transport import shared_transport

log = logging.getLogger(__name__)

HEADERS = {
    "Accept": "application/json",
    # A compressed answer could exceed every limit when it is decompressed.
    "Accept-Encoding": "identity",
    "User-Agent": "polysync",
}
_SIZE_LIMIT = 1024 * 1024
_FINAL = frozenset({Fault.ADDRESS_REFUSED, Fault.CERTIFICATE_UNUSABLE, Fault.TOO_LARGE})
_TRANSIENT = frozenset({408, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadClient:
    """Sends reads and follows no redirects; tests replace the transport and the time."""

    transport_to: Callable[[AddressScope], HTTPAdapter] = shared_transport
    budget: CallBudget = field(default_factory=lambda: CallBudget(total=20.0, attempts=3))
    timer: RetryTimer = field(default_factory=RetryTimer)
    size_limit: int = _SIZE_LIMIT
    private_hosts: frozenset[str] = frozenset()
    """Names of hosts that may have private addresses."""

    def send(
        self, base: BaseAddress, request: HttpRequest, *, deadline: float | None = None
    ) -> Answer:
        """Return the answer of any status, after the retries that the budget allows.

        `deadline` is on the scale of `timer.monotonic`. Without an answer, raises `PlatformRefused`
        (cause `Secret`) or `Unavailable`.
        """
        if deadline is None:
            deadline = self.timer.monotonic() + self.budget.total
        scope = base.scope_with(self.private_hosts)
        exchange = HttpExchange(self.transport_to(scope), self.size_limit)
        repetition = 0
        while True:
            answer = exchange.send(request, self._left(deadline), self.timer.monotonic)
            repetition += 1
            pause = self._pause(answer, repetition, deadline)
            if pause is None:
                return _answered(answer, base.authority)
            log.warning(
                "A request for a secret or a token is retried.",
                extra={"action": "read_retried", "host": base.host, "repetition": repetition},
            )
            self.timer.sleep(pause)

    def failure_of(
        self, answer: Answer, host: str, *, hints: Mapping[int, str] = MappingProxyType({})
    ) -> PolysyncError | None:
        """Return the error for a redirect or an unavailable service, else None.

        `hints` explains the statuses of this service.
        """
        if 300 <= answer.status < 400:
            # The name of another host could repeat what was sent, so no error quotes it.
            is_same = answer.redirect_host in {host, SAME_HOST}
            target = SAME_HOST if is_same else "another host"
            return PlatformRefused(
                f"{host} redirects to {target}, which is not followed: check the address",
                cause=FailureCause.SECRET,
                status=answer.status,
            )
        if not _is_transient(answer):
            return None
        hint = hints.get(answer.status)
        return Unavailable(
            f"{host} is unavailable (status {answer.status})" + (f": {hint}" if hint else ""),
            retry_after=self._retry_after(answer),
        )

    def _left(self, deadline: float) -> TimeLeft:
        remaining = max(0.001, deadline - self.timer.monotonic())
        return TimeLeft(
            connect=min(self.budget.connect, remaining),
            read=min(self.budget.read, remaining),
            deadline=deadline,
        )

    def _pause(self, answer: Answer | Fault, repetition: int, deadline: float) -> float | None:
        if isinstance(answer, Fault):
            if not answer.is_transient:
                return None
            return self.timer.next_pause(self.budget, repetition, None, deadline)
        if not _is_transient(answer):
            return None
        return self.timer.next_pause(self.budget, repetition, self._retry_after(answer), deadline)

    def _retry_after(self, answer: Answer) -> float | None:
        return read_retry_after(answer.retry_after, self.timer.now())


def _is_transient(answer: Answer) -> bool:
    return answer.status in _TRANSIENT or answer.status >= 500


def _answered(answer: Answer | Fault, host: str) -> Answer:
    if not isinstance(answer, Fault):
        return answer
    if answer in _FINAL:
        raise PlatformRefused(f"{host} {answer.value}", cause=FailureCause.SECRET)
    raise Unavailable(f"{host} {answer.value}")
