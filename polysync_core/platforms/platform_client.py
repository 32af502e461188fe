"""The one way in which connectors speak HTTP.

A `PlatformClient` is bound to one base address and one credential, so a call can go nowhere else.
It keeps every call within a total time, repeats what may be repeated, and says what went wrong in
the families of `polysync_core.domain.errors`: a call that may have had an effect and whose answer
is missing is `Uncertain`, never `Unavailable`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from requests.adapters import HTTPAdapter

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.errors import (
    PlatformRefused,
    PolysyncError,
    Unavailable,
    Uncertain,
)
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.call_budget import CallBudget, RetryTimer, read_retry_after
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.http_exchange import (
    DEFAULT_SIZE_LIMIT,
    Answer,
    Fault,
    HttpExchange,
    TimeLeft,
    prepared,
    request_for,
)
from polysync_core.outbound.sign_in.authenticators import BEARER, Credential, Scheme
from polysync_core.outbound.transport import shared_transport
from polysync_core.outbound.urls import QueryValue, url
from polysync_core.platforms.calls import (
    AnswerTooLarge,
    Call,
    Refusal,
    RefusalMapping,
    UnexpectedAnswer,
    plain_refusal,
)

log = logging.getLogger(__name__)

_HEADERS = {
    "Accept": "application/json",
    # A compressed answer could grow beyond every limit while it is unpacked.
    "Accept-Encoding": "identity",
    "User-Agent": "polysync",
}
_TOO_MANY_REQUESTS = 429
_REQUEST_TIMEOUT = 408
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How calls are carried: tests replace the transport and the time."""

    transport: HTTPAdapter | None = None
    budget: CallBudget = field(default_factory=CallBudget)
    timer: RetryTimer = field(default_factory=RetryTimer)
    size_limit: int = DEFAULT_SIZE_LIMIT
    private_hosts: frozenset[str] = frozenset()
    """Names of hosts that may be at private addresses."""


@dataclass(frozen=True, slots=True)
class Answered[T]:
    """The value of a call that succeeded."""

    value: T


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailure:
    """The failure of one sending of a call."""

    error: PolysyncError
    is_transient: bool = False
    may_have_arrived: bool = False
    """Whether the call may have had its effect in spite of the failure."""
    retry_after: float | None = None
    """Seconds that the platform asked to wait."""
    status: int | None = None


