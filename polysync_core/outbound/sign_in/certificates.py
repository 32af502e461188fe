"""The certificate with which a service principal proves who it is.

Import this module where a certificate is needed, not before: cryptography costs start-up time.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.secrets import Secret


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
    """Return key and certificate, or what is wrong."""
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
            "it is no PEM or PKCS #12 with a certificate and its private key, or"
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
