"""One request and its answer, with everything that can go wrong as a value.

Nothing is raised here: whoever turns a `Fault` into an error does so outside every `except` block,
because the Durable SDK writes an error's `__context__` into the history, `from None` or not.

The deadline holds for the body, chunk by chunk. The head of an answer is bounded by the read
time-out between two packets only, and looking a name up by the system's resolver: `http.client`
and `getaddrinfo` offer no more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.response import BaseHTTPResponse

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.transport import AddressRefused
from polysync_core.telemetry.calls import outgoing

DEFAULT_SIZE_LIMIT = 10 * 1024 * 1024
_CHUNK = 64 * 1024

type Monotonic = Callable[[], float]


class Fault(StrEnum):
    """Why there is no usable answer."""

    NOT_REACHED = "cannot be reached"
    """Nothing was sent: the name is unknown, or the connection was refused or timed out."""
    NOT_TRUSTED = "could not prove its identity (TLS)"
    """Nothing was sent."""
    ADDRESS_REFUSED = "leads to an address that Polysync must not connect to"
    """Nothing was sent."""
    NO_ANSWER = "did not answer completely"
    TOO_LARGE = "answered with more than is accepted"
    MALFORMED = "answered with something other than the expected JSON"

    @property
    def may_have_arrived(self) -> bool:
        """Whether the platform may have acted on the request."""
        return self in {Fault.NO_ANSWER, Fault.TOO_LARGE, Fault.MALFORMED}

    @property
    def is_transient(self) -> bool:
        """Whether the same request may fare better in a moment."""
        return self in {Fault.NOT_REACHED, Fault.NO_ANSWER, Fault.MALFORMED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that arrived whole, or of which the head is enough."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """By name in lower case."""
    is_whole: bool = True
    """Whether it has its content: none is kept that is longer than is accepted."""

    @property
    def retry_after(self) -> str | None:
        """When the platform wants to be asked again, as it wrote it."""
        return self.headers.get("retry-after")

    @property
    def location(self) -> str | None:
        """Where the platform points to: the redirect, or what it has created."""
        return self.headers.get("location")

    @property
    def redirect_host(self) -> str:
        """The host a redirect points at, for people; nothing else of its address."""
        try:
            host = urlsplit(self.location or "").hostname or "the same host"
        except ValueError:
            return "an unreadable address"
        return host if host.isascii() and host.isprintable() else "an unreadable address"

    def json(self) -> JsonObject | None:
        """Return the JSON object that the answer is, or None if it is anything else."""
        value = self.value()
        return value if isinstance(value, dict) else None

    def value(self) -> JsonValue:
        """Return the JSON value that the answer is, or None if it is no JSON."""
        try:
            # `NaN` and `Infinity` are not JSON, whatever Python's decoder lets pass.
            value = json.loads(self.content, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return None
        return cast("JsonValue", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLeft:
    """The limits of one request in seconds, and when its answer must be complete."""

    connect: float
    read: float
    deadline: float
    """On the same scale as `RetryTimer.monotonic`."""


def request_for(method: str, url: str, headers: dict[str, str], body: JsonValue) -> PreparedRequest:
    """Return a request with a JSON body or none."""
    if body is None:
        return prepared(method, url, headers, None)
    content = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
    return prepared(method, url, {**headers, "Content-Type": "application/json"}, content)


def prepared(
    method: str, url: str, headers: dict[str, str], content: bytes | None
) -> PreparedRequest:
    """Return the request exactly as given: no cookies, no netrc, no rewriting of the address."""
    request = PreparedRequest()
    request.method = method
    request.url = url
    request.headers = CaseInsensitiveDict(headers)
    if content is not None:
        request.body = content
        request.headers["Content-Length"] = str(len(content))
    return request


@dataclass(frozen=True, slots=True)
class HttpExchange:
    """Sends requests on a transport and reads what comes back, within size and time."""

    transport: HTTPAdapter
    size_limit: int = DEFAULT_SIZE_LIMIT

    def send(
        self,
        request: PreparedRequest,
        left: TimeLeft,
        clock: Monotonic,
        *,
        head_is_enough: bool = False,
    ) -> Answer | Fault:
        """Return the whole answer or the reason why there is none.

        Where the head is enough, one that is too long is an answer without its content.
        """
        with outgoing(request.method or "", request.url or "", request.headers) as call:
            answer = self._sent(request, left, clock, head_is_enough=head_is_enough)
            if isinstance(answer, Fault):
                call.fault = answer.name.lower()
            else:
                call.status = answer.status
        return answer

    def _sent(
        self, request: PreparedRequest, left: TimeLeft, clock: Monotonic, *, head_is_enough: bool
    ) -> Answer | Fault:
        response = self._open(request, left)
        if isinstance(response, Fault):
            return response
        try:
            content = self._content(response, left, clock)
        except (requests.RequestException, HTTPError, OSError):
            content = Fault.NO_ANSWER
        finally:
            # Gives a connection that was read to its end back to the pool, and closes any other.
            response.close()
        is_whole = not isinstance(content, Fault)
        if isinstance(content, Fault):
            if content is not Fault.TOO_LARGE or not head_is_enough:
                return content
            content = b""
        return Answer(
            status=response.status_code,
            content=content,
            headers={name.lower(): value for name, value in response.headers.items()},
            is_whole=is_whole,
        )

    def _open(self, request: PreparedRequest, left: TimeLeft) -> Response | Fault:
        try:
            return self.transport.send(request, stream=True, timeout=(left.connect, left.read))
        except AddressRefused:
            return Fault.ADDRESS_REFUSED
        except requests.exceptions.SSLError:
            return Fault.NOT_TRUSTED
        except requests.exceptions.ConnectTimeout:
            return Fault.NOT_REACHED
        except requests.exceptions.ConnectionError as error:
            return Fault.NOT_REACHED if _never_connected(error) else Fault.NO_ANSWER
        except (requests.RequestException, HTTPError, OSError):
            return Fault.NO_ANSWER

    def _content(self, response: Response, left: TimeLeft, clock: Monotonic) -> bytes | Fault:
        raw: BaseHTTPResponse = response.raw
        content = bytearray()
        # `read1` returns what one read of the socket gives, so that a slow drip meets the deadline.
        while chunk := raw.read1(_CHUNK, decode_content=False):
            content += chunk
            if len(content) > self.size_limit:
                return Fault.TOO_LARGE
            if clock() > left.deadline:
                return Fault.NO_ANSWER
        return bytes(content)


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)


def _refuse_constant(name: str) -> float:
    raise ValueError(name)
