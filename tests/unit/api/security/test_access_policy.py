"""The door of the API: every route by every role, who is believed, and what is written down."""

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
from polysync_core.api.security.access_policy import Access, AccessPolicy
from polysync_core.api.security.callers import (
    CALLER_KEY,
    Caller,
    Identify,
    by_key,
    from_app_service,
    nobody,
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
MACHINES = {role: new_access_key(role.name.lower(), role) for role in Role}
"""A key of each role, with what is kept of it."""
KEYS = [kept for _, kept in MACHINES.values()]


@cache
def _routes() -> list[tuple[str, str]]:
    """Return every route of the app as it is deployed."""
    settings = Settings.read(PRODUCTION)
    services = build(production_ports(settings), settings)
    paths = build_api(services, nobody).openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def _minimum(method: str, path: str) -> Role:
    """Return what a route must ask for at least, by what it does."""
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


class Inside:
    """What is behind the door: remembers who came."""

    def __init__(self) -> None:
        self.came: list[Caller | None] = []
        self.status = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.came.append(scope.get(CALLER_KEY))
        await PlainTextResponse("in", status_code=self.status)(scope, receive, send)


def _key(role: Role) -> dict[str, str]:
    return {"x-functions-key": MACHINES[role][0]}


class House:
    """A door with something behind it."""

    def __init__(self, identify: Identify = from_app_service) -> None:
        self.inside, self.store, ids = Inside(), FakeAuditStore(), count()
        audit = Audit(store=self.store, clock=FakeClock(), new_id=lambda: str(next(ids)))
        door = AccessPolicy(identify=identify, audit=audit)
        self.client = TestClient(
            Access(self.inside, door=door, prefix="/api"), base_url="http://127.0.0.1"
        )

    def ask(self, method: str, path: str, headers: Mapping[str, str | bytes] | None = None) -> Any:
        return self.client.request(method, path, headers=headers or {})


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def house_with_keys() -> House:
    return House(by_key(KEYS, otherwise=from_app_service))


# The table


@pytest.mark.parametrize(
    ("route", "caller"),
    [pytest.param(r, c, id=f"{' '.join(r)} {c}") for r, c in product(sorted(RULES), CALLERS)],
)
def test_a_route_is_for_those_who_have_its_role(
    house: House, route: tuple[str, str], caller: str
) -> None:
    method, template = route
    held = CALLERS[caller]
    path = template.replace("{name}", "x").replace("{run_id}", "r")
    needed = _minimum(method, template)
    allowed = any(needed in role.includes for role in held)

    answer = house.ask(method, path, _header(*held, preferred_username="ann@example.com"))

    assert answer.status_code == (200 if allowed else 403)
    assert len(house.inside.came) == allowed


@pytest.mark.parametrize(
    ("route", "role"),
    [pytest.param(r, role, id=f"{' '.join(r)} {role}") for r, role in product(sorted(RULES), Role)],
)
def test_a_route_is_for_machines_whose_key_has_its_role(
    house_with_keys: House, route: tuple[str, str], role: Role
) -> None:
    method, template = route
    path = template.replace("{name}", "x").replace("{run_id}", "r")
    allowed = _minimum(method, template) in role.includes

    answer = house_with_keys.ask(method, path, _key(role))

    assert answer.status_code == (200 if allowed else 403)
    assert len(house_with_keys.inside.came) == allowed


@pytest.mark.parametrize("route", sorted(RULES), ids=" ".join)
@pytest.mark.parametrize("keys", [[], KEYS], ids=["no keys", "keys"])
def test_a_route_is_for_nobody_who_has_not_signed_in(
    keys: list[AccessKey], route: tuple[str, str]
) -> None:
    house = House(by_key(keys, otherwise=from_app_service))
    answer = house.ask(route[0], route[1].replace("{name}", "x").replace("{run_id}", "r"))

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert house.inside.came == []


def test_every_route_of_the_app_has_a_role() -> None:
    """A route that this names needs a row in api/security/roles.py."""
    assert [route for route in _routes() if route not in RULES and route not in OPEN] == []


def test_every_role_is_of_a_route_that_there_is() -> None:
    assert set(RULES) - set(_routes()) == DOCUMENTATION
    assert set(OPEN) <= set(_routes())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/nothing", id="a path that there is not"),
        pytest.param("GET", "/tasks/a/b", id="a longer path"),
        pytest.param("GET", "/health/", id="almost the open path"),
        pytest.param("GET", "//health", id="an empty part"),
        pytest.param("PUT", "/tasks/", id="no name"),
    ],
)
def test_what_is_not_in_the_table_is_for_nobody(house: House, method: str, path: str) -> None:
    headers = _header(Role.ADMINISTRATOR, preferred_username="ann@example.com")

    assert house.ask(method, path, headers).status_code == 404
    assert house.inside.came == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param("POST", "/definitions", "GET, PUT", id="of a path with others"),
        pytest.param("POST", "/health", "GET", id="of the open path"),
    ],
)
def test_a_method_that_there_is_not_is_told_apart(
    house: House, method: str, path: str, allowed: str
) -> None:
    answer = house.ask(method, path, _header(Role.ADMINISTRATOR, upn="ann"))

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert house.inside.came == []


