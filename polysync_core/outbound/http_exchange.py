"""Sends one HTTP request, and returns the response, or the failure as a value.

Nothing is raised here. Callers turn a `Fault` into an error outside every `except` block, because
the Durable SDK writes an error's `__context__` into the history, even with `from None`.

The deadline bounds the body, chunk by chunk. The head of an answer is bounded only by the read
time-out between two packets, and the name lookup by the system's resolver: `http.client` and
`getaddrinfo` offer no more.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import cast
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.http_request import ClientCertificate, HttpRequest
from polysync_core.outbound.transport import AddressRefused, CertificateUnusable, ConnectionRefused
from polysync_core.telemetry.calls import outgoing

DEFAULT_SIZE_LIMIT = 10 * 1024 * 1024
_CHUNK = 64 * 1024
_MILLISECONDS = re.compile(r"[0-9]{1,12}")
SAME_HOST = "the same host"
"""The target of a redirect without a host."""

type Monotonic = Callable[[], float]


class Fault(StrEnum):
    """The reasons for a missing or unusable answer."""

    NAME_UNKNOWN = "cannot be reached: DNS does not resolve its name"
    """Nothing was sent."""
    CONNECTION_REFUSED = "cannot be reached: it refused the connection"
    """Nothing was sent."""
    CONNECTION_TIMED_OUT = "cannot be reached: the connection timed out"
    """Nothing was sent."""
    NOT_REACHED = "cannot be reached: the network reported an error"
    """Nothing was sent."""
    NOT_TRUSTED = "could not prove its identity (TLS): its certificate is not trusted"
    """Nothing was sent."""
    TLS_FAILED = "cannot be reached: the TLS handshake failed"
    """Nothing was sent."""
    CERTIFICATE_UNUSABLE = "was not called: the client certificate is not PEM with its private key"
    """Nothing was sent."""
    ADDRESS_REFUSED = "leads to an address that Polysync must not connect to"
    """Nothing was sent."""
    ANSWER_TIMED_OUT = "did not answer in time"
    NO_ANSWER = "did not answer completely: the connection was lost"
    TOO_LARGE = "answered with more than is accepted"
    MALFORMED = "answered with something other than the expected JSON"

    @property
    def may_have_arrived(self) -> bool:
        """True if the platform may have acted on the request."""
        return self in _MAY_HAVE_ARRIVED

    @property
    def is_transient(self) -> bool:
        """True if a retry of the same request may succeed."""
        return self not in _PERMANENT


_MAY_HAVE_ARRIVED = frozenset(
    {Fault.ANSWER_TIMED_OUT, Fault.NO_ANSWER, Fault.TOO_LARGE, Fault.MALFORMED}
)
_PERMANENT = frozenset(
    {
        Fault.NOT_TRUSTED,
        Fault.TLS_FAILED,
        Fault.CERTIFICATE_UNUSABLE,
        Fault.ADDRESS_REFUSED,
        Fault.TOO_LARGE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP response: whole, or only its head where the caller needs no more."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """By name in lower case."""
    is_whole: bool = True
    """True if the content is complete; content beyond the size limit is dropped."""

    @property
    def retry_after(self) -> str | None:
        """The pause that the service asks for, in the form of the header `Retry-After`.

        Azure OpenAI may state it in milliseconds only.
        """
        given = self.headers.get("retry-after")
        if given is not None:
            return given
        text = self.headers.get("retry-after-ms", "").strip()
        return str(ceil(int(text) / 1000)) if _MILLISECONDS.fullmatch(text) else None

    @property
    def location(self) -> str | None:
        """The header `Location`: a redirect, or the address of a new resource."""
        return self.headers.get("location")

    @property
    def redirect_host(self) -> str:
        """The host of a redirect, for people; the rest of the URL may hold a secret."""
        try:
            host = urlsplit(self.location or "").hostname or SAME_HOST
        except ValueError:
            return "an unreadable address"
        return host if host.isascii() and host.isprintable() else "an unreadable address"

    def json(self) -> JsonObject | None:
        """Return the JSON object of the body, or None if the body is something else."""
        value = self.value()
        return value if isinstance(value, dict) else None

    def value(self) -> JsonValue:
        """Return the JSON value of the body, or None if the body is not JSON."""
        try:
            # `NaN` and `Infinity` are not JSON, although Python's decoder accepts them.
            value = json.loads(self.content, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return None
        return cast("JsonValue", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLeft:
    """The time-outs of one request in seconds, and the deadline of its answer."""

    connect: float
    read: float
    deadline: float
    """On the same scale as `RetryTimer.monotonic`."""


@dataclass(frozen=True, slots=True)
class HttpExchange:
    """Sends requests on a transport and reads their answers, within size and time."""

    transport: HTTPAdapter
    size_limit: int = DEFAULT_SIZE_LIMIT
    transport_with: Callable[[ClientCertificate], HTTPAdapter] | None = None
    """Returns the transport that presents a client certificate; None: use `transport`."""

    def send(
        self,
        request: HttpRequest,
        left: TimeLeft,
        clock: Monotonic,
        *,
        accept_oversized: bool = False,
    ) -> Answer | Fault:
        """Return the whole answer, or the reason for its absence.

        With `accept_oversized`, an answer that is too long is returned without its content.
        """
        prepared = request.prepare()
        with outgoing(request.method, request.url, prepared.headers) as call:
            response = self._open(request.client_certificate, prepared, left)
            answer = (
                response
                if isinstance(response, Fault)
                else self._read(response, left, clock, accept_oversized=accept_oversized)
            )
            if isinstance(answer, Fault):
                call.failure = answer.name.lower()
            else:
                call.status = answer.status
        return answer

    def _read(
        self, response: Response, left: TimeLeft, clock: Monotonic, *, accept_oversized: bool
    ) -> Answer | Fault:
        try:
            content = self._content(response, left, clock)
        except ReadTimeoutError:
            content = Fault.ANSWER_TIMED_OUT
        except (requests.RequestException, HTTPError, OSError):
            content = Fault.NO_ANSWER
        finally:
            # Returns a fully read connection to the pool, and closes any other.
            response.close()
        is_whole = not isinstance(content, Fault)
        if isinstance(content, Fault):
            if content is not Fault.TOO_LARGE or not accept_oversized:
                return content
            content = b""
        return Answer(
            status=response.status_code,
            content=content,
            headers={name.lower(): value for name, value in response.headers.items()},
            is_whole=is_whole,
        )

    def _open(
        self, certificate: ClientCertificate | None, request: PreparedRequest, left: TimeLeft
    ) -> Response | Fault:
        try:
            transport = self.transport
            if certificate is not None and self.transport_with is not None:
                transport = self.transport_with(certificate)
            return transport.send(request, stream=True, timeout=(left.connect, left.read))
        except CertificateUnusable:
            return Fault.CERTIFICATE_UNUSABLE
        except AddressRefused:
            return Fault.ADDRESS_REFUSED
        except requests.RequestException as error:
            return _fault_of(error)
        except (HTTPError, OSError):
            return Fault.NO_ANSWER

    def _content(self, response: Response, left: TimeLeft, clock: Monotonic) -> bytes | Fault:
        raw: BaseHTTPResponse = response.raw
        content = bytearray()
        # `read1` returns after one read of the socket, so a slow sender cannot pass the deadline.
        while chunk := raw.read1(_CHUNK, decode_content=False):
            content += chunk
            if len(content) > self.size_limit:
                return Fault.TOO_LARGE
            if clock() > left.deadline:
                return Fault.ANSWER_TIMED_OUT
        return bytes(content)


def _fault_of(error: requests.RequestException) -> Fault:
    """Return the kind of a network fault; `requests` wraps the error that tells the kind."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    match error:
        case requests.exceptions.SSLError():
            return Fault.NOT_TRUSTED if _is_about_certificate(reason) else Fault.TLS_FAILED
        case requests.exceptions.ConnectTimeout():
            return Fault.CONNECTION_TIMED_OUT
        case requests.exceptions.ReadTimeout():
            return Fault.ANSWER_TIMED_OUT
        case requests.exceptions.ConnectionError():
            return _connection_fault(reason)
        case _:
            return Fault.NO_ANSWER


def _is_about_certificate(reason: object) -> bool:
    """Return whether a TLS error is about the certificate, and not about the protocol."""
    cause = reason.args[0] if isinstance(reason, Exception) and reason.args else reason
    return not isinstance(cause, ssl.SSLError) or isinstance(cause, ssl.SSLCertVerificationError)


def _connection_fault(reason: object) -> Fault:
    match reason:
        case NameResolutionError():
            return Fault.NAME_UNKNOWN
        case ConnectionRefused():
            return Fault.CONNECTION_REFUSED
        case NewConnectionError():
            return Fault.NOT_REACHED
        case _:
            return Fault.NO_ANSWER


def _refuse_constant(name: str) -> float:
    raise ValueError(name)
