"""Tests of Azure Key Vault through the official client, with scripted answers."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import CredentialUnavailableError

from polysync_core.domain.definitions.platforms import (
    Auth,
    AuthMethod,
)
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.vaults.azure_key_vault import AzureKeyVault, open_key_vault
from polysync_core.vaults.registry import check_vault, open_vault
from tests.fakes.http import Reply, ScriptedTransport, Step

CANARY = "canary-77aa"
CHALLENGE = Reply.json(
    {"error": {"code": "Unauthorized"}},
    401,
    {
        "WWW-Authenticate": 'Bearer authorization="https://login.microsoftonline.com/t",'
        ' resource="https://vault.azure.net"'
    },
)
VALUE = Reply.json(
    {"value": CANARY, "id": "https://kv.vault.azure.net/secrets/db/1", "attributes": {}},
    headers={"Content-Type": "application/json"},
)


class Identity:
    """A signed-in identity, or one that cannot sign in."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        if self.error is not None:
            raise self.error
        return AccessToken("token", int(time.time()) + 3600)


def a_vault(**changes: Any) -> Vault:
    return Vault.model_validate(
        {
            "name": "secrets",
            "provider": "AzureKeyVault",
            "attributes": {"vaultUrl": "https://kv.vault.azure.net/"},
            **changes,
        }
    )


class Stage:
    """A key vault on a script."""

    def __init__(self, *steps: Step, identity: Identity | None = None) -> None:
        self.script = ScriptedTransport(steps)
        session = requests.Session()
        session.mount("https://", self.script)
        self.vault: AzureKeyVault = open_key_vault(
            a_vault(),
            None,
            credential=identity or Identity(),
            transport=RequestsTransport(session=session, session_owner=False),
            retry_total=0,
        )


@pytest.fixture(autouse=True)
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    yield


def test_a_secret_is_read_by_its_name() -> None:
    stage = Stage(CHALLENGE, VALUE)

    assert stage.vault.read("db").reveal() == CANARY
    assert str(stage.script.requests[-1].url).startswith("https://kv.vault.azure.net/secrets/db")


def test_the_test_lists_one_secret_and_reads_none() -> None:
    listed = Reply.json({"value": []}, headers={"Content-Type": "application/json"})
    stage = Stage(CHALLENGE, listed)

    assert "kv.vault.azure.net" in stage.vault.test()
    assert "maxresults=1" in str(stage.script.requests[-1].url)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(Reply.json({"error": {"code": "SecretNotFound"}}, 404), "db", id="missing"),
        pytest.param(
            Reply.json({"error": {"code": "Forbidden", "message": CANARY}}, 403),
            "Key Vault Secrets User",
            id="not permitted",
        ),
        pytest.param(Reply.json({"error": {"code": "BadParameter"}}, 400), "400", id="refused"),
        pytest.param(Reply(302, b"", {"Location": "https://evil.example"}), "302", id="redirect"),
    ],
)
def test_a_refusal_names_the_secret_and_the_remedy(answer: Reply, words: str) -> None:
    stage = Stage(CHALLENGE, answer)

    with pytest.raises(PlatformRefused, match=words) as caught:
        stage.vault.read("db")

    assert caught.value.cause is FailureCause.SECRET
    assert "db" in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Reply(503, b"", {"Retry-After": "30"}), id="unavailable"),
        pytest.param(Reply(429, b"", {"Retry-After": "30"}), id="throttled"),
    ],
)
def test_a_busy_vault_returns_its_retry_after(answer: Reply) -> None:
    with pytest.raises(Unavailable) as caught:
        Stage(CHALLENGE, answer).vault.read("db")

    assert caught.value.retry_after == 30


@pytest.mark.parametrize(
    "fault",
    [requests.ConnectionError("reset"), requests.ReadTimeout("slow"), requests.ConnectTimeout("x")],
    ids=lambda fault: type(fault).__name__,
)
def test_a_vault_that_does_not_answer_is_unavailable(fault: Exception) -> None:
    with pytest.raises(Unavailable):
        Stage(fault).vault.read("db")


@pytest.mark.parametrize(
    "error",
    [
        ClientAuthenticationError(f"AADSTS7000215: Invalid client secret {CANARY}"),
        CredentialUnavailableError(f"no managed identity {CANARY}"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_identity_that_cannot_sign_in_is_refused(error: Exception) -> None:
    with pytest.raises(PlatformRefused, match="sign-in") as caught:
        Stage(CHALLENGE, identity=Identity(error)).vault.read("db")

    assert caught.value.cause is FailureCause.SECRET
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "steps",
    [
        [CHALLENGE, Reply.json({"error": {"code": "Forbidden", "message": CANARY}}, 403)],
        [CHALLENGE, Reply.json({"error": {"message": CANARY}}, 404)],
        [CHALLENGE, Reply(500, CANARY.encode())],
        [requests.ConnectionError(CANARY)],
    ],
)
def test_the_error_has_no_context_from_the_client_library(steps: list[Step]) -> None:
    with pytest.raises(PolysyncError) as caught:
        Stage(*steps).vault.read("db")

    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("name", ["a/b", "a.b", "..", "", "x" * 128, "a?b", "ä"])
def test_a_name_that_key_vault_cannot_have_is_never_sent(name: str) -> None:
    stage = Stage(VALUE)

    with pytest.raises(PlatformRefused):
        stage.vault.read(name)

    assert stage.script.requests == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"attributes": {}}, "attributes.vaultUrl"),
        ({"attributes": {"vaultUrl": "http://kv.vault.azure.net"}}, "attributes.vaultUrl"),
        ({"attributes": {"vaultUrl": "https://evil.example"}}, "attributes.vaultUrl"),
        ({"attributes": {"vaultUrl": "http://127.0.0.1:80"}}, "attributes.vaultUrl"),
        ({"attributes": {"vaultUrl": "https://a.vault.azure.net:444"}}, "attributes.vaultUrl"),
        (
            {"attributes": {"vaultUrl": "https://a.vault.azure.net", "cloud": "AzureChina"}},
            "attributes.vaultUrl",
        ),
        (
            {"attributes": {"vaultUrl": "https://a.vault.azure.net", "x": "y"}},
            "attributes.x",
        ),
        ({"auth": {"method": "PersonalAccessToken"}}, "auth.method"),
        ({"auth": {"method": "Certificate"}}, "auth.certificate"),
    ],
)
def test_a_definition_that_cannot_work_is_refused(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_vault(a_vault(**changes), development=True)

    assert path in {problem.path for problem in caught.value.problems}
    assert CANARY not in str(caught.value)


def test_a_clear_text_secret_is_refused_without_being_shown() -> None:
    auth = Auth.model_construct(method=AuthMethod.SERVICE_PRINCIPAL, client_secret=CANARY)

    with pytest.raises(Invalid, match="vault://") as caught:
        check_vault(a_vault().model_copy(update={"auth": auth}), development=True)

    assert CANARY not in str(caught.value.problems)


@pytest.mark.parametrize(
    ("cloud", "url"),
    [
        ("AzurePublic", "https://kv.vault.azure.net"),
        ("AzureUSGovernment", "https://kv.vault.usgovcloudapi.net"),
        ("AzureChina", "https://kv.vault.azure.cn"),
    ],
)
def test_a_vault_of_each_cloud_is_opened_without_io(cloud: str, url: str) -> None:
    vault = a_vault(attributes={"vaultUrl": url, "cloud": cloud})

    check_vault(vault, development=False)
    opened = open_vault(vault, development=False)

    assert isinstance(opened, AzureKeyVault)
    assert opened.client.vault_url == url