def test_a_head_is_as_its_get() -> None:
    assert role_for("HEAD", "/tasks") is Role.READER


def test_the_prefix_of_the_host_makes_no_difference(house: House) -> None:
    headers = _header(Role.READER, preferred_username="ann@example.com")

    assert house.ask("GET", "/api/tasks", headers).status_code == 200
    assert house.ask("PUT", "/api/tasks/x", headers).status_code == 403
    assert house.ask("GET", "/api/api/tasks", headers).status_code == 404


def test_health_is_open_to_all(house: House) -> None:
    assert house.ask("GET", "/health").status_code == 200


def test_a_refusal_is_logged_with_who_and_what(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        house.ask("PUT", "/definitions", _header(Role.READER, preferred_username="ann"))

    (record,) = caplog.records
    said = record.__dict__
    assert (said["action"], said["actor"], said["needed"]) == (
        "request_refused",
        "ann",
        "Polysync.Administrator",
    )


# Who is believed


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        pytest.param({"preferred_username": "ann@example.com", "azp": "1"}, "ann@example.com"),
        pytest.param({"upn": "ann@example.com"}, "ann@example.com"),
        pytest.param({"azp": "1f2e", "oid": "77"}, "app:1f2e"),
        pytest.param({"appid": "1f2e"}, "app:1f2e"),
        pytest.param({"oid": "77"}, "77"),
    ],
    ids=["a person", "a person, version 1", "an application", "one of version 1", "an id alone"],
)
def test_a_caller_has_a_name(house: House, claims: dict[str, str], name: str) -> None:
    house.ask("GET", "/tasks", _header(Role.READER, **claims))

    (caller,) = house.inside.came
    assert caller is not None
    assert (caller.name, caller.object_id) == (name, claims.get("oid"))


def test_roles_are_found_under_their_long_name_too(house: House) -> None:
    long = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
    headers = _header(**{long: Role.READER, "upn": "ann@example.com"})

    assert house.ask("GET", "/tasks", headers).status_code == 200


def test_a_name_cannot_forge_a_line_of_the_log(house: House) -> None:
    house.ask("GET", "/tasks", _header(Role.READER, upn="ann\n" + "x" * 500))

    (caller,) = house.inside.came
    assert caller is not None
    assert caller.name.startswith("ann\ufffdx")
    assert len(caller.name) == 200


@pytest.mark.parametrize(
    "principal",
    [
        pytest.param("!", id="no base64"),
        pytest.param(base64.b64encode(b"{").decode(), id="no JSON"),
        pytest.param(base64.b64encode(b"[]").decode(), id="no object"),
        pytest.param(base64.b64encode(b'{"claims": [1]}').decode(), id="no claims"),
        pytest.param(base64.b64encode(b"\xff").decode(), id="no text"),
        pytest.param(
            base64.b64encode(b'{"claims": [{"typ": "roles", "val": "Polysync.Reader"}]}').decode(),
            id="a role of nobody",
        ),
    ],
)
def test_a_principal_that_says_nothing_is_nobody(house: House, principal: str) -> None:
    answer = house.ask("GET", "/tasks", {"x-ms-client-principal": principal})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("variables", "identify"),
    [
        pytest.param({}, nobody, id="nothing in front"),
        pytest.param({"WEBSITE_AUTH_ENABLED": "False"}, nobody, id="authentication turned off"),
        pytest.param({"WEBSITE_AUTH_ENABLED": "True"}, from_app_service, id="App Service"),
        pytest.param({"POLYSYNC_ENVIRONMENT": "development"}, require_loopback, id="one machine"),
    ],
)
def test_the_principal_is_believed_only_where_app_service_puts_it(
    variables: dict[str, str], identify: Identify
) -> None:
    assert identify_by(Settings.read(PRODUCTION | variables)) is identify


