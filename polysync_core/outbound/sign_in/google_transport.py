"""How google-auth speaks HTTP: through the checked transport, and to Google only.

A service account key names the address that tokens come from, so the key decides nothing: where
that is no address of Google's, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from google.auth.exceptions import TransportError
from google.auth.transport import Request, Response

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError
from polysync_core.outbound.call_budget import CallBudget
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.urls import CheckedUrl, read_url

GOOGLE_SUFFIX = ".googleapis.com"
_METADATA_HOSTS = frozenset({"metadata.google.internal", "metadata", "169.254.169.254"})
_METADATA_PATIENCE = CallBudget(total=3.0, connect=3.0, read=3.0, attempts=1)


class GoogleAnswer(Response):
    """An answer in the form that google-auth reads."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @property
    def status(self) -> int:
        """The status code."""
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that google-auth looks at to tell Google's metadata service from others."""
        return self._answer.headers

    @property
    def data(self) -> bytes:
        """The body."""
        return self._answer.content


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleReach:
    """Where the requests of one sign-in may go."""

    endpoint: BaseAddress | None = None
    """A stand-in for every service of Google's."""
    allow_loopback: bool = False
    metadata: bool = False
    """Whether the machine's own metadata service may be asked."""

    def place(self, address: str) -> CheckedUrl:
        """Return where a request goes; raises `Invalid` where it must not go."""
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
        if self.metadata and parts.scheme == "http" and host in _METADATA_HOSTS:
            return _placed(BaseAddress(f"http://{host}", host, AddressScope.METADATA), address)
        if self.endpoint is not None and host.endswith(GOOGLE_SUFFIX):
            return _placed(self.endpoint, address)
        found = read_url(address, path="token_uri", allow_loopback=self.allow_loopback)
        if found.base.scope is AddressScope.PUBLIC and not found.base.host.endswith(GOOGLE_SUFFIX):
            raise Invalid.at("token_uri", "tokens come from an address of Google's only")
        return found


class GoogleTransport(Request):
    """The requests of one sign-in, all within one time."""

    def __init__(self, reach: GoogleReach, client: ReadClient) -> None:
        self._reach = reach
        self._inquiries = client
        self._deadline = client.timer.monotonic() + client.budget.total
        self.failure: PolysyncError | None = None
        """Why the last request has no answer that google-auth could make anything of."""
        self.asked = ""
        """The host that was asked last, as Google names it."""
        self.status: int | None = None
        """The status of the last answer."""

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> GoogleAnswer:
        """Return the answer; raises google-auth's `TransportError`, with `failure` set."""
        self.asked = urlsplit(url).hostname or ""
        outcome = self._outcome(url, method, body, headers or {})
        if isinstance(outcome, PolysyncError):
            self.failure = outcome
            raise TransportError("no answer", retryable=False)
        return GoogleAnswer(outcome)

    def _outcome(
        self, url: str, method: str, body: bytes | str | None, headers: Mapping[str, str]
    ) -> Answer | PolysyncError:
        content = body.encode() if isinstance(body, str) else body
        try:
            place = self._reach.place(url)
            request = HttpRequest(
                method=method, url=place.url, headers={**HEADERS, **headers}, body=content
            )
            answer = self._patient(place).ask(place.base, request, deadline=self._deadline)
        except Invalid as refusal:
            return PlatformRefused(
                f"the sign-in leads to an address that must not be asked: {refusal}",
                cause=FailureCause.SECRET,
            )
        except PolysyncError as error:
            return error
        self.status = answer.status
        self.failure = self._inquiries.failure_of(answer, self.asked)
        return answer

    def _patient(self, place: CheckedUrl) -> ReadClient:
        if place.base.scope is AddressScope.METADATA:
            return replace(self._inquiries, budget=_METADATA_PATIENCE)
        return self._inquiries


def _placed(base: BaseAddress, address: str) -> CheckedUrl:
    parts = urlsplit(address)
    return CheckedUrl(base, parts.path + (f"?{parts.query}" if parts.query else ""))
