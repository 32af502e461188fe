"""Sends the HTTP calls of all connectors, with sign-in, retries and time limits.

A `PlatformClient` is bound to one base address and one authenticator, so a call can go nowhere
else. It bounds the total time of a call, retries what may be retried, and raises the errors of
`polysync_core.domain.errors`. A call with an effect whose answer is missing is `Uncertain`, never
`Unavailable`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from requests.adapters import HTTPAdapter

from polysync_core.domain.errors import (
    PlatformRefused,
    PolysyncError,
    Unavailable,
    Uncertain,
)
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.call_budget import CallBudget, RetryTimer, read_retry_after
from polysync_core.outbound.credentials import CredentialsInUse
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.http_exchange import (
    DEFAULT_SIZE_LIMIT,
    Answer,
    Fault,
    HttpExchange,
    TimeLeft,
)
from polysync_core.outbound.http_request import ClientCertificate, HttpRequest, json_request
from polysync_core.outbound.sign_in.authenticators import Authenticator
from polysync_core.outbound.transport import (
    certificate_transport,
    private_authority_transport,
    shared_transport,
)
from polysync_core.outbound.urls import QueryValue, url
from polysync_core.platforms.answer_messages import quote_answer, refusal_in
from polysync_core.platforms.calls import (
    AnswerTooLarge,
    Call,
    RefusalMapping,
    UnexpectedAnswer,
    plain_refusal,
)
from polysync_core.platforms.refusal_rules import CredentialRules
from polysync_core.platforms.send_observer import Withheld, announce_send, withdraw_send

log = logging.getLogger(__name__)

_HEADERS = {
    "Accept": "application/json",
    # A compressed answer could exceed every limit when it is decompressed.
    "Accept-Encoding": "identity",
    "User-Agent": "polysync",
}
_TOO_MANY_REQUESTS = 429
_REQUEST_TIMEOUT = 408
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_ANY_CREDENTIAL = CredentialRules()
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """The options of all calls; tests replace the transport and the time."""

    transport: HTTPAdapter | None = None
    budget: CallBudget = field(default_factory=CallBudget)
    timer: RetryTimer = field(default_factory=RetryTimer)
    size_limit: int = DEFAULT_SIZE_LIMIT
    credentials: CredentialsInUse | None = None
    """Remembers the credentials of all clients of a connection; None: each client its own."""
    private_hosts: frozenset[str] = frozenset()
    """Names of hosts that may have private addresses."""
    authorities: str | None = None
    """The only authorities (PEM) of the server's certificate; None: the public ones."""

    def transport_to(self, scope: AddressScope) -> HTTPAdapter:
        """Return the transport for a scope of addresses."""
        if self.transport is not None:
            return self.transport
        if self.authorities is None:
            return shared_transport(scope)
        return private_authority_transport(scope, self.authorities)


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
    """True if the call may have had its effect in spite of the failure."""
    retry_after: float | None = None
    """Seconds that the platform asked to wait."""
    status: int | None = None
    is_credential_refused: bool = False