def test_without_authentication_in_front_a_sent_principal_opens_nothing() -> None:
    house = House(nobody)
    answer = house.ask("GET", "/tasks", _header(Role.ADMINISTRATOR, upn="ann"))

    assert answer.status_code == 401
    assert "WEBSITE_AUTH_ENABLED" in answer.json()["detail"]


def test_a_machine_is_known_by_the_name_of_its_key(house_with_keys: House) -> None:
    house_with_keys.ask("PUT", "/definitions", _key(Role.ADMINISTRATOR))

    (caller,) = house_with_keys.inside.came
    assert caller == Caller(name="key:administrator", roles=frozenset({Role.ADMINISTRATOR}))
    (entry,) = house_with_keys.store.entries.values()
    assert (entry.actor, entry.object_id) == ("key:administrator", None)


def test_a_token_tells_more_than_a_key(house_with_keys: House) -> None:
    headers = _header(Role.READER, upn="ann@example.com") | _key(Role.ADMINISTRATOR)

    assert house_with_keys.ask("PUT", "/definitions", headers).status_code == 403
    assert house_with_keys.ask("GET", "/tasks", headers).status_code == 200
    assert [caller.name for caller in house_with_keys.inside.came if caller] == ["ann@example.com"]


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(new_access_key("reader", Role.READER)[0], id="one that is not listed"),
        pytest.param("", id="an empty one"),
        pytest.param(KEYS[0].digest, id="the hash of one"),
        pytest.param(MACHINES[Role.READER][0][:-1], id="the most of one"),
        pytest.param("polysync_" + "\u00e9" * 43, id="letters that no key has"),
    ],
)
def test_a_key_that_is_none_opens_nothing(
    house_with_keys: House, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = house_with_keys.ask("GET", "/tasks", {"x-functions-key": key.encode("latin-1")})

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert house_with_keys.inside.came == []
    assert [r.__dict__["action"] for r in caplog.records if "action" in r.__dict__] == [
        "key_refused"
    ]
    if key:
        assert key not in caplog.text + answer.text


def test_a_key_is_in_no_log(house_with_keys: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        house_with_keys.ask("GET", "/tasks", _key(Role.READER))
        house_with_keys.ask("PUT", "/definitions", _key(Role.READER))

    told = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "key:reader" in told
    assert MACHINES[Role.READER][0] not in told


def test_keys_open_nothing_where_there_are_none_in_the_settings() -> None:
    for variables in ({}, {"WEBSITE_AUTH_ENABLED": "True"}):
        house = House(identify_by(Settings.read(PRODUCTION | variables)))
        assert house.ask("GET", "/tasks", _key(Role.ADMINISTRATOR)).status_code == 401


@pytest.mark.parametrize(
    ("variables", "without"),
    [
        pytest.param({"WEBSITE_AUTH_ENABLED": "True"}, 401, id="behind App Service"),
        pytest.param({}, 401, id="nothing in front"),
        pytest.param({"POLYSYNC_ENVIRONMENT": "development"}, 200, id="one machine"),
    ],
)
def test_keys_of_the_settings_count_everywhere(variables: dict[str, str], without: int) -> None:
    listed = {"POLYSYNC_ACCESS_KEYS": ",".join(map(str, KEYS))}
    house = House(identify_by(Settings.read(PRODUCTION | variables | listed)))

    assert house.ask("GET", "/tasks", _key(Role.READER)).status_code == 200
    assert house.ask("PUT", "/definitions", _key(Role.OPERATOR)).status_code == 403
    assert house.ask("PUT", "/definitions").status_code == without


@pytest.mark.parametrize("host", ["127.0.0.1:7071", "localhost", "[::1]:7071", "[::1]"])
def test_development_answers_on_this_machine(host: str) -> None:
    house = House(require_loopback)

    assert house.ask("PUT", "/definitions", {"host": host}).status_code == 200
    assert [caller.name for caller in house.inside.came if caller] == ["api"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"host": "192.168.0.7:7071"}, id="another machine of the network"),
        pytest.param({"host": "evil.example"}, id="a name that was bent to this machine"),
        pytest.param({"host": "localhost.evil.example"}, id="a name that looks like it"),
        pytest.param(
            {"host": "127.0.0.1", "x-forwarded-host": "box.example"}, id="what came from outside"
        ),
        pytest.param(
            {"host": "localhost", "x-forwarded-for": "203.0.113.7, 127.0.0.1"}, id="by a tunnel"
        ),
        pytest.param({"host": "localhost", "x-forwarded-for": "unknown"}, id="from who knows"),
        pytest.param(
            {"host": "127.0.0.1:7071", "origin": "https://evil.example"}, id="a page elsewhere"
        ),
        pytest.param({"host": "127.0.0.1:7071", "origin": "null"}, id="a page from nowhere"),
        pytest.param(
            {"host": "127.0.0.1:7071", "origin": "http://localhost.evil.example"},
            id="a page that looks like it",
        ),
    ],
)
def test_development_answers_nobody_else(headers: dict[str, str]) -> None:
    assert House(require_loopback).ask("GET", "/tasks", headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"origin": "http://127.0.0.1:7071"}, id="its own documentation"),
        pytest.param({"origin": "http://[::1]:7071"}, id="by the newer address"),
        pytest.param({"origin": "http://localhost"}, id="by name"),
        pytest.param({"x-forwarded-for": "::1, 127.0.0.1, [::1]:50123"}, id="by a proxy here"),
    ],
)
def test_development_answers_pages_and_proxies_of_this_machine(headers: dict[str, str]) -> None:
    assert House(require_loopback).ask("PUT", "/definitions", headers).is_success


