"""HashiCorp Vault's provider against a simulator on loopback that speaks its HTTP API."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Unavailable
from polysync_core.outbound.read_client import ReadClient
from polysync_core.vaults.hashicorp import HashiCorpVault, open_hashicorp
from polysync_core.vaults.registry import check_vault, open_vault
from polysync_core.vaults.resolver import SecretResolver
from tests.fakes.definitions import definition_reader
from tests.fakes.hashicorp import FakeVault, serving
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime
from tests.fakes.secrets import KnownSecrets

pytestmark = pytest.mark.slow

CANARY = "canary-5b1d"
TOKEN = f"hvs.{CANARY}"
TOKEN_AUTH = {"method": "Token", "token": "vault://local/TOKEN"}
ROLE_AUTH = {"method": "AppRole", "roleId": "role-1", "secretId": "vault://local/SECRET_ID"}
USER_AUTH = {"method": "UserPassword", "username": "ada", "password": "vault://local/PASSWORD"}
METHODS = [
    pytest.param(TOKEN_AUTH, id="Token"),
    pytest.param(ROLE_AUTH, id="AppRole"),
    pytest.param(USER_AUTH, id="UserPassword"),
]


@dataclass
class Stage:
    """A vault that is served, and connections to it in virtual time."""

    vault: FakeVault
    address: str
    time: VirtualTime
    secrets: KnownSecrets

    def open(self, auth: dict[str, Any] | None = None, **attributes: Any) -> HashiCorpVault:
        definition = a_vault(
            auth=auth or TOKEN_AUTH, attributes={"address": self.address, **attributes}
        )
        check_vault(definition, development=True)
        return open_hashicorp(
            definition,
            self.secrets,
            allow_loopback=True,
            client=ReadClient(timer=self.time.timer),
        )


def a_vault(**changes: Any) -> Vault:
    return Vault.model_validate(
        {
            "name": "hashi",
            "provider": "HashiCorpVault",
            "auth": TOKEN_AUTH,
            "attributes": {"address": "https://vault.example.com:8200"},
            **changes,
        }
    )


def attributes(**more: Any) -> dict[str, Any]:
    return {"attributes": {"address": "https://vault.example.com", **more}}


@pytest.fixture
def stage() -> Iterator[Stage]:
    vault = FakeVault(
        tokens={TOKEN}, roles={"role-1": f"id-{CANARY}"}, users={"ada": f"pw-{CANARY}"}
    )
    vault.put("db/main", {"value": "s3cret", "user": "ada"})
    secrets = KnownSecrets(
        {
            "vault://local/TOKEN": TOKEN,
            "vault://local/SECRET_ID": f"id-{CANARY}",
            "vault://local/PASSWORD": f"pw-{CANARY}",
            "vault://local/ROLE": "role-1",
        }
    )
    with serving(vault) as address:
        yield Stage(vault, address, VirtualTime(), secrets)


@pytest.mark.parametrize("auth", METHODS)
def test_each_method_reads_and_tests(stage: Stage, auth: dict[str, Any]) -> None:
    opened = stage.open(auth)

    assert opened.read("db/main").reveal() == "s3cret"
    assert stage.address in opened.test()


def test_the_first_version_of_the_engine_is_read(stage: Stage) -> None:
    stage.vault.put("db", {"value": "old"}, mount="kv")

    assert stage.open(mount="kv", kvVersion=1).read("db").reveal() == "old"
    assert stage.vault.asked[-1] == ("GET", "/v1/kv/db", None)


def test_a_namespace_is_said_at_login_and_at_every_read(stage: Stage) -> None:
    stage.vault.secrets["admin/team", "secret", "db"] = {"value": "theirs"}

    assert stage.open(ROLE_AUTH, namespace="admin/team").read("db").reveal() == "theirs"
    assert {namespace for _, _, namespace in stage.vault.asked} == {"admin/team"}


def test_a_method_at_another_mount_is_logged_in_to_there(stage: Stage) -> None:
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
def test_a_map_without_a_clear_value_is_refused_with_the_remedy(
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


def test_a_sealed_vault_is_asked_again_and_then_said_to_be_sealed(stage: Stage) -> None:
    stage.vault.sealed = True

    with pytest.raises(Unavailable, match="sealed"):
        stage.open().read("db/main")

    assert len(stage.vault.asked) == 3


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    stage.vault.redirect = "https://evil.example/v1/secret"

    with pytest.raises(PlatformRefused, match=r"redirects to evil\.example, which is not followed"):
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
def test_a_login_answered_with_nonsense_is_not_a_token(answer: dict[str, Any]) -> None:
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
            stage.vault.redirect = f"https://evil.example/{CANARY}"

    with pytest.raises(PolysyncError) as caught:
        stage.open(auth).read("x")

    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in caplog.text
    assert caught.value.__context__ is None


def test_its_representation_shows_no_token(stage: Stage) -> None:
    opened = stage.open()
    opened.test()

    assert CANARY not in repr(opened)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"auth": None}, "auth"),
        ({"auth": {"method": "ManagedIdentity"}}, "auth.method"),
        ({"auth": {"method": "Token"}}, "auth.token"),
        ({"auth": {**TOKEN_AUTH, "username": "x"}}, "auth.username"),
        ({"auth": {"method": "AppRole", "roleId": "r"}}, "auth.secretId"),
        ({"auth": {**ROLE_AUTH, "roleId": "a/b"}}, "auth.roleId"),
        ({"auth": {**ROLE_AUTH, "mount": "/approle/"}}, "auth.mount"),
        ({"auth": {**ROLE_AUTH, "mount": "a/../b"}}, "auth.mount"),
        ({"auth": {**USER_AUTH, "username": ".."}}, "auth.username"),
        ({"auth": {**USER_AUTH, "username": "a/b"}}, "auth.username"),
        ({"attributes": {}}, "attributes.address"),
        ({"attributes": {"address": "http://vault.example.com"}}, "attributes.address"),
        ({"attributes": {"address": "https://10.0.0.4:8200"}}, "attributes.address"),
        ({"attributes": {"address": "https://u@vault.example.com"}}, "attributes.address"),
        ({"attributes": {"address": "https://vault.example.com/v1"}}, "attributes.address"),
        ({"attributes": {"address": "https://vault.example.com:0"}}, "attributes.address"),
        ({"attributes": {"address": "https://vault.example.com:99999"}}, "attributes.address"),
        ({"attributes": {"address": "https://vault"}}, "attributes.address"),
        ({"attributes": {"address": "http://127.0.0.1:8200"}}, "attributes.address"),
        (attributes(mount="/s"), "attributes.mount"),
        (attributes(kvVersion=3), "attributes.kvVersion"),
        (attributes(namespace=".."), "attributes.namespace"),
        (attributes(key=""), "attributes.key"),
        (attributes(x="y"), "attributes.x"),
    ],
)
def test_a_definition_that_cannot_work_is_refused(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        open_vault(a_vault(**changes), development=False)

    assert path in {problem.path for problem in caught.value.problems}


def test_a_secret_in_clear_text_cannot_be_written_down() -> None:
    with pytest.raises(ValueError, match="reference") as caught:
        a_vault(auth={"method": "Token", "token": "hvs.clear"})

    assert "vault://<vault>/<secret>" in str(caught.value)


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
