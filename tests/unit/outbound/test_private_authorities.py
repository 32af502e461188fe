"""Tests that a server with a private authority is trusted by that authority only."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.http_request import ClientCertificate, json_request
from polysync_core.outbound.sign_in.certificates import tls_context
from polysync_core.outbound.transport import (
    CertificateUnusable,
    CheckedAdapter,
    certificate_transport,
    private_authority_transport,
)

HOST = "analytics.hcp.westeurope.azmk8s.io"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Authority:
    """A certificate authority without the key identifiers that are often missing."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key, x509.BasicConstraints(True, None))
        self.pem = self.certificate.public_bytes(Encoding.PEM).decode()

    def issue(self, host: str) -> str:
        """Return a certificate for a host, with its private key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        found = self._sign(x509.Name([]), key, names)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return (private + found.public_bytes(Encoding.PEM)).decode()

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=True)
            .sign(self.key, hashes.SHA256())
        )


@pytest.fixture(scope="module")
def own() -> Authority:
    return Authority("cluster")


@pytest.fixture(scope="module")
def other() -> Authority:
    return Authority("another cluster")


@contextmanager
def server(folder: Path, identity: str, *, client_authority: str | None = None) -> Iterator[int]:
    """Serve one answer over TLS with a certificate; yield the port."""
    file = folder / "server.pem"
    file.write_text(identity)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    if client_authority is not None:
        context.load_verify_locations(cadata=client_authority)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError), context.wrap_socket(connection, True) as secure:
                secure.recv(1000)
                secure.sendall(ANSWER)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def send(port: int, context: ssl.SSLContext | None, host: str = HOST) -> bytes:
    adapter = CheckedAdapter(
        AddressScope.LOOPBACK,
        resolver=lambda *_: ["127.0.0.1"],
        ssl_context=context,
        has_own_authorities=context is not None,
    )
    request = json_request("GET", f"https://{host}:{port}/version", {})
    try:
        return adapter.send(request.prepare(), timeout=(30, 30)).content
    finally:
        adapter.close()


def test_the_authority_of_the_server_is_trusted(own: Authority, tmp_path: Path) -> None:
    with server(tmp_path, own.issue(HOST)) as port:
        assert send(port, tls_context(None, own.pem)) == b"ok"


def test_one_of_several_authorities_is_enough(
    own: Authority, other: Authority, tmp_path: Path
) -> None:
    """During a rotation, a kubeconfig has the old and the new authority."""
    with server(tmp_path, own.issue(HOST)) as port:
        assert send(port, tls_context(None, other.pem + own.pem)) == b"ok"


def test_a_client_certificate_is_presented(own: Authority, tmp_path: Path) -> None:
    with server(tmp_path, own.issue(HOST), client_authority=own.pem) as port:
        context = tls_context(Secret(own.issue("a user")), own.pem)
        assert send(port, context) == b"ok"


type Trust = Callable[[Authority, Authority], ssl.SSLContext | None]


@pytest.mark.parametrize(
    ("trust", "host"),
    [
        pytest.param(lambda own, other: tls_context(None, other.pem), HOST, id="another authority"),
        pytest.param(lambda own, other: tls_context(None, own.pem), "evil.azmk8s.io", id="a name"),
        pytest.param(lambda own, other: None, HOST, id="public authorities"),
    ],
)
def test_another_identity_is_refused(
    own: Authority, other: Authority, trust: Trust, host: str, tmp_path: Path
) -> None:
    with server(tmp_path, own.issue(HOST)) as port, pytest.raises(requests.exceptions.SSLError):
        send(port, trust(own, other), host)


def test_public_authorities_are_not_trusted_beside_private_ones(own: Authority) -> None:
    adapter = private_authority_transport(AddressScope.PUBLIC, own.pem)
    pool = adapter.get_connection_with_tls_context(
        json_request("GET", f"https://{HOST}/", {}).prepare(), True
    )
    adapter.cert_verify(pool, f"https://{HOST}/", True, None)

    assert (pool.ca_certs, pool.ca_cert_dir, pool.cert_reqs) == (None, None, "CERT_REQUIRED")


def test_transports_are_shared_by_their_authorities(own: Authority, other: Authority) -> None:
    of = private_authority_transport
    assert of(AddressScope.PUBLIC, own.pem) is of(AddressScope.PUBLIC, own.pem)
    assert of(AddressScope.PUBLIC, own.pem) is not of(AddressScope.PUBLIC, other.pem)


@pytest.mark.parametrize("authorities", ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAA\n"])
def test_authorities_that_are_not_pem_are_refused(authorities: str) -> None:
    with pytest.raises(CertificateUnusable) as caught:
        private_authority_transport(AddressScope.PUBLIC, authorities)
    assert caught.value.__context__ is None


def test_an_unusable_client_certificate_is_refused(own: Authority) -> None:
    certificate = ClientCertificate(Secret("no PEM"))
    with pytest.raises(CertificateUnusable):
        certificate_transport(AddressScope.PUBLIC, certificate, authorities=own.pem)
