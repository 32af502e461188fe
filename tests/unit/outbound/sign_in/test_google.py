"""Signing in to Google, against a simulator for OAuth 2, STS and IAM on loopback."""

from __future__ import annotations

import base64
import logging
import time
import traceback
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from requests import ConnectionError as NoConnection

from polysync_core.domain.clock import utc_now
from polysync_core.domain.definitions.platforms import Auth
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.call_budget import RetryTimer
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.read_client import ReadClient
from polysync_core.outbound.sign_in.google import GoogleSignIn
from tests.fakes.google import PROVIDER, SOURCE, TARGET, FakeGoogle, key_json, refusal, serving
from tests.fakes.http import Reply, ScriptedTransport, Step
from tests.fakes.listener import Answered
from tests.fakes.secrets import KnownSecrets

pytestmark = pytest.mark.slow

CANARY = "canary-93f0"
AUDIENCE = "https://hello-abc-ew.a.run.app"
KEY = {"method": "ServiceAccountKey", "keyJson": "vault://local/KEY"}
FEDERATED = {
    "method": "WorkloadIdentityFederation",
    "provider": PROVIDER,
    "serviceAccountEmail": TARGET,
}
IMPERSONATED = {
    "method": "ImpersonatedServiceAccount",
    "sourceKey": "vault://local/KEY",
    "targetServiceAccountEmail": TARGET,
}
DEFAULT = {"method": "ApplicationDefault"}
METHODS = [
    pytest.param(KEY, SOURCE, id="ServiceAccountKey"),
    pytest.param(DEFAULT, SOURCE, id="ApplicationDefault"),
    pytest.param(FEDERATED, TARGET, id="WorkloadIdentityFederation"),
    pytest.param(IMPERSONATED, TARGET, id="ImpersonatedServiceAccount"),
]


class Stage:
    """Google on loopback, and the host that signs in to it."""

    def __init__(self, google: FakeGoogle, address: str) -> None:
        self.google = google
        self.address = address
        self.later = 0.0
        self.secrets = KnownSecrets({"vault://local/KEY": key_json()})

    def sign_in(self, auth: dict[str, Any]) -> GoogleSignIn:
        time_ = RetryTimer(
            sleep=lambda _: None, now=lambda: utc_now() + timedelta(seconds=self.later)
        )
        return GoogleSignIn(
            auth=Auth.model_validate(auth),
            secrets=self.secrets,
            endpoint=BaseAddress(self.address, "127.0.0.1", AddressScope.LOOPBACK),
            allow_loopback=True,
            client=ReadClient(timer=time_),
        )


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    google = FakeGoogle()
    (tmp_path / "key.json").write_text(key_json())
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    with serving(google) as address:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{address}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "secret-of-the-host")
        yield Stage(google, address)


@pytest.mark.parametrize(("auth", "owner"), METHODS)
def test_each_method_gets_an_access_token(stage: Stage, auth: dict[str, Any], owner: str) -> None:
    token = stage.sign_in(auth).access_token().token()

    assert stage.google.issued[token.reveal()] == owner


@pytest.mark.parametrize(("auth", "owner"), METHODS)
def test_each_method_gets_an_identity_token_for_an_audience(
    stage: Stage, auth: dict[str, Any], owner: str
) -> None:
    token = stage.sign_in(auth).identity_token(AUDIENCE).token()

    claims = jwt.decode(token.reveal(), options={"verify_signature": False})
    assert claims["aud"] == AUDIENCE
    assert claims["email"] == owner


@pytest.mark.parametrize(("auth", "owner"), METHODS)
@pytest.mark.parametrize("audience", [None, AUDIENCE], ids=["access token", "identity token"])
def test_a_token_is_kept_until_shortly_before_it_expires(
    stage: Stage, auth: dict[str, Any], owner: str, audience: str | None
) -> None:
    sign_in = stage.sign_in(auth)
    held = sign_in.identity_token(audience) if audience else sign_in.access_token()
    held.token()
    asked = len(stage.google.asked)

    stage.later = 3600 - 330
    held.token()
    assert len(stage.google.asked) == asked
    stage.later = 3600 - 270
    held.token()
    assert len(stage.google.asked) == 2 * asked


