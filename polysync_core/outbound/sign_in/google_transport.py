"""Sends the token requests of the google-auth library, to Google hosts only.

A service account key names the address of the token service. Nothing is sent unless that address
belongs to Google.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from google.auth.exceptions import TransportError
from google.auth.transport import Request, Response

from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.call_budget import CallBudget
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.urls import CheckedUrl, read_url

GOOGLE_SUFFIX = ".googleapis.com"
_METADATA_HOSTS = frozenset({"metadata.google.internal", "metadata", "169.254.169.254"})
_METADATA_BUDGET = CallBudget(total=3.0, connect=3.0, read=3.0, attempts=1)


class GoogleAnswer(Response):
    """Wraps an answer for google-auth."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @property
    def status(self) -> int:
        """The status code."""
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, by which google-auth recognises Google's metadata service."""
        return self._answer.headers

    @property
    def data(self) -> bytes:
        """The body."""
        return self._answer.content


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleReach:
    """The addresses that the requests of one sign-in may go to."""

    endpoint: BaseAddress | None = None
    """The address of a simulator that replaces all of Google's services."""
    allow_loopback: bool = False
    metadata: bool = False
    """True if the machine's own metadata service may be asked."""

    def resolve(self, address: str) -> CheckedUrl:
        """Return the checked URL of a request; raises `Invalid` for a forbidden address."""
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
        if self.metadata and parts.scheme == "http" and host in _METADATA_HOSTS:
            return _checked(BaseAddress(f"http://{host}", host, AddressScope.METADATA), address)
        if self.endpoint is not None and host.endswith(GOOGLE_SUFFIX):
            return _checked(self.endpoint, address)
        found = read_url(address, path="token_uri", allow_loopback=self.allow_loopback)
        if found.base.scope is AddressScope.PUBLIC and not found.base.host.endswith(GOOGLE_SUFFIX):
            raise Invalid.at("token_uri", "tokens come only from Google's addresses")
        return found


class GoogleTransport(Request):
    """Sends the requests of one sign-in within one deadline."""

    def __init__(self, reach: GoogleReach, client: ReadClient) -> None:
        self._reach = reach
        self._client = client
        self._deadline = client.timer.monotonic() + client.budget.total
        self.failure: PolysyncError | None = None
        """The failure of the last request, if google-auth cannot use its answer."""
        self.asked = ""
        """The host of the last request, as Google names it."""
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
            target = self._reach.resolve(url)
            request = HttpRequest(
                method=method, url=target.url, headers={**HEADERS, **headers}, body=content
            )
            answer = self._client_for(target).send(target.base, request, deadline=self._deadline)
        except Invalid as refusal:
            return PlatformRefused(
                f"the sign-in leads to a forbidden address: {refusal}",
                cause=FailureCause.SECRET,
            )
        except PolysyncError as error:
            return error
        self.status = answer.status
        self.failure = self._client.failure_of(answer, self.asked)
        return answer

    def _client_for(self, target: CheckedUrl) -> ReadClient:
        if target.base.scope is AddressScope.METADATA:
            return replace(self._client, budget=_METADATA_BUDGET)
        return self._client


def _checked(base: BaseAddress, address: str) -> CheckedUrl:
    parts = urlsplit(address)
    return CheckedUrl(base, parts.path + (f"?{parts.query}" if parts.query else ""))
