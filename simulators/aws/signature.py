"""Verifies the AWS signatures (Signature Version 4) of requests."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote_plus

from aiohttp import web

MAX_SKEW_SECONDS = 300
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/, ]+)/(?P<day>[0-9]{8})/(?P<region>[^/, ]+)"
    r"/(?P<service>[^/, ]+)/aws4_request, ?SignedHeaders=(?P<names>[a-z0-9;-]+),"
    r" ?Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key that the simulator knows."""

    secret: str
    token: str | None = None
    """The session token of a temporary key."""
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """The caller and the scope of a request with a valid signature."""

    key_id: str
    region: str
    service: str


class Unsigned(Exception):
    """The signature is missing or wrong; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def service_of(request: web.Request) -> str:
    """Return the service in the credential scope; an empty text without a signature."""
    found = _HEADER.fullmatch(request.headers.get("Authorization", ""))
    return found["service"] if found else ""


def verified(
    request: web.Request, body: bytes, find: Callable[[str], AccessKey | None], now: datetime
) -> Signed:
    """Return the caller of a request; raise `Unsigned`."""
    header = request.headers.get("Authorization", "")
    if not header:
        raise Unsigned("MissingAuthenticationToken", "The request has no signature.")
    found = _HEADER.fullmatch(header)
    stamp = request.headers.get("X-Amz-Date", "")
    if found is None or re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", stamp) is None:
        raise Unsigned("IncompleteSignature", "The Authorization header is not complete.")
    key = find(found["key"])
    if key is None or (key.token or "") != request.headers.get("X-Amz-Security-Token", ""):
        raise Unsigned("UnrecognizedClient", "The security token in the request is invalid.")
    if key.expires is not None and key.expires <= now:
        raise Unsigned("ExpiredToken", "The security token in the request is expired.")
    _check_time(stamp, now)
    _check_signature(request, body, found, key, stamp)
    return Signed(found["key"], found["region"], found["service"])


def _check_time(stamp: str, now: datetime) -> None:
    moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    late = (now - moment).total_seconds()
    if abs(late) > MAX_SKEW_SECONDS:
        problem = "Signature expired" if late > 0 else "Signature not yet current"
        raise Unsigned("InvalidSignature", f"{problem}: {stamp} is too far from {now:%H:%M:%S}.")


def _check_signature(
    request: web.Request, body: bytes, found: re.Match[str], key: AccessKey, stamp: str
) -> None:
    names = found["names"].split(";")
    required = {"host"} | {each.lower() for each in request.headers if _must_be_signed(each)}
    if not required <= set(names) or names != sorted(names) or found["day"] != stamp[:8]:
        raise Unsigned("InvalidSignature", "The signature does not cover all headers.")
    area = f"{found['day']}/{found['region']}/{found['service']}/aws4_request"
    canonical = _canonical(request, body, names)
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{area}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    secret = f"AWS4{key.secret}".encode()
    for part in [*area.split("/"), text]:
        secret = hmac.digest(secret, part.encode(), "sha256")
    if not hmac.compare_digest(secret.hex(), found["signature"]):
        raise Unsigned(
            "InvalidSignature",
            "The request signature we calculated does not match the signature you provided.",
        )


def _must_be_signed(name: str) -> bool:
    return name.lower().startswith("x-amz-")


def _canonical(request: web.Request, body: bytes, names: list[str]) -> str:
    path, _, query = request.raw_path.partition("?")
    pairs = sorted(
        tuple(quote(unquote_plus(part), safe="~") for part in (name, value))
        for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)
    )
    lines = [
        request.method,
        # Every service but S3 encodes the encoded path again.
        quote(path, safe="/~"),
        "&".join(f"{name}={value}" for name, value in pairs),
    ]
    lines += [f"{name}:{' '.join(request.headers.getall(name)[0].split())}" for name in names]
    return "\n".join([*lines, "", ";".join(names), hashlib.sha256(body).hexdigest()])
