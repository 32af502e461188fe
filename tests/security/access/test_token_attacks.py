"""Attacks with forged, foreign and malformed tokens, and on the way to the keys."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requests import ConnectTimeout

from polysync_core.api.security.tokens import MAX_TOKEN
from polysync_core.domain.errors import Unauthenticated, Unavailable
from polysync_core.domain.security.roles import Role
from polysync_core.outbound.signing_keys import FRESH_SECONDS, LIFETIME_SECONDS, PAUSE_SECONDS
from tests.fakes.http import Reply
from tests.fakes.token_issuer import (
    ISSUER,
    FakeIssuer,
    bearer,
    curve_key,
    public,
    rsa_key,
    tampered,
)
from tests.unit.api.security.protected_app import World

DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"
ADMINISTRATOR = [Role.ADMINISTRATOR.value]


def encoded(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return jwt.utils.base64url_encode(text.encode()).decode()


def unsigned(issuer: FakeIssuer, algorithm: str) -> str:
    _, body, _ = issuer.token(roles=ADMINISTRATOR).split(".")
    return f"{encoded({'alg': algorithm, 'kid': 'first'})}.{body}."


def signed_with_the_public_key(issuer: FakeIssuer, form: serialization.Encoding) -> str:
    """Return a token whose HMAC key is the public key, which is no secret."""
    shown = serialization.PublicFormat.SubjectPublicKeyInfo
    secret = rsa_key("first").public_key().public_bytes(form, shown)
    _, body, _ = issuer.token(roles=ADMINISTRATOR).split(".")
    head = encoded({"alg": "HS256", "typ": "JWT", "kid": "first"})
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = algorithm.sign(f"{head}.{body}".encode(), secret)
    return f"{head}.{body}.{jwt.utils.base64url_encode(signature).decode()}"


NOW = int(time.time())
FORGED: dict[str, Callable[[FakeIssuer], str]] = {
    "alg none": lambda issuer: unsigned(issuer, "none"),
    "alg None": lambda issuer: unsigned(issuer, "None"),
    "an empty algorithm": lambda issuer: unsigned(issuer, ""),
    "no signature": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "HS256 with the public key": lambda issuer: signed_with_the_public_key(
        issuer, serialization.Encoding.PEM
    ),
    "HS256 with the public key in DER": lambda issuer: signed_with_the_public_key(
        issuer, serialization.Encoding.DER
    ),
    "HS256": lambda issuer: issuer.token(key="x" * 32, algorithm="HS256"),
    "another key": lambda issuer: issuer.token(key=rsa_key("mallory")),
    "an unknown key": lambda issuer: issuer.token(key=rsa_key("mallory"), kid="mallory"),
    "no key id": lambda issuer: issuer.token(key=rsa_key("mallory"), kid=None),
    "its own key": lambda issuer: issuer.token(
        key=rsa_key("mallory"), header={"jwk": public(rsa_key("mallory"))}
    ),
    "a link to its key": lambda issuer: issuer.token(
        key=rsa_key("mallory"), header={"jku": "https://mallory.example.com/keys"}
    ),
    "another algorithm": lambda issuer: issuer.token(key=curve_key("m"), algorithm="ES256"),
    "changed claims": lambda issuer: tampered(issuer.token(), roles=ADMINISTRATOR),
    "expired": lambda issuer: issuer.token(exp=NOW - 120),
    "without an end": lambda issuer: issuer.token(exp=None),
    "an endless time": lambda issuer: issuer.token(exp=float("inf")),
    "a text as time": lambda issuer: issuer.token(exp="tomorrow"),
    "not valid yet": lambda issuer: issuer.token(nbf=NOW + 600),
    "issued in the future": lambda issuer: issuer.token(iat=NOW + 600),
    "another audience": lambda issuer: issuer.token(aud="api://other"),
    "a longer audience": lambda issuer: issuer.token(aud="api://polysync-other"),
    "no audience": lambda issuer: issuer.token(aud=None),
    "an audience of another form": lambda issuer: issuer.token(aud={"api://polysync": 1}),
    "another issuer": lambda issuer: issuer.token(iss="https://mallory.example.com"),
    "a longer issuer": lambda issuer: issuer.token(iss=f"{ISSUER}/"),
    "no issuer": lambda issuer: issuer.token(iss=None),
    "no name": lambda issuer: issuer.token(sub=None),
    "a logout token": lambda issuer: issuer.token(header={"typ": "logout+jwt"}),
    "a critical extension": lambda issuer: issuer.token(header={"crit": ["x"], "x": 1}),
    "a key id of another form": lambda issuer: (
        f"{encoded({'alg': 'RS256', 'kid': {'a': 1}})}.{issuer.token().split('.', 1)[1]}"
    ),
    "a deep header": lambda issuer: f"{encoded('[' * 9000)}.{issuer.token().split('.', 1)[1]}",
    "a header that is a list": lambda issuer: f"{encoded([1])}.e30.x",
    "no token": lambda issuer: "",
    "plain text": lambda issuer: "administrator",
    "five parts": lambda issuer: "a.b.c.d.e",
    "other characters": lambda issuer: "\u00e9.\u00e9.\u00e9",
    "a huge token": lambda issuer: issuer.token(filler="x" * MAX_TOKEN),
    "a huge text": lambda issuer: "." * 60_000,
}


@pytest.mark.parametrize("attack", FORGED)
def test_a_forged_token_is_refused(attack: str, caplog: pytest.LogCaptureFixture) -> None:
    issuer = FakeIssuer()
    token = FORGED[attack](issuer)
    world = World(issuer.identify)
    with caplog.at_level(logging.DEBUG):
        header = f"Bearer {token}".encode("latin-1")
        answer = world.send("GET", "/tasks", {"authorization": header})

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert world.app.callers == []
    assert [r.__dict__["action"] for r in caplog.records if "action" in r.__dict__] == [
        "token_refused"
    ]
    if len(token) > 3:
        assert token not in caplog.text + answer.text + str(caplog.records[-1].__dict__)
    assert set(issuer.requests) <= {DISCOVERY, "https://keys.example.com/jwks"}


@pytest.mark.parametrize("value", ["Basic eDp5", "Bearer", "x", "", "Token abc"])
def test_another_scheme_is_refused(value: str) -> None:
    issuer = FakeIssuer()

    answer = World(issuer.identify).send("GET", "/tasks", {"authorization": value})
    assert answer.status_code == 401
    assert issuer.requests == []


def test_two_tokens_are_refused() -> None:
    issuer = FakeIssuer()
    world = World(issuer.identify)
    twice = [("authorization", f"Bearer {issuer.token()}")] * 2

    assert world.client.get("/tasks", headers=twice).status_code == 401  # pyright: ignore


def test_a_small_difference_of_the_clocks_is_accepted() -> None:
    issuer = FakeIssuer()
    now = int(time.time())

    for claims in ({"exp": now - 30}, {"nbf": now + 30}, {"iat": now + 30}):
        token = issuer.token(**claims)
        assert World(issuer.identify).send("GET", "/tasks", bearer(token)).status_code == 200


UNUSABLE_KEYS: dict[str, Any] = {
    "a symmetric key": {"kty": "oct", "k": encoded("x" * 64), "kid": "first"},
    "a short key": public(rsa_key("short", 1024), kid="first"),
    "a key for encryption": public(rsa_key("first"), kid="first") | {"use": "enc"},
    "a key of a symmetric algorithm": public(rsa_key("first"), kid="first", alg="HS256"),
    "a key without algorithm": public(rsa_key("first"), kid="first", alg="none"),
    "an unusual curve": public(curve_key("k1", ec.SECP256K1), kid="first"),
    "a private key": {
        **jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("first"), as_dict=True),
        "kid": "first",
    },
    "half a key": {"kty": "RSA", "kid": "first", "e": "AQAB"},
    "a number": 5,
}


@pytest.mark.parametrize("entry", UNUSABLE_KEYS)
def test_an_unusable_key_is_never_used(entry: str) -> None:
    issuer = FakeIssuer()
    issuer.keys = [UNUSABLE_KEYS[entry]]
    for token in (
        issuer.token(),
        issuer.token(key="x" * 64, algorithm="HS256"),
    ):
        answer = World(issuer.identify).send("GET", "/tasks", bearer(token))
        assert answer.status_code in {401, 503}
        assert answer.status_code == 503 or "HS256" in jwt.get_unverified_header(token)["alg"]


FAILURES: dict[str, Any] = {
    "a redirect": Reply(302, headers={"Location": "https://mallory.example.com/keys"}),
    "a redirect to this machine": Reply(307, headers={"Location": "http://127.0.0.1:80/"}),
    "no connection": ConnectTimeout(),
    "an error": Reply(500),
    "not found": Reply(404),
    "no JSON": Reply(200, content=b"<html>"),
    "a list": Reply(200, content=b"[]"),
    "too much": Reply(200, content=b'{"a": "' + b"x" * 2_000_000 + b'"}'),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_nothing_is_accepted_while_the_keys_are_unknown(
    failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = FakeIssuer()
    issuer.failure = FAILURES[failure]
    world = World(issuer.identify)
    answer = world.send("GET", "/tasks", bearer(issuer.token(roles=ADMINISTRATOR)))

    assert answer.status_code == 503
    assert answer.json()["detail"] == (
        "the keys of the token issuer cannot be read: try again, or see the log of the app"
    )
    assert int(answer.headers["retry-after"]) == PAUSE_SECONDS
    assert world.app.callers == []
    assert set(issuer.requests) == {DISCOVERY}
    assert "issuer_unreadable" in [r.__dict__.get("action") for r in caplog.records]


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://mallory.example.com", "jwks_uri": "https://keys.example.com/jwks"},
        {"jwks_uri": "https://keys.example.com/jwks"},
        {"issuer": ISSUER, "jwks_uri": "http://keys.example.com/jwks"},
        {"issuer": ISSUER, "jwks_uri": "http://127.0.0.1:8080/jwks"},
        {"issuer": ISSUER, "jwks_uri": "https://169.254.169.254/jwks"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": 5},
    ],
)
def test_a_wrong_discovery_document_leads_nowhere(discovery: dict[str, Any]) -> None:
    issuer = FakeIssuer()
    issuer.discovery = discovery

    answer = World(issuer.identify).send("GET", "/tasks", bearer(issuer.token()))
    assert answer.status_code == 503
    assert issuer.requests == [DISCOVERY]


def test_invented_keys_do_not_cause_many_requests() -> None:
    issuer = FakeIssuer()
    world = World(issuer.identify)
    assert world.send("GET", "/tasks", bearer(issuer.token())).status_code == 200
    read = len(issuer.requests)

    for number in range(20):
        forged = issuer.token(key=rsa_key("mallory"), kid=str(number))
        assert world.send("GET", "/tasks", bearer(forged)).status_code == 401
    assert len(issuer.requests) == read

    issuer.time.sleep(PAUSE_SECONDS)
    for number in range(20):
        forged = issuer.token(key=rsa_key("mallory"), kid=str(number))
        assert world.send("GET", "/tasks", bearer(forged)).status_code == 401
    assert len(issuer.requests) == read + 2


def test_a_new_key_is_found_and_an_old_one_is_forgotten() -> None:
    issuer = FakeIssuer()
    world = World(issuer.identify)
    old = bearer(issuer.token())
    assert world.send("GET", "/tasks", old).status_code == 200

    issuer.keys = [public(rsa_key("second"), kid="second")]
    issuer.time.sleep(PAUSE_SECONDS)
    new = bearer(issuer.token(key=rsa_key("second"), kid="second"))
    assert world.send("GET", "/tasks", new).status_code == 200
    assert world.send("GET", "/tasks", old).status_code == 401


def test_known_keys_outlive_a_short_failure_but_not_their_lifetime() -> None:
    issuer = FakeIssuer()
    world = World(issuer.identify)
    token = bearer(issuer.token())
    assert world.send("GET", "/tasks", token).status_code == 200

    issuer.failure = ConnectTimeout()
    issuer.time.sleep(FRESH_SECONDS)
    assert world.send("GET", "/tasks", token).status_code == 200
    assert issuer.requests[2:]
    issuer.time.sleep(LIFETIME_SECONDS - FRESH_SECONDS)
    assert world.send("GET", "/tasks", token).status_code == 503

    issuer.failure = None
    issuer.time.sleep(PAUSE_SECONDS)
    assert world.send("GET", "/tasks", token).status_code == 200


def test_a_slow_issuer_does_not_block_the_event_loop() -> None:
    issuer = FakeIssuer()
    threads: list[int] = []
    original = issuer.signing_keys.refresh

    async def run() -> list[Any]:
        import threading

        loop_thread = threading.get_ident()

        def slow() -> None:
            threads.append(threading.get_ident())
            time.sleep(0.2)
            original()

        issuer.signing_keys.refresh = slow  # type: ignore[method-assign]
        scope = {"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())]}
        calls = [asyncio.create_task(_identify(issuer, scope)) for _ in range(50)]
        started = time.monotonic()
        await asyncio.sleep(0.01)
        assert time.monotonic() - started < 0.15
        results = await asyncio.gather(*calls)
        assert loop_thread not in threads
        return results

    token = issuer.token()
    assert set(asyncio.run(run())) == {"77"}
    # Fifty callers have waited for one request.
    assert len(threads) == 1


async def _identify(issuer: FakeIssuer, scope: Any) -> str:
    try:
        return (await issuer.identify(scope)).name
    except (Unauthenticated, Unavailable) as error:
        return type(error).__name__