def test_a_renewed_token_comes_from_a_key_that_is_read_again(stage: Stage) -> None:
    held = stage.sign_in(KEY).access_token()
    first = held.token()

    held.renew()

    assert held.token() != first
    assert stage.secrets.forgotten == ["vault://local/KEY"]


def test_a_key_may_be_stored_in_base64(stage: Stage) -> None:
    encoded = base64.encodebytes(key_json().encode()).decode()
    stage.secrets.known["vault://local/KEY"] = encoded

    assert stage.sign_in(KEY).access_token().token().reveal() in stage.google.issued


def test_the_source_of_an_impersonation_may_be_the_account_of_the_host(stage: Stage) -> None:
    auth = {**IMPERSONATED, "sourceKey": None}

    token = stage.sign_in(auth).access_token().token()

    assert stage.google.issued[token.reveal()] == TARGET


def test_the_provider_may_be_given_as_google_shows_it(stage: Stage) -> None:
    auth = {**FEDERATED, "provider": f"//iam.googleapis.com/{PROVIDER}"}

    assert stage.sign_in(auth).access_token().token().reveal() in stage.google.issued


@pytest.mark.parametrize(
    "key",
    [
        "",
        "not json",
        "[1]",
        '{"type": "authorized_user"}',
        {"universe_domain": "evil.example"},
        {"private_key": f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n"},
        {"private_key": None},
        '{"type": "service_account"}',
    ],
)
def test_an_invalid_key_is_refused_without_being_shown(
    stage: Stage, key: str | dict[str, Any]
) -> None:
    text = key if isinstance(key, str) else key_json(**key)
    stage.secrets.known["vault://local/KEY"] = text

    with pytest.raises(PlatformRefused, match=r"auth\.keyJson") as caught:
        stage.sign_in(KEY).access_token().token()

    assert caught.value.cause is FailureCause.SECRET
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert stage.google.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/token",
        "https://oauth2.googleapis.com.evil.example/token",
        "http://oauth2.googleapis.com/token",
        "http://169.254.169.254/token",
        "https://evil.example#.googleapis.com",
        "https://a@oauth2.googleapis.com/token",
        "file:///etc/passwd",
    ],
)
def test_a_key_that_names_another_address_for_tokens_is_not_followed(address: str) -> None:
    script = ScriptedTransport([Reply.json({"access_token": "x"})])
    secrets = KnownSecrets({"vault://local/KEY": key_json(token_uri=address)})
    sign_in = GoogleSignIn(
        auth=Auth.model_validate(KEY),
        secrets=secrets,
        client=ReadClient(transport_to=lambda _: script),
    )

    with pytest.raises(PlatformRefused, match="forbidden address"):
        sign_in.access_token().token()

    assert script.requests == []


