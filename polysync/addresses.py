"""Validates the API's base URL, and explains why a connection to it failed."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from ipaddress import ip_address

import httpx

from polysync.errors import PolysyncError, Unreachable

_API_PATH = "/api"
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


def api_address(url: str) -> httpx.URL:
    """Return the address of the API; `/api` is added to an address without a path.

    Raises:
        PolysyncError: the text is not an HTTP address.
    """
    if not url.strip():
        raise PolysyncError("The address of the API is empty: set POLYSYNC_URL or --url.")
    try:
        address = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise PolysyncError(f"{url} is not a URL.") from error
    is_http = address.scheme in ("http", "https") and address.host
    if not is_http or address.query or address.fragment:
        raise PolysyncError(f"{url} is not a URL such as https://example.com/api.")
    return address.copy_with(path=_API_PATH) if address.path in ("", "/") else address


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def unreachable(address: httpx.URL, error: Exception) -> Unreachable:
    """Return the error of a connection that failed, with its cause and what to do."""
    cause, remedy = _explained(address, error)
    message = f"Polysync does not answer at {address}."
    return Unreachable(message, details=[f"{cause[0].upper()}{cause[1:]}. {remedy}"])


def _explained(address: httpx.URL, error: Exception) -> tuple[str, str]:
    host = address.host
    reasons = [*_causes(error)]
    if isinstance(error, httpx.ProxyError):
        return _through_proxy(host)
    if any(isinstance(each, ssl.SSLError) for each in reasons) or _mentions(reasons, "SSL"):
        return (
            f"the TLS connection failed ({_tls_reason(reasons)})",
            "Check the certificate, or use http:// if the server has no TLS.",
        )
    if any(isinstance(each, socket.gaierror) for each in reasons):
        return f"the host {host} is unknown", "Check the name in POLYSYNC_URL."
    if isinstance(error, httpx.ConnectTimeout):
        return (
            "no connection was made in time",
            "Check the network, a firewall and the name in POLYSYNC_URL.",
        )
    if _proxy() and not is_loopback(host):
        return _through_proxy(host)
    if any(isinstance(each, ConnectionRefusedError) for each in reasons) or _mentions(
        reasons, "refused"
    ):
        return "the connection is refused", _start(host)
    return "no connection can be made", _start(host)


def _through_proxy(host: str) -> tuple[str, str]:
    return (
        f"the proxy {_proxy() or 'of the system'} makes no connection to {host}",
        "Check the proxy, or add the host to NO_PROXY.",
    )


def _proxy() -> str | None:
    """Return the proxy of the environment without its credentials."""
    found = (os.environ.get(each) or os.environ.get(each.lower()) for each in _PROXIES)
    text = next(filter(None, found), None)
    return None if text is None else text.rpartition("@")[2]


def _start(host: str) -> str:
    if is_loopback(host):
        return "Start it on this machine with `polysync dev`, or set POLYSYNC_URL."
    return "Check that the app runs, and that POLYSYNC_URL has the right host and port."


def _tls_reason(reasons: list[BaseException]) -> str:
    found = next((each for each in reasons if isinstance(each, ssl.SSLError)), None)
    if isinstance(found, ssl.SSLCertVerificationError):
        return found.verify_message
    reason = getattr(found, "reason", None)
    return str(reason or "handshake").replace("_", " ").lower()


def _mentions(reasons: list[BaseException], word: str) -> bool:
    return any(word in str(each) for each in reasons)


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
