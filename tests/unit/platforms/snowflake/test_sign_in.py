"""The sign-in of Snowflake: key pairs with fingerprints, access tokens and OAuth."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.registry import check_platform
from tests.fakes.http import Reply
from tests.fakes.scripted_platform import BEGUN
from tests.unit.platforms.snowflake.stand import POLL, STARTED, a_job, a_platform, account

KEY_PAIR = {"method": "KeyPair", "user": "loader", "privateKey": "vault://v/key"}
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: Any = KEY, passphrase: str | None = None) -> str:
    encryption = (
        NoEncryption() if passphrase is None else BestAvailableEncryption(b"secret-of-pass")
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def header_of(auth: dict[str, str], *, answers: Any = None, **attributes: Any) -> Any:
    key = attributes.pop("key", pem())
    running = Reply.json(STARTED, 202)
    service = account({POLL: running, **(answers or {})}, a_platform(auth, **attributes), key=key)
    service.jobs.read(a_job(), "01b-1")
    return service.requests[-1].headers


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ({}, "MYORG-ACCT1"),
        ({"accountIdentifier": "myorg-my_acct"}, "MYORG-MY_ACCT"),
        ({"accountUrl": "https://xy12345.us-east-1.snowflakecomputing.com"}, "XY12345"),
    ],
)
def test_a_key_pair_signs_a_token_with_the_fingerprint_of_its_public_key(
    attributes: dict[str, Any], name: str
) -> None:
    headers = header_of(KEY_PAIR, **attributes)
    assert headers["X-Snowflake-Authorization-Token-Type"] == "KEYPAIR_JWT"
    token = headers["Authorization"].removeprefix("Bearer ")
    public = KEY.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    fingerprint = base64.b64encode(hashlib.sha256(der).digest()).decode()
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(token, public, algorithms=["RS256"], options=options)
    issued_at = int(BEGUN.timestamp())
    assert claims == {
        "iss": f"{name}.LOADER.SHA256:{fingerprint}",
        "sub": f"{name}.LOADER",
        "iat": issued_at,
        "exp": issued_at + 3300,
    }


def test_a_key_with_a_passphrase_is_read() -> None:
    auth = {**KEY_PAIR, "privateKeyPassphrase": "vault://v/pass"}
    assert header_of(auth, key=pem(passphrase="pass"))["Authorization"].startswith("Bearer ey")


@pytest.mark.parametrize(
    "key", ["no key", pem(passphrase="pass"), pem(ec.generate_private_key(ec.SECP256R1()))]
)
def test_a_key_that_cannot_sign_is_named_by_its_reference(key: str) -> None:
    with pytest.raises(PlatformRefused, match="vault://v/key") as refusal:
        header_of(KEY_PAIR, key=key)
    assert refusal.value.cause is FailureCause.SECRET
    assert refusal.value.__context__ is None
    assert key[:40] not in str(refusal.value)


@pytest.mark.parametrize(
    ("auth", "answers", "kind", "token"),
    [
        (
            {"method": "Token", "token": "vault://v/pat"},
            {},
            "PROGRAMMATIC_ACCESS_TOKEN",
            "secret-of-pat",
        ),
        (
            {
                "method": "OAuth",
                "tokenUrl": "https://login.example.com/oauth2/token",
                "clientId": "me",
                "clientSecret": "vault://v/s",
                "scope": "session:role:LOADER",
            },
            {"POST /oauth2/token": {"access_token": "abc", "expires_in": 600}},
            "OAUTH",
            "abc",
        ),
    ],
)
def test_each_method_sends_its_token_with_its_type(
    auth: dict[str, str], answers: dict[str, Any], kind: str, token: str
) -> None:
    headers = header_of(auth, answers=answers)
    assert headers["X-Snowflake-Authorization-Token-Type"] == kind
    assert headers["Authorization"] == f"Bearer {token}"


def test_a_key_in_the_definition_is_refused() -> None:
    platform = a_platform({**KEY_PAIR, "privateKey": "-----BEGIN PRIVATE KEY-----"})
    with pytest.raises(Invalid) as caught:
        check_platform(platform, allow_loopback=False)
    assert [each.path for each in caught.value.problems] == ["auth.privateKey"]
