"""Tests for the identification of callers by principal and by access key."""

from __future__ import annotations

import base64
import logging

import pytest

from polysync_core.api.security.callers import (
    Caller,
    Identify,
    from_app_service,
    reject_all,
    require_loopback,
)
from polysync_core.composition import identify_by
from polysync_core.domain.security.access_keys import new_access_key
from polysync_core.domain.security.roles import Role
from polysync_core.settings import Settings
from tests.unit.api.security.protected_app import (
    KEY_OF_ROLE,
    KEYS,
    PRODUCTION,
    World,
    key_header,
    principal_header,
)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        pytest.param({"preferred_username": "ann@example.com", "azp": "1"}, "ann@example.com"),
        pytest.param({"upn": "ann@example.com"}, "ann@example.com"),
        pytest.param({"azp": "1f2e", "oid": "77"}, "app:1f2e"),
        pytest.param({"appid": "1f2e"}, "app:1f2e"),
        pytest.param({"oid": "77"}, "77"),
    ],
    ids=[
        "a person",
        "a person, version 1",
        "an application",
        "an application, version 1",
        "only an object id",
    ],
)
def test_a_caller_has_a_name(world: World, claims: dict[str, str], name: str) -> None:
    world.send("GET", "/tasks", principal_header(Role.READER, **claims))

    (caller,) = world.app.callers
    assert caller is not None
    assert (caller.name, caller.object_id) == (name, claims.get("oid"))


def test_roles_are_read_from_the_long_claim_name_too(world: World) -> None:
    long = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
    headers = principal_header(**{long: Role.READER, "upn": "ann@example.com"})

    assert world.send("GET", "/tasks", headers).status_code == 200


def test_a_name_cannot_forge_a_line_of_the_log(world: World) -> None:
    world.send("GET", "/tasks", principal_header(Role.READER, upn="ann\n" + "x" * 500))

    (caller,) = world.app.callers
    assert caller is not None
    assert caller.name.startswith("ann\ufffdx")
    assert len(caller.name) == 200


@pytest.mark.parametrize(
    "principal",
    [
        pytest.param("!", id="not base64"),
        pytest.param(base64.b64encode(b"{").decode(), id="not JSON"),
        pytest.param(base64.b64encode(b"[]").decode(), id="not an object"),
        pytest.param(base64.b64encode(b'{"claims": [1]}').decode(), id="invalid claims"),
        pytest.param(base64.b64encode(b"\xff").decode(), id="not text"),
        pytest.param(
            base64.b64encode(b'{"claims": [{"typ": "roles", "val": "Polysync.Reader"}]}').decode(),
            id="a role without a name",
        ),
    ],
)
def test_an_unusable_principal_is_unauthenticated(world: World, principal: str) -> None:
    answer = world.send("GET", "/tasks", {"x-ms-client-principal": principal})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("variables", "identify"),
    [
        pytest.param({}, reject_all, id="no authentication"),
        pytest.param({"WEBSITE_AUTH_ENABLED": "False"}, reject_all, id="authentication turned off"),
        pytest.param({"WEBSITE_AUTH_ENABLED": "True"}, from_app_service, id="App Service"),
        pytest.param({"POLYSYNC_ENVIRONMENT": "development"}, require_loopback, id="development"),
    ],
)
def test_the_principal_is_trusted_only_behind_app_service(
    variables: dict[str, str], identify: Identify
) -> None:
    assert identify_by(Settings.read(PRODUCTION | variables)) is identify


def test_without_app_service_authentication_a_sent_principal_is_rejected() -> None:
    world = World(reject_all)
    answer = world.send("GET", "/tasks", principal_header(Role.ADMINISTRATOR, upn="ann"))

    assert answer.status_code == 401
    assert "WEBSITE_AUTH_ENABLED" in answer.json()["detail"]


def test_a_caller_with_a_key_has_the_name_of_the_key(world_with_keys: World) -> None:
    world_with_keys.send("PUT", "/definitions", key_header(Role.ADMINISTRATOR))

    (caller,) = world_with_keys.app.callers
    assert caller == Caller(name="key:administrator", roles=frozenset({Role.ADMINISTRATOR}))
    (entry,) = world_with_keys.store.entries.values()
    assert (entry.actor, entry.object_id) == ("key:administrator", None)


def test_a_token_wins_over_a_key(world_with_keys: World) -> None:
    headers = principal_header(Role.READER, upn="ann@example.com") | key_header(Role.ADMINISTRATOR)

    assert world_with_keys.send("PUT", "/definitions", headers).status_code == 403
    assert world_with_keys.send("GET", "/tasks", headers).status_code == 200
    assert [caller.name for caller in world_with_keys.app.callers if caller] == ["ann@example.com"]


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(new_access_key("reader", Role.READER)[0], id="an unknown key"),
        pytest.param("", id="an empty key"),
        pytest.param(KEYS[0].digest, id="the hash of a key"),
        pytest.param(KEY_OF_ROLE[Role.READER][0][:-1], id="a truncated key"),
        pytest.param("polysync_" + "\u00e9" * 43, id="invalid characters"),
    ],
)
def test_an_invalid_key_is_rejected(
    world_with_keys: World, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = world_with_keys.send("GET", "/tasks", {"x-functions-key": key.encode("latin-1")})

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert world_with_keys.app.callers == []
    assert [r.__dict__["action"] for r in caplog.records if "action" in r.__dict__] == [
        "key_refused"
    ]
    if key:
        assert key not in caplog.text + answer.text


def test_a_key_is_in_no_log(world_with_keys: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        world_with_keys.send("GET", "/tasks", key_header(Role.READER))
        world_with_keys.send("PUT", "/definitions", key_header(Role.READER))

    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "key:reader" in logged
    assert KEY_OF_ROLE[Role.READER][0] not in logged


def test_keys_are_rejected_if_the_settings_have_none() -> None:
    for variables in ({}, {"WEBSITE_AUTH_ENABLED": "True"}):
        world = World(identify_by(Settings.read(PRODUCTION | variables)))
        assert world.send("GET", "/tasks", key_header(Role.ADMINISTRATOR)).status_code == 401


@pytest.mark.parametrize(
    ("variables", "without"),
    [
        pytest.param({"WEBSITE_AUTH_ENABLED": "True"}, 401, id="behind App Service"),
        pytest.param({}, 401, id="no authentication"),
        pytest.param({"POLYSYNC_ENVIRONMENT": "development"}, 200, id="development"),
    ],
)
def test_keys_of_the_settings_are_accepted_with_every_authentication(
    variables: dict[str, str], without: int
) -> None:
    listed = {"POLYSYNC_ACCESS_KEYS": ",".join(map(str, KEYS))}
    world = World(identify_by(Settings.read(PRODUCTION | variables | listed)))

    assert world.send("GET", "/tasks", key_header(Role.READER)).status_code == 200
    assert world.send("PUT", "/definitions", key_header(Role.OPERATOR)).status_code == 403
    assert world.send("PUT", "/definitions").status_code == without
