"""Reads certificates with private keys, for service principals and TLS clients.

Import this module on first use: cryptography is slow to import.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from urllib3.util.ssl_ import create_urllib3_context

from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.transport import CertificateUnusable

_CERTIFICATES = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?")


@dataclass(frozen=True, slots=True)
class _Pair:
    key: RSAPrivateKey
    certificate: x509.Certificate


def read_certificate(
    certificate: Secret, password: Secret | None, thumbprint: str | None, clock: Clock = utc_now
) -> bytes:
    """Return certificate and private key as PEM.

    They come as PEM, or as PKCS #12 in base64, which is how Key Vault hands out certificates.
    Raises `PlatformRefused` (cause `Secret`), which holds nothing of what was read.
    """
    found = _read(certificate.reveal(), password.reveal().encode() if password else None)
    problem = found if isinstance(found, str) else _problem(found.certificate, thumbprint, clock())
    if problem is not None or isinstance(found, str):
        raise PlatformRefused(
            f"auth.certificate cannot be used: {problem}", cause=FailureCause.SECRET
        )
    key = found.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key + found.certificate.public_bytes(Encoding.PEM)


def _read(text: str, password: bytes | None) -> _Pair | str:
    """Return key and certificate, or the problem."""
    content = text.strip().encode()
    try:
        if b"-----BEGIN" not in content:
            content = base64.b64decode(b"".join(content.split()), validate=True)
        if b"-----BEGIN" in content:
            key, certificate = (
                load_pem_private_key(content, password),
                x509.load_pem_x509_certificate(content),
            )
        else:
            key, certificate, _ = pkcs12.load_key_and_certificates(content, password)
    except binascii.Error:
        return "it is neither PEM nor base64; store the PEM, or the PKCS #12 file (.pfx) in base64"
    except (ValueError, TypeError):
        return (
            "it is not PEM or PKCS #12 with a certificate and its private key, or"
            " auth.certificatePassword is not its password"
        )
    if certificate is None or not isinstance(key, RSAPrivateKey):
        return "it must hold a certificate and its RSA private key"
    return _Pair(key, certificate)


def _problem(certificate: x509.Certificate, thumbprint: str | None, now: datetime) -> str | None:
    # Entra names certificates by SHA-1: a name, not a proof.
    actual = certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303
    if thumbprint is not None and thumbprint.replace(":", "").lower() != actual:
        return f"its thumbprint is {actual.upper()}, not the one in auth.thumbprint"
    if certificate.not_valid_after_utc < now.astimezone(UTC):
        return f"it expired on {certificate.not_valid_after_utc:%Y-%m-%d}: store its successor"
    return None


def tls_context(pem: Secret | None, authorities: str | None = None) -> ssl.SSLContext:
    """Return a TLS context with a client certificate, or with authorities of its own.

    `ssl` reads private keys only from files, so the file holds the key encrypted, and is deleted.
    Raises `CertificateUnusable`.
    """
    context = create_urllib3_context()
    is_loaded = (pem is None or _load_chain(context, pem.reveal().strip().encode())) and (
        authorities is None or _load_authorities(context, authorities)
    )
    # Raised outside the `except` block, because the error of `ssl` may quote the certificate.
    if not is_loaded:
        raise CertificateUnusable
    return context


def _load_authorities(context: ssl.SSLContext, authorities: str) -> bool:
    try:
        context.load_verify_locations(cadata=authorities)
    except (ssl.SSLError, ValueError):
        return False
    # Private authorities often omit fields that only the strict mode of Python requires, such as
    # the key identifier. The chain, the dates and the host name are still verified.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return True


def _load_chain(context: ssl.SSLContext, content: bytes) -> bool:
    password = secrets.token_urlsafe(32)
    try:
        key = load_pem_private_key(content, None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode())
        )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "client.pem")
            file.write_bytes(key + b"".join(_CERTIFICATES.findall(content)))
            context.load_cert_chain(file, password=password)
    except (ValueError, TypeError, OSError):
        return False
    return True