class PlatformClient:
    """Makes JSON calls to one platform; safe to share between threads.

    Every call raises `PlatformRefused` or what the refusal mapping makes of a 4xx, `Unavailable`,
    or, for a call with an effect, `Uncertain`. Without a credential it makes calls whose address
    is their permission.
    """

    def __init__(
        self,
        base: BaseAddress,
        credential: Credential | None,
        *,
        scheme: Scheme = BEARER,
        refused: RefusalMapping = plain_refusal,
        http: HttpOptions | None = None,
    ) -> None:
        self.base = base
        self._credential = credential
        self._scheme = scheme
        self._refused = refused
        http = http or HttpOptions()
        self._patience = http.budget
        self._time = http.timer
        transport = http.transport or shared_transport(base.scope_with(http.private_hosts))
        self._exchange = HttpExchange(transport, http.size_limit)

    @property
    def most(self) -> str:
        """The longest answer that is accepted, in words."""
        return f"{self._exchange.size_limit / _MEBIBYTE:.3g} MiB"

    def get[T](
        self,
        *segments: str,
        read: Callable[[JsonObject], T],
        query: Mapping[str, QueryValue] | None = None,
        refused: RefusalMapping | None = None,
    ) -> T:
        """Return what `read` makes of the answer; `read` may raise `UnexpectedAnswer`."""
        call = Call(method="GET", segments=segments, query=query, repeatable=True, refused=refused)
        return self.execute(call, read)

    def post[T](
        self,
        *segments: str,
        read: Callable[[JsonObject], T],
        body: JsonObject,
        repeatable: bool,
        refused: RefusalMapping | None = None,
    ) -> T:
        """Return what `read` makes of the answer to a call that changes something."""
        call = Call(
            method="POST", segments=segments, body=body, repeatable=repeatable, refused=refused
        )
        return self.execute(call, read)

    def execute[T](self, call: Call, read: Callable[[JsonObject], T]) -> T:
        """Return what `read` makes of the JSON object that a call is answered with."""

        def read_object(answer: Answer) -> T:
            content = answer.json()
            if content is None:
                raise UnexpectedAnswer
            return read(content)

        return self.exchange(call, read_object)

    def exchange[T](self, call: Call, read: Callable[[Answer], T]) -> T:
        """Send a call until it succeeds, may not be sent again, or its time is over.

        `read` sees the whole answer: what it says in headers, and a body that need not be JSON.
        """
        budget = call.budget or self._patience
        deadline = self._time.monotonic() + budget.total
        may_have_arrived = renewed = False
        repetition = 0
        while True:
            outcome = self._send(call, read, deadline)
            if not isinstance(outcome, CallFailure):
                return outcome.value
            may_have_arrived = may_have_arrived or (call.has_effect and outcome.may_have_arrived)
            if outcome.status == _UNAUTHORIZED and self._credential is not None and not renewed:
                self._credential.renew()
                renewed = True
                continue
            repetition += 1
            pause = self._pause(call, outcome, repetition, deadline)
            if pause is None:
                _give_up(outcome, self.base.host, may_have_arrived=may_have_arrived)
            self._note_repetition(call, outcome, repetition)
            self._time.sleep(pause)

    def _send[T](
        self, call: Call, read: Callable[[Answer], T], deadline: float
    ) -> Answered[T] | CallFailure:
        signature = self._signature()
        if isinstance(signature, PolysyncError):
            return CallFailure(error=signature)
        headers = {**_HEADERS, **(call.headers or {}), **signature}
        address = url(self.base.url, *call.segments, query=call.query)
        remaining = max(0.001, deadline - self._time.monotonic())
        budget = call.budget or self._patience
        left = TimeLeft(
            connect=min(budget.connect, remaining),
            read=min(budget.read, remaining),
            deadline=deadline,
        )
        if call.text is None:
            request = request_for(call.method, address, headers, call.body)
        else:
            request = prepared(call.method, address, headers, call.text.encode())
        answer = self._exchange.send(
            request, left, self._time.monotonic, head_is_enough=call.head_is_enough
        )
        if isinstance(answer, Fault):
            return self._fault(answer)
        return self._read(call, answer, read)

    def _signature(self) -> dict[str, str] | PolysyncError:
        """Return the header that says who calls."""
        if self._credential is None:
            return {}
        try:
            token = self._credential.token().reveal().strip()
        except PolysyncError as error:
            return error
        # http.client would quote an impossible header, token and all, in its error.
        if token and token.isascii() and token.isprintable() and " " not in token:
            return {self._scheme.header: f"{self._scheme.prefix}{token}"}
        return PlatformRefused(
            f"the credential for {self.base.host} holds characters that no token has",
            cause=FailureCause.SECRET,
        )

    def _read[T](
        self, call: Call, answer: Answer, read: Callable[[Answer], T]
    ) -> Answered[T] | CallFailure:
        if answer.status >= 300:
            return self._failure(call, answer)
        try:
            return Answered(read(answer))
        except UnexpectedAnswer:
            return self._fault(Fault.MALFORMED)

    def _fault(self, fault: Fault) -> CallFailure:
        message = f"{self.base.host} {fault.value}"
        error: PolysyncError = Unavailable(message)
        if fault is Fault.ADDRESS_REFUSED:
            error = PlatformRefused(message, cause=FailureCause.PLATFORM_UNREACHABLE)
        elif fault is Fault.TOO_LARGE:
            error = AnswerTooLarge(f"{message}: at most {self.most}")
        return CallFailure(
            error=error, is_transient=fault.is_transient, may_have_arrived=fault.may_have_arrived
        )

    def _failure(self, call: Call, answer: Answer) -> CallFailure:
        status = answer.status
        if status < 400:
            return CallFailure(error=self._redirected(answer), status=status)
        if status < 500 and status not in {_REQUEST_TIMEOUT, _TOO_MANY_REQUESTS}:
            refusal = Refusal(status=status, body=answer.json() or {}, host=self.base.host)
            error = (call.refused or self._refused)(refusal)
            return CallFailure(
                error=error, is_transient=isinstance(error, Unavailable), status=status
            )
        asked = read_retry_after(answer.retry_after, self._time.now())
        # A server that says when to come back has not begun; any other 5xx may come after the act.
        unstarted = call.busy_is_unstarted and status == 503 and asked is not None
        may_have_arrived = status >= 500 and not unstarted
        message = f"{self.base.host} is unavailable (status {status})"
        error = Unavailable(message, retry_after=asked, status=status)
        return CallFailure(
            error=error,
            is_transient=True,
            may_have_arrived=may_have_arrived,
            retry_after=asked,
            status=status,
        )

    def _redirected(self, answer: Answer) -> PolysyncError:
        return PlatformRefused(
            f"{self.base.host} redirects to {answer.redirect_host}, which is not followed:"
            " check the address",
            cause=FailureCause.PLATFORM_UNREACHABLE,
            status=answer.status,
        )

    def _pause(
        self, call: Call, failure: CallFailure, repetition: int, deadline: float
    ) -> float | None:
        """Return the seconds until the next sending, or None where there is none."""
        budget = call.budget or self._patience
        if not (call.repeatable and failure.is_transient):
            return None
        return self._time.next_pause(budget, repetition, failure.retry_after, deadline)

    def _note_repetition(self, call: Call, failure: CallFailure, repetition: int) -> None:
        log.warning(
            "A call to a platform is sent again.",
            extra={
                "action": "platform_call_repeated",
                "host": self.base.host,
                "method": call.method,
                "status": failure.status,
                "repetition": repetition,
            },
        )


def _give_up(failure: CallFailure, host: str, *, may_have_arrived: bool) -> NoReturn:
    # A refusal for want of rights says nothing of what an earlier sending has done.
    unsettled = isinstance(failure.error, Unavailable) or failure.status in {
        _UNAUTHORIZED,
        _FORBIDDEN,
        None,
    }
    if may_have_arrived and unsettled:
        message = f"{host} may have carried out the request, but its answer is missing"
        raise Uncertain(message, status=failure.status)
    raise failure.error