# What is written down


def test_a_change_is_written_down_once_with_its_caller(house: House) -> None:
    house.inside.status = 201
    house.store.answers_left = 1
    headers = _header(Role.ADMINISTRATOR, upn="ann@example.com", oid="77")
    house.ask("PUT", "/api/tasks/daily", headers)

    (entry,) = house.store.entries.values()
    assert (entry.actor, entry.object_id) == ("ann@example.com", "77")
    assert (entry.method, entry.path, entry.status) == ("PUT", "/tasks/daily", None)


@pytest.mark.parametrize("status", [400, 422, 503])
def test_a_call_that_changed_nothing_has_its_answer(house: House, status: int) -> None:
    house.inside.status = status
    house.ask("PUT", "/api/tasks/daily", _header(Role.ADMINISTRATOR, upn="ann"))

    assert [entry.status for entry in house.store.entries.values()] == [status]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        pytest.param("/definitions?dryRun=true", 0, id="a plan"),
        pytest.param("/definitions?prune=true&dryRun=true", 0, id="a plan that prunes"),
        pytest.param("/definitions?dryRun=false", 1, id="no plan"),
        pytest.param("/definitions?dryRun=true&dryRun=false", 1, id="both"),
        pytest.param("/definitions?dryrun=true", 1, id="another word"),
        pytest.param("/definitions?dryRun=true;", 1, id="more than the word"),
        pytest.param("/tasks/daily?dryRun=true", 1, id="where nothing heeds it"),
    ],
)
def test_only_planning_a_document_is_no_change(house: House, path: str, written: int) -> None:
    house.ask("PUT", path, _header(Role.ADMINISTRATOR, upn="ann"))

    assert len(house.store.entries) == written


def test_reading_and_being_refused_are_no_changes(house: House) -> None:
    house.ask("GET", "/tasks", _header(Role.READER, upn="ann"))
    house.ask("PUT", "/definitions", _header(Role.READER, upn="ann"))

    assert house.store.entries == {}


def test_a_change_that_cannot_be_written_down_is_not_made(house: House) -> None:
    house.store.answers_left = 0
    answer = house.ask("PUT", "/definitions", _header(Role.ADMINISTRATOR, upn="ann"))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert house.inside.came == []


def test_a_refusal_is_answered_though_it_cannot_be_added(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.inside.status, house.store.answers_left = 409, 1
    answer = house.ask("PUT", "/definitions", _header(Role.ADMINISTRATOR, upn="ann"))

    assert answer.status_code == 409
    assert [entry.status for entry in house.store.entries.values()] == [None]
    assert [record.__dict__["action"] for record in caplog.records] == ["audit_incomplete"]
