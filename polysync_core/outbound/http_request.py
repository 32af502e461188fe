"""Defines the immutable HTTP request that API clients build and authenticators sign."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict

from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import Secret


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The certificate that a TLS client presents: PEM with its chain and private key."""

    pem: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request without cookies, netrc or URL rewriting: nothing changes after it is signed.

    Only the header `traceparent` is added later, when the request is sent.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    client_certificate: ClientCertificate | None = None

    def prepare(self) -> PreparedRequest:
        """Return the request in the form that `requests` sends."""
        prepared = PreparedRequest()
        prepared.method = self.method
        prepared.url = self.url
        prepared.headers = CaseInsensitiveDict(self.headers)
        if self.body is not None:
            prepared.body = self.body
            prepared.headers["Content-Length"] = str(len(self.body))
        return prepared


def json_request(
    method: str, url: str, headers: Mapping[str, str], body: JsonValue = None
) -> HttpRequest:
    """Return a request with a JSON body, or without a body if it is None."""
    if body is None:
        return HttpRequest(method=method, url=url, headers=headers)
    content = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
    typed = {**headers, "Content-Type": "application/json"}
    return HttpRequest(method=method, url=url, headers=typed, body=content)
