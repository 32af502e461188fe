"""Callers with a bearer token of an OpenID Connect issuer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from polysync_core.api.security.callers import by_key
from polysync_core.api.security.tokens import by_token
from polysync_core.domain.security.roles import Role
from polysync_core.domain.security.token_issuer import TokenIssuer
from tests.fakes.token_issuer import (
    AUDIENCE,
    ISSUER,
    FakeIssuer,
    bearer,
    curve_key,
    ed_key,
    public,
    rsa_key,
)
from tests.unit.api.security.protected_app import KEYS, World, key_header


def send(issuer: FakeIssuer, token: str, method: str = "GET") -> Any:
    path = "/definitions" if method == "PUT" else "/tasks"
    return World(issuer.identify).send(method, path, bearer(token))


@pytest.mark.parametrize(
    ("claims", "name", "object_id"),
    [
        pytest.param({"preferred_username": "ann@example.com"}, "ann@example.com", "77"),
        pytest.param({"upn": "ann", "azp": "1f2e", "oid": "8"}, "ann", "8"),
        pytest.param({"azp": "1f2e"}, "app:1f2e", "77"),
        pytest.param({"client_id": "ci"}, "app:ci", "77"),
        pytest.param({}, "77", "77"),
        pytest.param({"preferred_username": ""}, "77", "77"),
        pytest.param({"preferred_username": ["ann"]}, "77", "77"),
        pytest.param({"preferred_username": "key:nightly"}, "user:key:nightly", "77"),
        pytest.param({"preferred_username": "app:1f2e"}, "user:app:1f2e", "77"),
        pytest.param({"preferred_username": "a\nb"}, "a\ufffdb", "77"),
    ],
)
def test_a_caller_has_the_name_of_the_token(
    claims: dict[str, Any], name: str, object_id: str
) -> None:
    issuer = FakeIssuer()
    world = World(issuer.identify)

    assert world.send("GET", "/tasks", bearer(issuer.token(**claims))).status_code == 200
    (caller,) = world.app.callers
    assert caller is not None
    assert (caller.name, caller.object_id) == (name, object_id)


@pytest.mark.parametrize(
    ("claim", "claims"),
    [
        pytest.param("groups", {"groups": ["x", Role.ADMINISTRATOR.value]}, id="another claim"),
        pytest.param("role", {"role": Role.ADMINISTRATOR.value}, id="a single value"),
        pytest.param(
            "realm_access.roles",
            {"realm_access": {"roles": [Role.ADMINISTRATOR.value]}},
            id="a nested claim",
        ),
        pytest.param(
            "https://polysync.example.com/roles",
            {"https://polysync.example.com/roles": [Role.ADMINISTRATOR.value]},
            id="a claim whose name holds dots",
        ),
    ],
)
def test_the_claim_of_the_roles_can_be_chosen(claim: str, claims: dict[str, Any]) -> None:
    issuer = FakeIssuer(roles_claim=claim)

    assert send(issuer, issuer.token(roles=None, **claims), "PUT").status_code == 200
    # The usual claim has no effect any more.
    assert send(issuer, issuer.token(roles=[Role.ADMINISTRATOR.value])).status_code == 403


@pytest.mark.parametrize(
    "roles", [None, [], "", ["Reader"], ["polysync.reader"], [["Polysync.Reader"]], {"a": 1}, 5]
)
def test_a_token_without_a_role_is_refused(roles: Any) -> None:
    issuer = FakeIssuer()

    answer = send(issuer, issuer.token(roles=roles))
    assert answer.status_code == 403
    assert "needs the app role Polysync.Reader" in answer.json()["detail"]


def test_a_reader_changes_nothing() -> None:
    issuer = FakeIssuer()

    assert send(issuer, issuer.token(), "PUT").status_code == 403
    assert send(issuer, issuer.token(roles=[Role.ADMINISTRATOR.value]), "PUT").status_code == 200


@pytest.mark.parametrize(
    ("generate", "algorithm"),
    [
        pytest.param(partial(rsa_key, "first"), "RS256"),
        pytest.param(partial(rsa_key, "first"), "RS512"),
        pytest.param(partial(rsa_key, "first"), "PS256"),
        pytest.param(partial(curve_key, "p256"), "ES256"),
        pytest.param(partial(curve_key, "p384", ec.SECP384R1), "ES384"),
        pytest.param(partial(ed_key, "ed"), "EdDSA"),
    ],
)
def test_usual_signatures_are_accepted(generate: Callable[[], Any], algorithm: str) -> None:
    issuer, key = FakeIssuer(), generate()
    issuer.keys = [public(rsa_key("other"), kid="other"), public(key, kid="used")]

    token = issuer.token(key=key, algorithm=algorithm, kid="used")
    assert send(issuer, token).status_code == 200


def test_a_token_need_not_name_the_only_key() -> None:
    issuer = FakeIssuer()
    assert send(issuer, issuer.token(kid=None)).status_code == 200

    issuer = FakeIssuer()
    issuer.keys.append(public(rsa_key("other"), kid="other"))
    assert send(issuer, issuer.token(kid=None)).status_code == 401


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE, "another"]])
def test_one_of_several_audiences_is_enough(audience: Any) -> None:
    issuer = FakeIssuer()
    assert send(issuer, issuer.token(aud=audience)).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_has_any_case(scheme: str) -> None:
    issuer = FakeIssuer()
    headers = {"authorization": f"{scheme} {issuer.token()}"}

    assert World(issuer.identify).send("GET", "/tasks", headers).status_code == 200


def test_a_token_wins_over_a_key() -> None:
    issuer = FakeIssuer()
    described = TokenIssuer(issuer=ISSUER, audience=AUDIENCE)
    keys = by_key(KEYS, otherwise=issuer.identify)
    world = World(by_token(described, issuer.signing_keys, otherwise=keys))
    administrator = key_header(Role.ADMINISTRATOR)

    assert world.send("PUT", "/definitions", administrator).status_code == 200
    both = administrator | bearer(issuer.token())
    assert world.send("PUT", "/definitions", both).status_code == 403
    assert world.send("GET", "/tasks", administrator | bearer("x")).status_code == 401


def test_a_caller_without_credentials_learns_what_to_send() -> None:
    answer = World(FakeIssuer().identify).send("GET", "/tasks")

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "Authorization: Bearer" in answer.json()["detail"]