class PlatformClient:
    """Makes JSON calls to one platform; shared between threads.

    Every call raises `PlatformRefused`, the error of the refusal mapping for a 4xx, `Unavailable`,
    or, for a call with an effect, `Uncertain`. Without an authenticator it makes calls whose URL
    carries its own permission.
    """

    def __init__(
        self,
        base: BaseAddress,
        authenticator: Authenticator | None,
        *,
        refused: RefusalMapping = plain_refusal,
        credential: CredentialRules = _ANY_CREDENTIAL,
        http: HttpOptions | None = None,
    ) -> None:
        self.base = base
        self._authenticator = authenticator
        self._refused = refused
        self._credential = credential
        http = http or HttpOptions()
        self.credentials = http.credentials or CredentialsInUse()
        self._budget = http.budget
        self._timer = http.timer
        scope = base.scope_with(http.private_hosts)

        def transport_with(certificate: ClientCertificate) -> HTTPAdapter:
            return http.transport or certificate_transport(
                scope, certificate, authorities=http.authorities
            )

        self._exchange = HttpExchange(http.transport_to(scope), http.size_limit, transport_with)

    @property
    def longest_answer(self) -> str:
        """The size limit of answers, for people."""
        return f"{self._exchange.size_limit / _MEBIBYTE:.3g} MiB"

    def get[T](
        self,
        *segments: str,
        read: Callable[[JsonObject], T],
        query: Mapping[str, QueryValue] | None = None,
        refused: RefusalMapping | None = None,
    ) -> T:
        """Read the answer with `read`, which may raise `UnexpectedAnswer`."""
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
        """Make a call that changes something, and read its answer with `read`."""
        call = Call(
            method="POST", segments=segments, body=body, repeatable=repeatable, refused=refused
        )
        return self.execute(call, read)

    def execute[T](self, call: Call, read: Callable[[JsonObject], T]) -> T:
        """Make a call and read the JSON object of its answer with `read`."""

        def read_object(answer: Answer) -> T:
            content = answer.json()
            if content is None:
                raise UnexpectedAnswer
            return read(content)

        return self.exchange(call, read_object)

    def exchange[T](self, call: Call, read: Callable[[Answer], T]) -> T:
        """Send a call until it succeeds or must not be retried.

        `read` gets the whole answer: the status, the headers, and a body that need not be JSON.
        """
        budget = call.budget or self._budget
        deadline = self._timer.monotonic() + budget.total
        may_have_arrived = renewed = False
        repetition = 0
        while True:
            outcome = self._send(call, read, deadline)
            if not isinstance(outcome, CallFailure):
                return outcome.value
            may_have_arrived = may_have_arrived or (call.has_effect and outcome.may_have_arrived)
            if outcome.is_credential_refused and self._authenticator is not None and not renewed:
                self._authenticator.renew()
                renewed = True
                continue
            repetition += 1
            pause = self._pause(call, outcome, repetition, deadline)
            if pause is None:
                _raise_failure(outcome, self.base.authority, may_have_arrived=may_have_arrived)
            self._log_retry(call, outcome, repetition)
            self._timer.sleep(pause)

    def _send[T](
        self, call: Call, read: Callable[[Answer], T], deadline: float
    ) -> Answered[T] | CallFailure:
        unsigned = self._request(call)
        request = self._announced(call, self._signed(unsigned))
        if isinstance(request, PolysyncError):
            return CallFailure(error=request)
        self.credentials.note_signature(unsigned, request)
        self.credentials.note_query(call.query)
        remaining = max(0.001, deadline - self._timer.monotonic())
        budget = call.budget or self._budget
        left = TimeLeft(
            connect=min(budget.connect, remaining),
            read=min(budget.read, remaining),
            deadline=deadline,
        )
        answer = self._exchange.send(
            request,
            left,
            self._timer.monotonic,
            accept_oversized=call.accept_oversized,
        )
        fault = isinstance(answer, Fault)
        outcome = self._fault(answer) if fault else self._read(call, answer, read)
        if call.has_effect and isinstance(outcome, CallFailure) and not outcome.may_have_arrived:
            withdraw_send()
        return outcome

    def _request(self, call: Call) -> HttpRequest:
        headers = {**_HEADERS, **(call.headers or {})}
        address = url(self.base.url, *call.segments, query=call.query, ending=call.ending)
        if call.text is None:
            return json_request(call.method, address, headers, call.body)
        body = call.text.encode()
        return HttpRequest(method=call.method, url=address, headers=headers, body=body)

    def _signed(self, request: HttpRequest) -> HttpRequest | PolysyncError:
        if self._authenticator is None:
            return request
        try:
            return self._authenticator.sign(request)
        except PolysyncError as error:
            return error

    def _announced(
        self, call: Call, request: HttpRequest | PolysyncError
    ) -> HttpRequest | PolysyncError:
        """Announce a signed request that may change something; return the error to withhold it."""
        if isinstance(request, PolysyncError) or not call.has_effect:
            return request
        try:
            announce_send()
        except Withheld as error:
            return error
        return request

    def _read[T](
        self, call: Call, answer: Answer, read: Callable[[Answer], T]
    ) -> Answered[T] | CallFailure:
        accepted = answer.status < 300 or (answer.status >= 400 and call.accepts(answer))
        if not accepted:
            return self._credential_failure(answer) or self._failure(call, answer)
        try:
            return Answered(read(answer))
        except UnexpectedAnswer:
            pass
        return self._credential_failure(answer) or self._fault(Fault.MALFORMED)

    def _credential_failure(self, answer: Answer) -> CallFailure | None:
        """Return the failure of an answer that refuses the credential, or None."""
        refusal = refusal_in(answer, self.base.host)
        if not self._credential.is_refused(refusal):
            return None
        error = self._credential.error(refusal)
        quote_answer(error, answer)
        return CallFailure(error=error, status=answer.status, is_credential_refused=True)

    def _fault(self, fault: Fault) -> CallFailure:
        message = f"{self.base.authority} {fault.value}"
        error: PolysyncError = Unavailable(message)
        if fault is Fault.CERTIFICATE_UNUSABLE:
            error = PlatformRefused(message, cause=FailureCause.SECRET)
        elif fault is Fault.ADDRESS_REFUSED:
            error = PlatformRefused(message, cause=FailureCause.PLATFORM_UNREACHABLE)
        elif fault is Fault.TOO_LARGE:
            error = AnswerTooLarge(f"{message}: at most {self.longest_answer}")
        return CallFailure(
            error=error, is_transient=fault.is_transient, may_have_arrived=fault.may_have_arrived
        )

    def _failure(self, call: Call, answer: Answer) -> CallFailure:
        status = answer.status
        if status < 400:
            return CallFailure(error=self._redirected(answer), status=status)
        if status < 500 and status not in {_REQUEST_TIMEOUT, _TOO_MANY_REQUESTS}:
            error = (call.refused or self._refused)(refusal_in(answer, self.base.host))
            quote_answer(error, answer)
            return CallFailure(
                error=error, is_transient=isinstance(error, Unavailable), status=status
            )
        retry_after = read_retry_after(answer.retry_after, self._timer.now())
        # A 503 with `Retry-After` means that nothing was begun; other 5xx may follow the effect.
        unstarted = call.busy_proves_not_started and status == 503 and retry_after is not None
        may_have_arrived = status >= 500 and not unstarted
        message = f"{self.base.authority} is unavailable (status {status})"
        error = Unavailable(message, retry_after=retry_after, status=status)
        quote_answer(error, answer)
        return CallFailure(
            error=error,
            is_transient=True,
            may_have_arrived=may_have_arrived,
            retry_after=retry_after,
            status=status,
        )

    def _redirected(self, answer: Answer) -> PolysyncError:
        host = answer.redirect_host
        error = PlatformRefused(
            f"{self.base.host} redirects to {host}, which is not followed: check the address",
            cause=FailureCause.PLATFORM_UNREACHABLE,
            status=answer.status,
        )
        error.quoted = host
        return error

    def _pause(
        self, call: Call, failure: CallFailure, repetition: int, deadline: float
    ) -> float | None:
        """Return the seconds until the next retry, or None if the call must end."""
        budget = call.budget or self._budget
        if not (call.repeatable and failure.is_transient):
            return None
        return self._timer.next_pause(budget, repetition, failure.retry_after, deadline)

    def _log_retry(self, call: Call, failure: CallFailure, repetition: int) -> None:
        log.warning(
            "A call to a platform is retried.",
            extra={
                "action": "platform_call_retried",
                "host": self.base.host,
                "method": call.method,
                "status": failure.status,
                "repetition": repetition,
            },
        )


def _raise_failure(failure: CallFailure, host: str, *, may_have_arrived: bool) -> NoReturn:
    # A refusal for missing rights says nothing about the effect of an earlier sending.
    is_open = (
        isinstance(failure.error, Unavailable)
        or failure.is_credential_refused
        or failure.status in {_UNAUTHORIZED, _FORBIDDEN, None}
    )
    if may_have_arrived and is_open:
        message = f"{host} may have carried out the request, but its answer is missing"
        uncertain = Uncertain(message, status=failure.status)
        uncertain.platform_message = failure.error.platform_message
        uncertain.platform_answer = failure.error.platform_answer
        raise uncertain
    raise failure.error