@pytest.mark.parametrize(
    ("auth", "end", "words"),
    [
        pytest.param(KEY, "/token", r"auth\.keyJson", id="a deleted key"),
        pytest.param(FEDERATED, "/v1/token", r"auth\.provider", id="a pool without trust"),
        pytest.param(
            FEDERATED, ":generateAccessToken", "roles/iam.workloadIdentityUser", id="no binding"
        ),
        pytest.param(IMPERSONATED, "/token", r"auth\.sourceKey", id="a deleted source key"),
        pytest.param(
            IMPERSONATED,
            ":generateAccessToken",
            "roles/iam.serviceAccountTokenCreator",
            id="no right to impersonate",
        ),
        pytest.param(DEFAULT, "/token", "GOOGLE_APPLICATION_CREDENTIALS", id="a bad default"),
    ],
)
def test_a_refused_sign_in_names_the_code_and_the_remedy(
    stage: Stage, auth: dict[str, Any], end: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = {"error": "invalid_grant", "error_description": CANARY}
    answer = (
        Answered(400, said) if end.endswith("token") else refusal(403, "PERMISSION_DENIED", CANARY)
    )
    stage.google.scripted[end] = [answer]

    with pytest.raises(PlatformRefused, match=words) as caught:
        stage.sign_in(auth).access_token().token()

    assert "invalid_grant" in str(caught.value) or "PERMISSION_DENIED" in str(caught.value)
    assert caught.value.cause is FailureCause.SECRET
    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in caplog.text


def test_an_identity_token_that_may_not_be_issued_names_the_role(stage: Stage) -> None:
    stage.google.scripted[":generateIdToken"] = [refusal(403, "PERMISSION_DENIED", CANARY)]

    with pytest.raises(PlatformRefused, match="workloadIdentityUser") as caught:
        stage.sign_in(FEDERATED).identity_token(AUDIENCE).token()

    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("end", ["/v1/token", ":generateAccessToken"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_sign_in_that_google_cannot_answer_is_asked_again(
    stage: Stage, end: str, status: int
) -> None:
    stage.google.scripted[end] = [Answered(status, {}), Answered(status, {})]

    assert stage.sign_in(FEDERATED).access_token().token().reveal() in stage.google.issued


@pytest.mark.parametrize(("auth", "owner"), METHODS)
def test_a_sign_in_is_unavailable_if_google_stays_unavailable(
    stage: Stage, auth: dict[str, Any], owner: str
) -> None:
    end = "/v1/token" if auth is FEDERATED else "/token"
    stage.google.scripted[end] = [Answered(503, {}, {"Retry-After": "9"})] * 20

    with pytest.raises(Unavailable) as caught:
        stage.sign_in(auth).access_token().token()

    assert caught.value.retry_after == 9
    assert len(stage.google.asked) <= 10


@pytest.mark.parametrize("content", [{}, [], {"access_token": None}, {"access_token": "x"}])
def test_an_answer_without_a_token_is_unavailable_and_not_refused(
    stage: Stage, content: Any
) -> None:
    stage.google.scripted["/v1/token"] = [Answered(200, content)] * 5
    stage.google.scripted[":generateAccessToken"] = [Answered(200, content)] * 5

    with pytest.raises(Unavailable, match="no token"):
        stage.sign_in(FEDERATED).access_token().token()


def test_a_host_without_a_managed_identity_cannot_federate(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "another")

    with pytest.raises(PlatformRefused, match="Entra"):
        stage.sign_in(FEDERATED).access_token().token()


def on_google(*steps: Step, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> GoogleSignIn:
    """Sign in on a machine whose only credential is what its metadata service says."""
    script = ScriptedTransport(steps)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setattr(time, "sleep", lambda _: None)

    def transport_to(reach: AddressScope) -> ScriptedTransport:
        assert reach is AddressScope.METADATA
        return script

    client = ReadClient(transport_to=transport_to)
    return GoogleSignIn(auth=Auth.model_validate(DEFAULT), client=client)


def metadata(content: str) -> Reply:
    headers = {"Metadata-Flavor": "Google", "Content-Type": "application/json"}
    return Reply(200, content.encode(), headers)


def test_a_machine_on_google_is_asked_for_its_own_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def answer(request: Any) -> Reply:
        if "/token" in request.url:
            return metadata('{"access_token": "ya29.host", "expires_in": 3600}')
        if "service-accounts" in request.url:
            return metadata('{"email": "host@p.iam.gserviceaccount.com", "scopes": []}')
        return metadata('"acme"')

    sign_in = on_google(answer, monkeypatch=monkeypatch, tmp_path=tmp_path)

    assert sign_in.access_token().token().reveal() == "ya29.host"


def test_outside_google_the_error_names_the_missing_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign_in = on_google(NoConnection("x"), monkeypatch=monkeypatch, tmp_path=tmp_path)

    with pytest.raises(PolysyncError, match="GOOGLE_APPLICATION_CREDENTIALS"):
        sign_in.access_token().token()


def test_its_representation_shows_no_secret(stage: Stage) -> None:
    sign_in = stage.sign_in(KEY)
    sign_in.access_token().token()

    assert "PRIVATE KEY" not in repr(sign_in)
