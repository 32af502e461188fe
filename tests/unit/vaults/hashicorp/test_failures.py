"""Failures of a HashiCorp Vault: each error states the remedy and no secret."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest

from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.outbound.read_client import ReadClient
from polysync_core.vaults.hashicorp import HashiCorpVault, open_hashicorp
from polysync_core.vaults.registry import check_vault, open_vault
from polysync_core.vaults.resolver import SecretResolver
from tests.fakes.definitions import definition_reader
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime
from tests.fakes.secrets import KnownSecrets
from tests.unit.vaults.hashicorp.stage import (
    CANARY,
    METHODS,
    ROLE_AUTH,
    TOKEN,
    TOKEN_AUTH,
    Stage,
    a_vault,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "attributes", "words"),
    [
        pytest.param("gone", {}, "does not exist.*attributes.kvVersion", id="missing"),
        pytest.param("old", {}, "deleted", id="deleted"),
        pytest.param("db/main", {"kvVersion": 1}, "attributes.kvVersion", id="wrong version"),
        pytest.param("db/main", {"mount": "other"}, "attributes.mount", id="wrong mount"),
        pytest.param("db/main", {"namespace": "x"}, "attributes.namespace", id="wrong namespace"),
    ],
)
def test_a_secret_that_is_not_found_says_where_to_look(
    stage: Stage, name: str, attributes: dict[str, Any], words: str
) -> None:
    stage.vault.put("old", None)

    with pytest.raises(PlatformRefused, match=words) as caught:
        stage.open(**attributes).read(name)

    assert name in str(caught.value)
    assert caught.value.status == 404


def test_a_map_of_another_engine_is_not_mistaken_for_a_secret(stage: Stage) -> None:
    stage.vault.put("data/db", {"value": "x"}, mount="kv")

    with pytest.raises(PlatformRefused, match=r"version 2: check attributes\.kvVersion"):
        stage.open(mount="kv").read("db")


def test_a_sealed_vault_is_retried_and_then_reported_as_sealed(stage: Stage) -> None:
    stage.vault.sealed = True

    with pytest.raises(Unavailable, match="sealed"):
        stage.open().read("db/main")

    assert len(stage.vault.asked) == 3


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    stage.vault.redirect = "https://evil.example/v1/secret"

    with pytest.raises(PlatformRefused, match="redirects to another host, which is not followed"):
        stage.open().read("db/main")


def scripted(*steps: Step, auth: dict[str, Any] | None = None) -> HashiCorpVault:
    script = ScriptedTransport(steps)
    secrets = KnownSecrets({"vault://local/TOKEN": TOKEN, "vault://local/SECRET_ID": CANARY})
    client = ReadClient(transport_to=lambda _: script, timer=VirtualTime().timer)
    definition = a_vault(auth=auth or TOKEN_AUTH)
    return open_hashicorp(definition, secrets, allow_loopback=False, client=client)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="no auth"),
        pytest.param({"auth": {"client_token": "", "lease_duration": 1}}, id="no token"),
        pytest.param({"auth": {"client_token": "x"}}, id="no lease"),
        pytest.param({"auth": {"client_token": "x", "lease_duration": -1}}, id="a negative lease"),
    ],
)
def test_a_malformed_answer_to_a_login_is_not_a_token(answer: dict[str, Any]) -> None:
    with pytest.raises(Unavailable, match="no token"):
        scripted(Reply.json(answer), auth=ROLE_AUTH).test()


@pytest.mark.parametrize(
    "token", ["", "a b", "a\nX-Injected: 1", "tökén"], ids=["empty", "space", "line", "letters"]
)
def test_a_token_that_no_header_can_hold_is_never_sent(stage: Stage, token: str) -> None:
    stage.secrets.known["vault://local/TOKEN"] = token

    with pytest.raises(PlatformRefused, match=r"auth\.token"):
        stage.open().test()

    assert stage.vault.asked == []


@pytest.mark.parametrize("name", ["", "/x", "x/", "a//b", "..", "a/../b", "./a", "a/.b"])
def test_a_path_that_could_lead_elsewhere_is_never_sent(stage: Stage, name: str) -> None:
    with pytest.raises(PlatformRefused, match="cannot exist"):
        stage.open().read(name)

    assert stage.vault.asked == []


@pytest.mark.parametrize("auth", METHODS)
@pytest.mark.parametrize("failure", ["denied", "sealed", "refused", "redirect"])
def test_no_secret_is_in_an_error_or_a_log(
    stage: Stage, auth: dict[str, Any], failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stage.vault.put("x", {"value": CANARY})
    match failure:
        case "denied":
            stage.vault.denied.add("/v1/secret/data/x")
        case "sealed":
            stage.vault.sealed = True
        case "refused":
            stage.vault.tokens, stage.vault.roles, stage.vault.users = set(), {}, {}
        case _:
            stage.vault.redirect = f"https://{CANARY}.evil.example/{CANARY}"

    with pytest.raises(PolysyncError) as caught:
        stage.open(auth).read("x")

    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in caplog.text
    assert caught.value.__context__ is None


def test_its_representation_shows_no_token(stage: Stage) -> None:
    opened = stage.open()
    opened.test()

    assert CANARY not in repr(opened)


@pytest.mark.parametrize("version", ["2", 2])
def test_the_version_may_be_text_or_a_number(version: object) -> None:
    attributes = {"address": "https://vault.example.com", "kvVersion": version}

    check_vault(a_vault(attributes=attributes), development=False)


def test_a_reference_is_resolved_through_two_vaults(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it happens in an activity: the token of one vault lies in another."""
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    hashi = a_vault(
        auth={"method": "Token", "token": "vault://local/VAULT_TOKEN"},
        attributes={"address": stage.address},
    )
    local = Vault.model_validate({"name": "local", "provider": "Environment"})
    resolver = SecretResolver(definition_reader(hashi, local), development=True)

    assert resolver.resolve("vault://hashi/db/main").reveal() == "s3cret"
    opened = open_vault(hashi, development=True, secrets=resolver)
    assert "the token is valid" in opened.test()
