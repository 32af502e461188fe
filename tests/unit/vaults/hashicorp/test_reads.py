"""Reads of secrets from a HashiCorp Vault that speaks its HTTP API on loopback."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from tests.unit.vaults.hashicorp.stage import (
    CANARY,
    METHODS,
    ROLE_AUTH,
    USER_AUTH,
    Stage,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("auth", METHODS)
def test_each_method_reads_and_tests(stage: Stage, auth: dict[str, Any]) -> None:
    opened = stage.open(auth)

    assert opened.read("db/main").reveal() == "s3cret"
    assert stage.address in opened.test()


def test_the_first_version_of_the_engine_is_read(stage: Stage) -> None:
    stage.vault.put("db", {"value": "old"}, mount="kv")

    assert stage.open(mount="kv", kvVersion=1).read("db").reveal() == "old"
    assert stage.vault.asked[-1] == ("GET", "/v1/kv/db", None)


def test_the_namespace_is_sent_at_login_and_at_every_read(stage: Stage) -> None:
    stage.vault.secrets["admin/team", "secret", "db"] = {"value": "theirs"}

    assert stage.open(ROLE_AUTH, namespace="admin/team").read("db").reveal() == "theirs"
    assert {namespace for _, _, namespace in stage.vault.asked} == {"admin/team"}


def test_a_method_at_another_mount_logs_in_at_this_mount(stage: Stage) -> None:
    stage.open({**ROLE_AUTH, "mount": "teams/approle"}).read("db/main")

    assert stage.vault.asked[0][1] == "/v1/auth/teams/approle/login"


def test_a_role_id_may_be_kept_as_a_secret(stage: Stage) -> None:
    auth = {**ROLE_AUTH, "roleId": "vault://local/ROLE"}

    assert stage.open(auth).read("db/main").reveal() == "s3cret"


@pytest.mark.parametrize(
    ("content", "attributes", "value"),
    [
        pytest.param({"value": "v", "other": "o"}, {}, "v", id="the key value"),
        pytest.param({"password": "p"}, {}, "p", id="the only key"),
        pytest.param({"value": "v", "user": "u"}, {"key": "user"}, "u", id="the key asked for"),
    ],
)
def test_one_key_of_the_map_is_the_value(
    stage: Stage, content: dict[str, Any], attributes: dict[str, Any], value: str
) -> None:
    stage.vault.put("x", content)

    assert stage.open(**attributes).read("x").reveal() == value


@pytest.mark.parametrize(
    ("content", "attributes", "words"),
    [
        pytest.param(
            {CANARY: "a", "b": "c"}, {}, "2 keys and none is 'value'.*attributes.key", id="many"
        ),
        pytest.param({}, {}, "0 keys", id="none"),
        pytest.param({"value": "v"}, {"key": "user"}, "no key 'user'", id="not the one asked for"),
        pytest.param({"value": 7}, {}, "not text", id="a number"),
        pytest.param({"value": {"a": CANARY}}, {}, "not text", id="an object"),
        pytest.param({"value": ""}, {}, "is empty", id="an empty text"),
    ],
)
def test_a_map_without_an_unambiguous_value_is_refused_with_the_remedy(
    stage: Stage, content: dict[str, Any], attributes: dict[str, Any], words: str
) -> None:
    stage.vault.put("x", content)

    with pytest.raises(PlatformRefused, match=words) as caught:
        stage.open(**attributes).read("x")

    assert caught.value.cause is FailureCause.SECRET
    assert CANARY not in str(caught.value)


def test_a_login_is_kept_until_shortly_before_its_lease_ends(stage: Stage) -> None:
    stage.vault.lease = 600
    opened = stage.open(ROLE_AUTH)

    for moment, logins in [(0.0, 1), (539.0, 1), (541.0, 2)]:
        stage.time.seconds = moment
        opened.read("db/main")
        assert stage.vault.logins == logins


def test_a_login_without_an_end_is_kept(stage: Stage) -> None:
    stage.vault.lease = 0
    opened = stage.open(USER_AUTH)
    opened.read("db/main")
    stage.time.seconds = 10 * 365 * 86400.0

    opened.read("db/main")

    assert stage.vault.logins == 1


def test_a_revoked_token_is_replaced_by_one_fresh_login(stage: Stage) -> None:
    opened = stage.open(ROLE_AUTH)
    opened.read("db/main")
    stage.vault.tokens.clear()

    assert opened.read("db/main").reveal() == "s3cret"
    assert stage.vault.logins == 2


def test_a_rotated_token_is_read_again_from_its_vault(stage: Stage) -> None:
    opened = stage.open()
    opened.read("db/main")
    stage.vault.tokens = {"hvs.new"}
    stage.secrets.rotated["vault://local/TOKEN"] = "hvs.new"

    assert opened.read("db/main").reveal() == "s3cret"


def test_a_secret_id_that_was_just_rotated_is_read_again(stage: Stage) -> None:
    stage.vault.roles["role-1"] = "new"
    stage.secrets.rotated["vault://local/SECRET_ID"] = "new"

    assert stage.open(ROLE_AUTH).read("db/main").reveal() == "s3cret"
    assert stage.vault.logins == 2


def test_a_password_that_is_wrong_is_sent_once_only(stage: Stage) -> None:
    """Vault locks users out who fail too often."""
    stage.vault.users["ada"] = "another"

    with pytest.raises(PlatformRefused, match=r"auth\.username, auth\.password"):
        stage.open(USER_AUTH).read("db/main")

    assert stage.vault.logins == 1


def test_a_permission_that_is_missing_costs_one_login_and_names_the_path(stage: Stage) -> None:
    stage.vault.denied.add("/v1/secret/data/db/main")

    with pytest.raises(PlatformRefused, match="'read' on 'secret/data/db/main'") as caught:
        stage.open(ROLE_AUTH).read("db/main")

    assert caught.value.status == 403
    assert stage.vault.logins == 2
