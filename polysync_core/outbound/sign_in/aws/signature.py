"""Signs requests to AWS with Signature Version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlsplit

from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.http_request import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"
_NEVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCredentials:
    """An access key, long-lived or temporary."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None
    """Belongs to a temporary key."""
    expires_on: float = _NEVER
    """In seconds since 1970."""


class CredentialSource(Protocol):
    """Returns the access key of one connection; shared between threads."""

    def current(self) -> AwsCredentials:
        """Return a valid key; raises `PlatformRefused` (cause `Secret`) or `Unavailable`."""
        ...

    def renew(self) -> None:
        """Drop cached keys: AWS has refused the last request."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningScope:
    """The service and the region for which a signature is valid."""

    service: str
    region: str


@dataclass(frozen=True, slots=True)
class AwsSignature:
    """Signs the requests to one service in one region; an `Authenticator`."""

    source: CredentialSource
    scope: SigningScope
    now: Clock = field(default=utc_now)

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Return the request with its signature, which is valid for five minutes."""
        stamp = f"{self.now():%Y%m%dT%H%M%SZ}"
        return signed_request(request, self.source.current(), self.scope, stamp)

    def renew(self) -> None:
        """Drop the refused key."""
        self.source.renew()


def signed_request(
    request: HttpRequest, key: AwsCredentials, scope: SigningScope, stamp: str
) -> HttpRequest:
    """Return a request with its signature; `stamp` is the time, such as `20261130T120000Z`."""
    headers = {**request.headers, "X-Amz-Date": stamp}
    if key.session_token is not None:
        headers["X-Amz-Security-Token"] = key.session_token.reveal()
    parts = urlsplit(request.url)
    signed = {"host": parts.netloc, **_signed_headers(headers)}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        (
            request.method,
            quote(parts.path or "/", safe="/~"),
            _canonical_query(parts.query),
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(request.body or b"").hexdigest(),
        )
    )
    area = f"{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    text = f"{ALGORITHM}\n{stamp}\n{area}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = _hmac(_signing_key(key.secret_access_key, area), text).hex()
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={key.access_key_id}/{area}, SignedHeaders={names},"
        f" Signature={signature}"
    )
    return replace(request, headers=headers)


def _signed_headers(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers that the signature covers, with single spaces in their values."""
    names = {name: name.lower() for name in headers}
    return {
        lower: " ".join(headers[name].split())
        for name, lower in names.items()
        if lower == "content-type" or lower.startswith("x-amz-")
    }


def _canonical_query(query: str) -> str:
    pairs = [
        (quote(name, safe="~"), quote(value, safe="~"))
        for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _signing_key(secret: Secret, area: str) -> bytes:
    key = f"AWS4{secret.reveal()}".encode()
    for part in area.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
