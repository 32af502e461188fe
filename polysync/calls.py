"""Builds the client's HTTP requests, decides on retries, and checks responses, without I/O."""

from __future__ import annotations

import re
import secrets
import ssl
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

import httpx

from polysync.addresses import api_address, is_loopback, unreachable
from polysync.credentials import Credentials
from polysync.errors import (
    AnswerLost,
    MalformedAnswer,
    PolysyncError,
    ProblemField,
    Unreachable,
    problem_class,
)

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
QUIET_STREAM_SECONDS = 30.0
IDEMPOTENCY_KEY = "Idempotency-Key"
_UNAUTHORISED = (401, 403)
_NOT_FOUND = 404
_TOO_MANY_REQUESTS = 429
_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

type Json = dict[str, Any]
type Query = Mapping[str, str | Sequence[str] | None]
"""Query parameters; a list is sent as a repeated parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the API."""

    method: str
    path: tuple[str, ...]
    query: Query = field(default_factory=dict[str, str])
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    has: str | None = None
    """A member that every answer of the API to this call has."""

    @property
    def is_repeatable(self) -> bool:
        """True if a repetition has no further effect."""
        return self.method != "POST" or IDEMPOTENCY_KEY in self.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """The repetition of failed calls, with an exponential back-off."""

    attempts: int = 4
    first_delay: float = 0.5
    max_delay: float = 10.0

    def delay(self, call: Call, failure: PolysyncError, number: int) -> float | None:
        """Return the seconds before the next attempt; None if the failure is final.

        A call that could have an effect is repeated only if the server has not executed it.
        """
        if number >= self.attempts or not failure.is_transient:
            return None
        if not call.is_repeatable and not _was_not_executed(failure):
            return None
        growing = min(self.first_delay * 2 ** (number - 1), self.max_delay)
        jitter = 0.5 + secrets.randbelow(1000) / 2000
        return max(growing * jitter, min(failure.retry_after or 0.0, self.max_delay))


ONCE = Retries(attempts=1)
"""No repetition."""


def _was_not_executed(failure: PolysyncError) -> bool:
    if isinstance(failure, Unreachable):
        return not isinstance(failure, AnswerLost)
    return getattr(failure, "status", None) == _TOO_MANY_REQUESTS


