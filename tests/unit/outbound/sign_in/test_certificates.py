"""Tests of certificates for service principals and key vaults: forms, errors and thumbprints."""

from __future__ import annotations

import base64
import traceback
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from azure.identity import CertificateCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from polysync_core.domain.definitions.platforms import (
    Auth,
)
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.sign_in.certificates import read_certificate
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.outbound.sign_in.entra import azure_credential
from polysync_core.vaults.azure_key_vault import AzureKeyVault
from polysync_core.vaults.registry import open_vault
from tests.fakes.keys import rsa_key
from tests.fakes.secrets import KnownSecrets

pytestmark = pytest.mark.slow

CANARY = "canary-e2d8"
PASSWORD = Secret("pass word")
NOW = datetime(2090, 1, 1, tzinfo=UTC)


@cache
def a_certificate() -> x509.Certificate:
    return certify(rsa_key())


def certify(key: Any) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "polysync")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    return builder.not_valid_after(NOW + timedelta(days=90)).sign(key, hashes.SHA256())


def pem(key: Any = None, certificate: x509.Certificate | None = None, lock: Any = None) -> str:
    text = (key or rsa_key()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption()
    )
    return (text + (certificate or a_certificate()).public_bytes(Encoding.PEM)).decode()


def pfx(lock: Any = None) -> str:
    content = pkcs12.serialize_key_and_certificates(
        b"polysync", rsa_key(), a_certificate(), None, lock or NoEncryption()
    )
    return base64.encodebytes(content).decode()


LOCK = BestAvailableEncryption(PASSWORD.reveal().encode())


@pytest.mark.parametrize(
    ("text", "password"),
    [
        pytest.param(lambda: pem(), None, id="PEM"),
        pytest.param(lambda: pem(lock=LOCK), PASSWORD, id="PEM under a password"),
        pytest.param(lambda: pfx(), None, id="PKCS 12 as Key Vault hands it out"),
        pytest.param(lambda: pfx(LOCK), PASSWORD, id="PKCS 12 under a password"),
        pytest.param(lambda: base64.b64encode(pem().encode()).decode(), None, id="PEM in base64"),
    ],
)
def test_a_certificate_is_read_in_every_usual_form(text: Any, password: Secret | None) -> None:
    found = read_certificate(Secret(text()), password, None, lambda: NOW)

    assert load_pem_private_key(found, None).private_numbers() == rsa_key().private_numbers()
    assert x509.load_pem_x509_certificate(found) == a_certificate()


@pytest.mark.parametrize(
    ("text", "password", "words"),
    [
        pytest.param(lambda: "", None, "not PEM or PKCS", id="nothing"),
        pytest.param(lambda: f"/etc/{CANARY}.pfx", None, "neither PEM nor base64", id="a path"),
        pytest.param(lambda: pfx(LOCK), Secret(CANARY), "certificatePassword", id="wrong password"),
        pytest.param(lambda: pfx(LOCK), None, "certificatePassword", id="no password"),
        pytest.param(lambda: pem(lock=LOCK), None, "certificatePassword", id="a locked PEM"),
        pytest.param(
            lambda: a_certificate().public_bytes(Encoding.PEM).decode(),
            None,
            "private key",
            id="no private key",
        ),
        pytest.param(lambda: elliptic(), None, "RSA private key", id="another kind of key"),
    ],
)
def test_an_invalid_certificate_is_refused_without_being_shown(
    text: Any, password: Secret | None, words: str
) -> None:
    with pytest.raises(PlatformRefused, match=words) as caught:
        read_certificate(Secret(text()), password, None, lambda: NOW)

    assert caught.value.cause is FailureCause.SECRET
    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return pem(key, certify(key))


def test_an_expired_certificate_says_so() -> None:
    with pytest.raises(PlatformRefused, match="expired on 2090-04-01"):
        read_certificate(Secret(pem()), None, None, lambda: NOW + timedelta(days=91))


def test_a_thumbprint_selects_the_certificate() -> None:
    actual = a_certificate().fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303
    colons = ":".join(actual[at : at + 2] for at in range(0, 40, 2))

    assert read_certificate(Secret(pem()), None, actual, lambda: NOW)
    assert read_certificate(Secret(pem()), None, colons.lower(), lambda: NOW)
    with pytest.raises(PlatformRefused, match=f"{actual}, not the one in auth.thumbprint"):
        read_certificate(Secret(pem()), None, "0" * 40, lambda: NOW)


AUTH = {
    "method": "Certificate",
    "tenantId": "contoso.com",
    "clientId": "00000000-0000-0000-0000-000000000001",
    "certificate": "vault://local/CERT",
    "certificatePassword": "vault://local/PASSWORD",
}


def test_the_secret_signs_in_to_entra() -> None:
    known = {"vault://local/CERT": pfx(LOCK), "vault://local/PASSWORD": PASSWORD.reveal()}

    made = azure_credential(Auth.model_validate(AUTH), Cloud.PUBLIC, KnownSecrets(known))

    assert isinstance(made, CertificateCredential)


def test_a_key_vault_is_opened_with_the_sign_in_and_without_io() -> None:
    vault = Vault.model_validate(
        {
            "name": "kv",
            "provider": "AzureKeyVault",
            "auth": AUTH,
            "attributes": {"vaultUrl": "https://kv.vault.azure.net"},
        }
    )
    known = {"vault://local/CERT": pfx(LOCK), "vault://local/PASSWORD": PASSWORD.reveal()}

    assert isinstance(
        open_vault(vault, development=False, secrets=KnownSecrets(known)), AzureKeyVault
    )
