"""Tests of authenticators of platforms: signatures over a request, and client certificates."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests.adapters

from polysync_core.domain.errors import PlatformRefused, PolysyncError
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.sign_in.authenticators import VaultCertificate
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.authority import Authority
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime
from tests.fakes.secrets import KnownSecrets

KEY = b"a-shared-key"
REFERENCE = "vault://v/client"


@dataclass
class BodySignature:
    """Signs the method, the path and the body with an HMAC, as AWS does."""

    renewed: int = 0
    signed: list[HttpRequest] = field(default_factory=list[HttpRequest])

    def sign(self, request: HttpRequest) -> HttpRequest:
        self.signed.append(request)
        path = urlsplit(request.url)._replace(scheme="", netloc="").geturl()
        signature = signature_of(request.method, path, request.body or b"", self.renewed)
        return replace(request, headers={**request.headers, "X-Signature": signature})

    def renew(self) -> None:
        self.renewed += 1


def signature_of(method: str, path: str, body: bytes, generation: int) -> str:
    content = b"\n".join([str(generation).encode(), method.encode(), path.encode(), body])
    return hmac.new(KEY, content, hashlib.sha256).hexdigest()


def test_a_signature_covers_exactly_what_is_sent_on_every_try() -> None:
    transport = ScriptedTransport(
        [Reply(503), Reply(401), Reply.json({"id": "r-1"}), Reply.json({})]
    )
    base = BaseAddress("https://acme.example", "acme.example", AddressScope.PUBLIC)
    signature = BodySignature()
    http = HttpOptions(transport=transport, timer=VirtualTime().timer)
    client = PlatformClient(base, signature, http=http)

    client.post("jobs", "a b/ü", body={"x": "ü"}, repeatable=True, read=lambda _: None)
    client.get("jobs", query={"after": "a&b"}, read=lambda _: None)

    assert [request.method for request in transport.requests] == ["POST"] * 3 + ["GET"]
    for number, request in enumerate(transport.requests):
        path = str(request.url).removeprefix(base.url)
        body = request.body if isinstance(request.body, bytes) else b""
        generation = 0 if number < 2 else 1
        expected = signature_of(str(request.method), path, body, generation)
        assert request.headers["X-Signature"] == expected
    assert transport.requests[0].body == b'{"x":"\\u00fc"}'
    assert len(signature.signed) == 4
    assert not any("X-Signature" in request.headers for request in signature.signed)


@dataclass
class Refusing:
    def sign(self, request: HttpRequest) -> HttpRequest:
        raise PlatformRefused("the key is gone", cause=FailureCause.SECRET)

    def renew(self) -> None: ...


def test_a_request_that_cannot_be_signed_is_not_sent() -> None:
    transport = ScriptedTransport([])
    base = BaseAddress("https://acme.example", "acme.example", AddressScope.PUBLIC)
    client = PlatformClient(base, Refusing(), http=HttpOptions(transport=transport))

    with pytest.raises(PlatformRefused, match="the key is gone"):
        client.get("jobs", read=lambda _: None)
    assert transport.requests == []


class MutualTls(HTTPServer):
    """A server on loopback that demands a client certificate and remembers its name."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.names: list[str] = []
        (folder / "server.pem").write_text(authority.issue("server"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        context.load_verify_locations(cadata=authority.pem)
        context.verify_mode = ssl.CERT_REQUIRED
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore failed handshakes, which some of the tests provoke."""


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        subject: Any = self.connection.getpeercert()["subject"]  # pyright: ignore[reportAttributeAccessIssue]
        server: Any = self.server
        server.names.append(dict(pair for part in subject for pair in part)["commonName"])
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def server(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MutualTls]:
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(authority.pem)
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(trusted))
    with MutualTls(authority, tmp_path) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def client_of(server: MutualTls, certificate: str | None) -> PlatformClient:
    base = BaseAddress(
        f"https://localhost:{server.server_port}", "localhost", AddressScope.LOOPBACK
    )
    secrets = KnownSecrets({REFERENCE: certificate or ""})
    authenticator = None if certificate is None else VaultCertificate(REFERENCE, secrets)
    return PlatformClient(base, authenticator, http=HttpOptions(timer=VirtualTime().timer))


def test_a_client_certificate_from_a_vault_is_presented(
    server: MutualTls, authority: Authority
) -> None:
    first = client_of(server, authority.issue("polysync-one"))
    second = client_of(server, authority.issue("polysync-two"))

    for client in (first, second, first):
        client.get("jobs", read=lambda _: None)

    assert server.names == ["polysync-one", "polysync-two", "polysync-one"]


def test_a_server_that_demands_a_client_certificate_refuses_a_caller_without_one(
    server: MutualTls,
) -> None:
    with pytest.raises(PolysyncError):
        client_of(server, None).get("jobs", read=lambda _: None)
    assert server.names == []


@pytest.mark.parametrize("content", ["", "canary-3f9b", "-----BEGIN CERTIFICATE-----\ncanary-3f9b"])
def test_an_unusable_client_certificate_is_refused_without_being_shown(
    server: MutualTls, content: str
) -> None:
    with pytest.raises(PlatformRefused, match="client certificate") as caught:
        client_of(server, content).get("jobs", read=lambda _: None)

    assert caught.value.cause is FailureCause.SECRET
    assert "canary-3f9b" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_refused_client_certificate_is_read_from_the_vault_again() -> None:
    secrets = KnownSecrets({REFERENCE: "first"}, rotated={REFERENCE: "second"})
    authenticator = VaultCertificate(REFERENCE, secrets)
    request = HttpRequest(method="GET", url="https://acme.example", headers={})

    authenticator.renew()

    signed = authenticator.sign(request).client_certificate
    assert signed is not None
    assert signed.pem == Secret("second")
