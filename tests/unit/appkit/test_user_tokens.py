"""Tests for the tokens with which the app acts for its callers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from polysync_core.appkit.errors import NoUserToken
from polysync_core.appkit.results import Failed
from polysync_core.appkit.user_tokens import Hosting
from polysync_core.domain.errors import Unauthenticated
from polysync_core.settings import read_appkit
from tests.fakes.appkit import FakeWorkspace, jobs_in

DELEGATION = {
    "POLYSYNC_DELEGATION_TENANT_ID": "contoso.com",
    "POLYSYNC_DELEGATION_CLIENT_ID": "client",
    "AZURE_CLIENT_ID": "identity",
}
APP_SERVICE = {**DELEGATION, "WEBSITE_AUTH_ENABLED": "True"}
ISSUER = {
    **DELEGATION,
    "POLYSYNC_OIDC_ISSUER": "https://login.microsoftonline.com/contoso/v2.0",
    "POLYSYNC_OIDC_AUDIENCE": "api://polysync",
}


class Request:
    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers


def _base64(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def a_token(object_id: str) -> str:
    payload = base64.urlsafe_b64encode(json.dumps({"oid": object_id, "name": "?>"}).encode())
    return f"eyJ.{payload.decode().rstrip('=')}.signature"


def a_principal(object_id: str) -> dict[str, str]:
    kind = "http://schemas.microsoft.com/identity/claims/objectidentifier"
    return {"X-MS-CLIENT-PRINCIPAL": _base64({"claims": [{"typ": kind, "val": object_id}]})}


def hosting_of(variables: dict[str, str]) -> Hosting:
    return read_appkit(variables).hosting


def token_of(variables: dict[str, str], headers: dict[str, str]) -> str:
    found = hosting_of(variables).user_token(Request(headers))
    assert found.exchanged_by is not None
    return found.token.reveal()


def test_a_validated_bearer_token_acts_for_its_caller() -> None:
    token = a_token("ann")
    headers = {"Authorization": f"Bearer {token}", **a_principal("ann")}
    assert token_of(APP_SERVICE, headers) == token


def test_the_token_of_a_session_wins() -> None:
    headers = {
        **a_principal("ann"),
        "X-MS-TOKEN-AAD-ACCESS-TOKEN": "eyJ-session",
        "Authorization": f"Bearer {a_token('bob')}",
    }
    assert token_of(APP_SERVICE, headers) == "eyJ-session"


def test_a_host_that_validates_tokens_of_entra_uses_the_bearer_token() -> None:
    assert token_of(ISSUER, {"authorization": "bearer eyJ.a.b"}) == "eyJ.a.b"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {a_token('bob')}", **a_principal("ann")},
        {"Authorization": "Bearer opaque", **a_principal("ann")},
        {"Authorization": "Bearer a.%%%.c", **a_principal("ann")},
        {"Authorization": f"Bearer {a_token('ann')}", "X-MS-CLIENT-PRINCIPAL": "?"},
        {"Authorization": f"Bearer {a_token('ann')}", "X-MS-CLIENT-PRINCIPAL": _base64([])},
        {"Authorization": f"Bearer {a_token('ann')}"},
        {"Authorization": f"Basic {a_token('ann')}", **a_principal("ann")},
        {"x-functions-key": "key"},
        a_principal("ann"),
        {},
    ],
    ids=[
        "the token of another caller",
        "an opaque token",
        "an unreadable token",
        "an unreadable principal",
        "a principal of another shape",
        "no principal",
        "another scheme",
        "an access key",
        "no token at all",
        "nothing",
    ],
)
def test_app_service_accepts_no_other_token(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated):
        hosting_of(APP_SERVICE).user_token(Request(headers))


@pytest.mark.parametrize("headers", [{}, {"x-functions-key": "key"}, {"Authorization": "Bearer "}])
def test_a_caller_without_a_bearer_token_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated):
        hosting_of(ISSUER).user_token(Request(headers))


@pytest.mark.parametrize(
    "variables",
    [
        DELEGATION,
        {**ISSUER, "POLYSYNC_OIDC_ISSUER": "https://issuer.example.com"},
        {**ISSUER, "POLYSYNC_OIDC_ISSUER": "https://login.microsoftonline.com.evil.example/x"},
    ],
    ids=["no validation", "another issuer", "a similar host"],
)
def test_a_bearer_token_that_entra_cannot_exchange_is_refused(variables: dict[str, str]) -> None:
    with pytest.raises(NoUserToken):
        hosting_of(variables).user_token(Request({"Authorization": f"Bearer {a_token('ann')}"}))


def test_a_refusal_of_a_forwarded_token_names_its_missing_scope() -> None:
    workspace = FakeWorkspace()
    job = jobs_in(workspace, variables={"DATABRICKS_APP_NAME": "shop"})("etl")
    workspace.fail("run-now", 403, times=2)
    forwarded = job.as_user(Request({"x-forwarded-access-token": "dapi-user"})).run_now()
    own = job.run_now()
    assert isinstance(forwarded, Failed)
    assert isinstance(own, Failed)
    assert ("no scope for jobs" in forwarded.detail, own.detail) == (True, "")
