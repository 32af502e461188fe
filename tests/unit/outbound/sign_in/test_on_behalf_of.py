"""Exchanging a user's token, by azure-identity itself and an Entra that is scripted."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpTransport

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.identity import Delegation
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.outbound.sign_in.entra import EntraToken
from polysync_core.outbound.sign_in.on_behalf_of import Exchanger, OnBehalfToken

SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
TENANT = "11111111-1111-1111-1111-111111111111"
CANARY = "canary-user-token"
BY = Delegation(tenant_id=TENANT, client_id="app", identity_client_id="identity")


class Identity:
    """The managed identity of the app."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked += scopes
        return AccessToken("proof", 4_000_000_000)


class Answer:
    """A response as azure-core reads it."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status_code, self.reason = status, "as scripted"
        self.headers = {"Content-Type": "application/json"}
        self.content_type = "application/json"
        self._body = json.dumps(body)

    def text(self, encoding: str | None = None) -> str:
        return self._body


class Entra(HttpTransport):  # type: ignore[type-arg]
    """Answers the requests that msal sends before and during the exchange of a token."""

    def __init__(self, status: int, token: dict[str, Any]) -> None:
        self.status, self.token = status, token
        self.exchanged: list[dict[str, str]] = []

    def send(self, request: Any, **options: Any) -> Any:
        root = request.url.partition(TENANT)[0] + TENANT
        if "openid-configuration" in request.url:
            known = {
                "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                "token_endpoint": f"{root}/oauth2/v2.0/token",
                "issuer": f"{root}/v2.0",
            }
            return Answer(200, known)
        if "discovery/instance" in request.url:
            return Answer(200, {"tenant_discovery_endpoint": root, "metadata": []})
        form = parse_qs(request.body) if isinstance(request.body, str) else request.body
        self.exchanged.append(
            {name: value[0] if isinstance(value, list) else value for name, value in form.items()}
        )
        return Answer(self.status, self.token)

    def open(self) -> None: ...

    def close(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def exchanged(entra: Entra, identity: Identity) -> OnBehalfToken:
    exchanger = Exchanger(
        by=BY, cloud=Cloud.PUBLIC, identity=identity, options={"transport": entra}
    )
    return OnBehalfToken(EntraToken(lambda: exchanger.credential(Secret(CANARY)), SCOPE))


def test_a_users_token_becomes_one_for_the_service_without_a_secret_of_the_app() -> None:
    entra = Entra(
        200, {"access_token": "for-databricks", "expires_in": 3600, "token_type": "Bearer"}
    )
    identity = Identity()
    token = exchanged(entra, identity)

    assert [token.token().reveal() for _ in range(2)] == ["for-databricks"] * 2

    [form] = entra.exchanged
    assert form["requested_token_use"] == "on_behalf_of"
    assert form["assertion"] == CANARY
    assert form["client_assertion"] == "proof"
    assert SCOPE in form["scope"]
    assert "client_secret" not in form
    assert identity.asked == ["api://AzureADTokenExchange/.default"]


def test_a_refusal_by_entra_is_reported_to_the_user() -> None:
    refusal = {
        "error": "invalid_grant",
        "error_description": f"AADSTS65001: {CANARY} has not consented",
    }
    token = exchanged(Entra(400, refusal), Identity())

    with pytest.raises(PlatformRefused, match=r"on behalf of the user.*AADSTS65001") as refused:
        token.token()

    assert refused.value.status == 401
    assert CANARY not in str(refused.value)