class Wire:
    """Builds the requests to the API at one address, and checks the answers."""

    def __init__(
        self, url: str, credentials: Credentials, *, timeout: float, traceparent: str | None = None
    ) -> None:
        address = api_address(url)
        credentials.check(address)
        self.address = address
        self.url = str(address).rstrip("/")
        self.options: dict[str, Any] = {
            "headers": {"accept": "application/json", "traceparent": _trace_context(traceparent)},
            "auth": credentials,
            "timeout": httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
            "verify": _tls_context(address),
            # A proxy for the internet must not be used between two programs on one machine.
            "trust_env": not is_loopback(address.host),
        }
        """The arguments of the HTTP client."""

    def request(self, call: Call) -> dict[str, Any]:
        """Return the arguments of a request."""
        return {
            "method": call.method,
            "url": self._url(call.path),
            "params": {name: each for name, each in call.query.items() if each is not None},
            "json": call.body,
            "headers": call.headers,
        }

    def stream(self, call: Call, *, after: str | None, quiet: float) -> dict[str, Any]:
        """Return the arguments of a request for an event stream.

        Args:
            call: The call.
            after: The id of the last known event.
            quiet: The seconds without a byte after which the stream counts as broken.
        """
        resumed = {"last-event-id": after} if after else {}
        return {
            **self.request(call),
            "headers": {**call.headers, "accept": "text/event-stream", **resumed},
            "timeout": httpx.Timeout(quiet, connect=min(quiet, CONNECT_SECONDS)),
        }

    def check_stream(self, response: httpx.Response) -> bool:
        """Return whether the answer is an event stream."""
        content_type = response.headers.get("content-type", "")
        return response.is_success and content_type.startswith("text/event-stream")

    def decode(self, call: Call, response: httpx.Response) -> Json:
        """Return the answer of a call; an answer without content is an empty object."""
        if not response.is_success:
            raise self.refused(response)
        answer = _content(response) if response.content else {}
        if call.has is not None and call.has not in answer:
            raise MalformedAnswer(
                f"{self.url} answered JSON without '{call.has}', so another service answers there:"
                " check POLYSYNC_URL."
            )
        return answer

    def refused(self, response: httpx.Response) -> PolysyncError:
        """Return the error of an answer that is no success."""
        failure = _refusal(response)
        path = httpx.URL(self.url).path
        if response.status_code == _NOT_FOUND and not path.rstrip("/").endswith("/api"):
            failure.add_detail(f"The address is {self.url}. An address of the API ends in /api.")
        return failure

    @contextmanager
    def errors(self) -> Generator[None]:
        """Translate the errors of the HTTP client."""
        try:
            yield
        except httpx.UnsupportedProtocol as error:
            raise PolysyncError(
                f"{self.url} or its proxy is not an HTTP URL: check --url and HTTPS_PROXY."
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise unreachable(httpx.URL(self.url), error) from error
        except httpx.TimeoutException as error:
            raise AnswerLost(f"Polysync at {self.url} did not answer in time.") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise AnswerLost(f"The connection to Polysync at {self.url} broke.") from error

    def _url(self, path: tuple[str, ...]) -> str:
        for segment in path:
            if segment in ("", ".", ".."):
                raise PolysyncError(
                    f"'{segment}' is not a valid name: a name is never empty, '.' or '..'."
                )
        return "/".join([self.url, *(quote(segment, safe="") for segment in path)])


def _tls_context(address: httpx.URL) -> ssl.SSLContext:
    # Plain HTTP needs no certificates; loading them would take longer than the request.
    if address.scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context()


def _trace_context(traceparent: str | None) -> str:
    """Return the caller's W3C trace context, or a new one."""
    if traceparent and _TRACE.fullmatch(traceparent):
        return traceparent
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _content(response: httpx.Response) -> Json:
    try:
        value = response.json()
    except ValueError as error:
        raise _not_json(response) from error
    if not isinstance(value, dict):
        raise MalformedAnswer("the answer is not a JSON object.")
    return cast("Json", value)


def _refusal(response: httpx.Response) -> PolysyncError:
    try:
        document = _content(response)
        errors = [_field(each) for each in _objects(document.get("errors"))]
    except MalformedAnswer:
        # A proxy or the Functions host, in front of the API, answers with HTML.
        return _not_json(response)
    status = response.status_code
    return problem_class(status)(
        _message(status, document, errors),
        status=status,
        errors=errors,
        document=document,
        retry_after=_seconds(response.headers.get("retry-after")),
    )


def _objects(value: Any) -> list[Json]:
    entries = cast("list[Any]", value) if isinstance(value, list) else []
    if value is not None and not all(isinstance(each, dict) for each in entries):
        raise MalformedAnswer("an entry of errors is not a JSON object.")
    return cast("list[Json]", entries)


def _field(entry: Json) -> ProblemField:
    return ProblemField(str(entry.get("path") or ""), str(entry.get("message") or ""))


def _message(status: int, document: Json, errors: list[ProblemField]) -> str:
    title, detail = document.get("title"), document.get("detail")
    if detail and any(error.message in str(detail) for error in errors):
        detail = None  # a summary of the errors, which are listed line by line
    known = [str(part).rstrip(".") for part in (title, detail) if part]
    message = ": ".join(dict.fromkeys(known)) or f"Polysync answered {status}"
    return message + ("" if message.endswith("?") else ".")


def _seconds(text: str | None) -> float | None:
    """Return the seconds of a Retry-After header; the API sends no date."""
    return float(text) if text is not None and text.isdigit() else None


def _not_json(response: httpx.Response) -> PolysyncError:
    status = response.status_code
    url = str(response.url.copy_with(query=None))
    if status in _UNAUTHORISED:
        return PolysyncError(
            f"{url} answered {status}: set POLYSYNC_TOKEN to a token for the app, or POLYSYNC_KEY "
            "to an access key if the deployment accepts keys."
        )
    kind = response.headers.get("content-type", "").partition(";")[0] or "no content type"
    return MalformedAnswer(
        f"{url} answered {status} with {kind} instead of JSON: check POLYSYNC_URL.",
        status=status,
    )
