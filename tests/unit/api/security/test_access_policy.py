"""Tests for access control: roles of routes, identification of callers, and the audit."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from functools import cache
from itertools import count, product
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from polysync_core.adapters import production_ports
from polysync_core.api.security.access_policy import AccessControl, AccessPolicy
from polysync_core.api.security.callers import (
    CALLER_KEY,
    Caller,
    Identify,
    by_key,
    from_app_service,
    reject_all,
    require_loopback,
)
from polysync_core.api.security.roles import OPEN, RULES, role_for
from polysync_core.application.operations.audit import Audit
from polysync_core.composition import build, build_api, identify_by
from polysync_core.domain.access_keys import AccessKey, new_access_key
from polysync_core.domain.roles import Role
from polysync_core.settings import Settings
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import FakeClock

DOCUMENTATION = {("GET", "/openapi.json"), ("GET", "/docs")}
CALLERS: dict[str, frozenset[Role]] = {
    "no role": frozenset(),
    **{role.name: frozenset({role}) for role in Role},
}
PRODUCTION = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}
KEY_OF_ROLE = {role: new_access_key(role.name.lower(), role) for role in Role}
"""An access key for each role, and its stored form."""
KEYS = [stored for _, stored in KEY_OF_ROLE.values()]


@cache
def _routes() -> list[tuple[str, str]]:
    """Return every route of the deployed app."""
    settings = Settings.read(PRODUCTION)
    services = build(production_ports(settings), settings)
    paths = build_api(services, reject_all).openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def _minimum(method: str, path: str) -> Role:
    """Return the least role that the effect of a route requires."""
    if path == "/audit" or path.endswith(("/import", "/sync-parameters", "/jobs/{name}/tasks")):
        return Role.ADMINISTRATOR
    if path == "/jobs/{name}/runs/{run_id}":
        return Role.READER if method == "GET" else Role.OPERATOR
    return {"GET": Role.READER, "POST": Role.OPERATOR}.get(method, Role.ADMINISTRATOR)


def _header(*roles: str, **claims: str) -> dict[str, str]:
    listed = [{"typ": "roles", "val": role} for role in roles]
    listed += [{"typ": kind, "val": value} for kind, value in claims.items()]
    document = {"auth_typ": "aad", "claims": listed}
    return {"x-ms-client-principal": base64.b64encode(json.dumps(document).encode()).decode()}


class ProtectedApp:
    """The app behind access control; it records the callers."""

    def __init__(self) -> None:
        self.callers: list[Caller | None] = []
        self.status = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.callers.append(scope.get(CALLER_KEY))
        await PlainTextResponse("ok", status_code=self.status)(scope, receive, send)


def _key(role: Role) -> dict[str, str]:
    return {"x-functions-key": KEY_OF_ROLE[role][0]}


class World:
    """Access control in front of a protected app."""

    def __init__(self, identify: Identify = from_app_service) -> None:
        self.app, self.store, ids = ProtectedApp(), FakeAuditStore(), count()
        audit = Audit(store=self.store, clock=FakeClock(), new_id=lambda: str(next(ids)))
        policy = AccessPolicy(identify=identify, audit=audit)
        self.client = TestClient(
            AccessControl(self.app, policy=policy, prefix="/api"), base_url="http://127.0.0.1"
        )

    def send(self, method: str, path: str, headers: Mapping[str, str | bytes] | None = None) -> Any:
        return self.client.request(method, path, headers=headers or {})


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def world_with_keys() -> World:
    return World(by_key(KEYS, otherwise=from_app_service))


# Roles of routes


@pytest.mark.parametrize(
    ("route", "caller"),
    [pytest.param(r, c, id=f"{' '.join(r)} {c}") for r, c in product(sorted(RULES), CALLERS)],
)
def test_a_route_is_open_to_callers_with_its_role(
    world: World, route: tuple[str, str], caller: str
) -> None:
    method, template = route
    held = CALLERS[caller]
    path = template.replace("{name}", "x").replace("{run_id}", "r")
    needed = _minimum(method, template)
    allowed = any(needed in role.includes for role in held)

    answer = world.send(method, path, _header(*held, preferred_username="ann@example.com"))

    assert answer.status_code == (200 if allowed else 403)
    assert len(world.app.callers) == allowed


@pytest.mark.parametrize(
    ("route", "role"),
    [pytest.param(r, role, id=f"{' '.join(r)} {role}") for r, role in product(sorted(RULES), Role)],
)
def test_a_route_is_open_to_access_keys_with_its_role(
    world_with_keys: World, route: tuple[str, str], role: Role
) -> None:
    method, template = route
    path = template.replace("{name}", "x").replace("{run_id}", "r")
    allowed = _minimum(method, template) in role.includes

    answer = world_with_keys.send(method, path, _key(role))

    assert answer.status_code == (200 if allowed else 403)
    assert len(world_with_keys.app.callers) == allowed


@pytest.mark.parametrize("route", sorted(RULES), ids=" ".join)
@pytest.mark.parametrize("keys", [[], KEYS], ids=["no keys", "keys"])
def test_a_route_is_closed_to_unauthenticated_callers(
    keys: list[AccessKey], route: tuple[str, str]
) -> None:
    world = World(by_key(keys, otherwise=from_app_service))
    answer = world.send(route[0], route[1].replace("{name}", "x").replace("{run_id}", "r"))

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert world.app.callers == []


def test_every_route_of_the_app_has_a_role() -> None:
    """A listed route needs a row in api/security/roles.py."""
    assert [route for route in _routes() if route not in RULES and route not in OPEN] == []


def test_every_row_of_the_table_is_an_existing_route() -> None:
    assert set(RULES) - set(_routes()) == DOCUMENTATION
    assert set(OPEN) <= set(_routes())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/nothing", id="an unknown path"),
        pytest.param("GET", "/tasks/a/b", id="a longer path"),
        pytest.param("GET", "/health/", id="almost the open path"),
        pytest.param("GET", "//health", id="an empty segment"),
        pytest.param("PUT", "/tasks/", id="no name"),
    ],
)
def test_a_path_without_a_row_is_not_found(world: World, method: str, path: str) -> None:
    headers = _header(Role.ADMINISTRATOR, preferred_username="ann@example.com")

    assert world.send(method, path, headers).status_code == 404
    assert world.app.callers == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param("POST", "/definitions", "GET, PUT", id="a path with other methods"),
        pytest.param("POST", "/health", "GET", id="the open path"),
    ],
)
def test_a_missing_method_is_answered_with_the_allowed_ones(
    world: World, method: str, path: str, allowed: str
) -> None:
    answer = world.send(method, path, _header(Role.ADMINISTRATOR, upn="ann"))

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert world.app.callers == []


def test_head_needs_the_role_of_get() -> None:
    assert role_for("HEAD", "/tasks") is Role.READER


def test_the_prefix_of_the_host_makes_no_difference(world: World) -> None:
    headers = _header(Role.READER, preferred_username="ann@example.com")

    assert world.send("GET", "/api/tasks", headers).status_code == 200
    assert world.send("PUT", "/api/tasks/x", headers).status_code == 403
    assert world.send("GET", "/api/api/tasks", headers).status_code == 404


def test_health_needs_no_authentication(world: World) -> None:
    assert world.send("GET", "/health").status_code == 200


def test_a_refusal_is_logged_with_the_caller_and_the_role(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        world.send("PUT", "/definitions", _header(Role.READER, preferred_username="ann"))

    (record,) = caplog.records
    fields = record.__dict__
    assert (fields["action"], fields["actor"], fields["needed"]) == (
        "request_refused",
        "ann",
        "Polysync.Administrator",
    )


# Identification of callers


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
    world.send("GET", "/tasks", _header(Role.READER, **claims))

    (caller,) = world.app.callers
    assert caller is not None
    assert (caller.name, caller.object_id) == (name, claims.get("oid"))


def test_roles_are_read_from_the_long_claim_name_too(world: World) -> None:
    long = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
    headers = _header(**{long: Role.READER, "upn": "ann@example.com"})

    assert world.send("GET", "/tasks", headers).status_code == 200


def test_a_name_cannot_forge_a_line_of_the_log(world: World) -> None:
    world.send("GET", "/tasks", _header(Role.READER, upn="ann\n" + "x" * 500))

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
    answer = world.send("GET", "/tasks", _header(Role.ADMINISTRATOR, upn="ann"))

    assert answer.status_code == 401
    assert "WEBSITE_AUTH_ENABLED" in answer.json()["detail"]


def test_a_caller_with_a_key_has_the_name_of_the_key(world_with_keys: World) -> None:
    world_with_keys.send("PUT", "/definitions", _key(Role.ADMINISTRATOR))

    (caller,) = world_with_keys.app.callers
    assert caller == Caller(name="key:administrator", roles=frozenset({Role.ADMINISTRATOR}))
    (entry,) = world_with_keys.store.entries.values()
    assert (entry.actor, entry.object_id) == ("key:administrator", None)


def test_a_token_wins_over_a_key(world_with_keys: World) -> None:
    headers = _header(Role.READER, upn="ann@example.com") | _key(Role.ADMINISTRATOR)

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
        world_with_keys.send("GET", "/tasks", _key(Role.READER))
        world_with_keys.send("PUT", "/definitions", _key(Role.READER))

    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "key:reader" in logged
    assert KEY_OF_ROLE[Role.READER][0] not in logged


def test_keys_are_rejected_if_the_settings_have_none() -> None:
    for variables in ({}, {"WEBSITE_AUTH_ENABLED": "True"}):
        world = World(identify_by(Settings.read(PRODUCTION | variables)))
        assert world.send("GET", "/tasks", _key(Role.ADMINISTRATOR)).status_code == 401


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

    assert world.send("GET", "/tasks", _key(Role.READER)).status_code == 200
    assert world.send("PUT", "/definitions", _key(Role.OPERATOR)).status_code == 403
    assert world.send("PUT", "/definitions").status_code == without


@pytest.mark.parametrize("host", ["127.0.0.1:7071", "localhost", "[::1]:7071", "[::1]"])
def test_development_mode_accepts_loopback_hosts(host: str) -> None:
    world = World(require_loopback)

    assert world.send("PUT", "/definitions", {"host": host}).status_code == 200
    assert [caller.name for caller in world.app.callers if caller] == ["api"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"host": "192.168.0.7:7071"}, id="a network address"),
        pytest.param({"host": "evil.example"}, id="DNS rebinding"),
        pytest.param({"host": "localhost.evil.example"}, id="a similar host name"),
        pytest.param(
            {"host": "127.0.0.1", "x-forwarded-host": "box.example"}, id="a forwarded foreign host"
        ),
        pytest.param(
            {"host": "localhost", "x-forwarded-for": "203.0.113.7, 127.0.0.1"}, id="a tunnel"
        ),
        pytest.param(
            {"host": "localhost", "x-forwarded-for": "unknown"}, id="an unknown origin of a proxy"
        ),
        pytest.param(
            {"host": "127.0.0.1:7071", "origin": "https://evil.example"},
            id="CSRF from a foreign page",
        ),
        pytest.param({"host": "127.0.0.1:7071", "origin": "null"}, id="an opaque origin"),
        pytest.param(
            {"host": "127.0.0.1:7071", "origin": "http://localhost.evil.example"},
            id="a page with a similar host name",
        ),
    ],
)
def test_development_mode_rejects_dns_rebinding_csrf_and_tunnels(headers: dict[str, str]) -> None:
    assert World(require_loopback).send("GET", "/tasks", headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": "http://127.0.0.1:7071"}, id="its own documentation page"),
        pytest.param({"origin": "http://[::1]:7071"}, id="IPv6"),
        pytest.param({"origin": "http://localhost"}, id="by host name"),
        pytest.param({"x-forwarded-for": "::1, 127.0.0.1, [::1]:50123"}, id="a local proxy"),
    ],
)
def test_development_mode_accepts_local_pages_and_proxies(headers: dict[str, str]) -> None:
    assert World(require_loopback).send("PUT", "/definitions", headers).is_success


# Audit


def test_a_change_is_audited_once_with_its_caller(world: World) -> None:
    world.app.status = 201
    world.store.answers_left = 1
    headers = _header(Role.ADMINISTRATOR, upn="ann@example.com", oid="77")
    world.send("PUT", "/api/tasks/daily", headers)

    (entry,) = world.store.entries.values()
    assert (entry.actor, entry.object_id) == ("ann@example.com", "77")
    assert (entry.method, entry.path, entry.status) == ("PUT", "/tasks/daily", None)


@pytest.mark.parametrize("status", [400, 422, 503])
def test_a_failed_request_is_audited_with_its_status(world: World, status: int) -> None:
    world.app.status = status
    world.send("PUT", "/api/tasks/daily", _header(Role.ADMINISTRATOR, upn="ann"))

    assert [entry.status for entry in world.store.entries.values()] == [status]


def test_reads_and_refused_requests_are_not_audited(world: World) -> None:
    world.send("GET", "/tasks", _header(Role.READER, upn="ann"))
    world.send("PUT", "/definitions", _header(Role.READER, upn="ann"))

    assert world.store.entries == {}


def test_a_change_that_cannot_be_audited_is_not_executed(world: World) -> None:
    world.store.answers_left = 0
    answer = world.send("PUT", "/definitions", _header(Role.ADMINISTRATOR, upn="ann"))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert world.app.callers == []


def test_a_failed_request_is_answered_even_if_its_status_cannot_be_audited(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.app.status, world.store.answers_left = 409, 1
    answer = world.send("PUT", "/definitions", _header(Role.ADMINISTRATOR, upn="ann"))

    assert answer.status_code == 409
    assert [entry.status for entry in world.store.entries.values()] == [None]
    assert [record.__dict__["action"] for record in caplog.records] == ["audit_incomplete"]
