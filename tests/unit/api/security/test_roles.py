"""Tests for the roles of routes."""

from __future__ import annotations

import logging
from functools import cache

import pytest

from polysync_core.adapters import production_ports
from polysync_core.api.security.callers import (
    by_key,
    from_app_service,
    reject_all,
)
from polysync_core.api.security.roles import OPEN, RULES
from polysync_core.composition import build, build_api
from polysync_core.domain.security.access_keys import AccessKey
from polysync_core.domain.security.roles import Role
from polysync_core.settings import Settings
from tests.unit.api.security.protected_app import (
    KEYS,
    PRODUCTION,
    World,
    key_header,
    principal_header,
)

CALLERS: dict[str, frozenset[Role]] = {
    "no role": frozenset(),
    **{role.name: frozenset({role}) for role in Role},
}


@cache
def _routes() -> list[tuple[str, str]]:
    """Return every route of the deployed app."""
    settings = Settings.read(PRODUCTION)
    services = build(production_ports(settings), settings)
    paths = build_api(services, reject_all).openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def minimum_role(method: str, path: str) -> Role:
    """Return the least role that the effect of a route requires."""
    if path in {"/audit", "/secrets/test"} or path.endswith(
        ("/import", "/sync-parameters", "/jobs/{name}/tasks", "/restore")
    ):
        return Role.ADMINISTRATOR
    if path == "/jobs/{name}/runs/{run_id}":
        return Role.READER if method == "GET" else Role.OPERATOR
    return {"GET": Role.READER, "POST": Role.OPERATOR}.get(method, Role.ADMINISTRATOR)


def path_of(template: str) -> str:
    return template.replace("{name}", "x").replace("{run_id}", "r")


@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
def test_a_caller_may_use_the_routes_of_its_role_only(world: World, caller: str) -> None:
    held = CALLERS[caller]
    header = principal_header(*held, preferred_username="ann@example.com")

    _check_access(world, held, header)


@pytest.mark.slow
@pytest.mark.parametrize("role", Role)
def test_an_access_key_may_use_the_routes_of_its_role_only(
    world_with_keys: World, role: Role
) -> None:
    _check_access(world_with_keys, frozenset({role}), key_header(role))


def _check_access(world: World, held: frozenset[Role], header: dict[str, str]) -> None:
    """Request every route; assert that the app is reached exactly if a role includes the route."""
    for method, template in sorted(RULES):
        needed = minimum_role(method, template)
        allowed = any(needed in role.includes for role in held)
        world.app.callers.clear()

        answer = world.send(method, path_of(template), header)

        assert answer.status_code == (200 if allowed else 403), f"{method} {template}"
        assert len(world.app.callers) == allowed, f"{method} {template}"


@pytest.mark.slow
@pytest.mark.parametrize("keys", [[], KEYS], ids=["no keys", "keys"])
def test_every_route_is_closed_to_unauthenticated_callers(keys: list[AccessKey]) -> None:
    world = World(by_key(keys, otherwise=from_app_service))
    for method, template in sorted(RULES):
        answer = world.send(method, path_of(template))

        closed = (answer.status_code, answer.headers["www-authenticate"])
        assert closed == (401, "Bearer"), f"{method} {template}"
    assert world.app.callers == []


def test_every_route_of_the_app_has_a_role() -> None:
    """A listed route needs a row in api/security/roles.py."""
    assert [route for route in _routes() if route not in RULES and route not in OPEN] == []


def test_every_row_of_the_table_is_an_existing_route() -> None:
    assert set(RULES) <= set(_routes())
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
    headers = principal_header(Role.ADMINISTRATOR, preferred_username="ann@example.com")

    assert world.send(method, path, headers).status_code == 404
    assert world.app.callers == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        pytest.param(
            "POST", "/definitions", "GET, HEAD, OPTIONS, PUT", id="a path with other methods"
        ),
        pytest.param("POST", "/health", "GET, HEAD, OPTIONS", id="the open path"),
    ],
)
def test_a_missing_method_is_answered_with_the_allowed_ones(
    world: World, method: str, path: str, allowed: str
) -> None:
    answer = world.send(method, path, principal_header(Role.ADMINISTRATOR, upn="ann"))

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert world.app.callers == []


def test_the_prefix_of_the_host_makes_no_difference(world: World) -> None:
    headers = principal_header(Role.READER, preferred_username="ann@example.com")

    assert world.send("GET", "/api/tasks", headers).status_code == 200
    assert world.send("PUT", "/api/tasks/x", headers).status_code == 403
    assert world.send("GET", "/api/api/tasks", headers).status_code == 404


def test_health_needs_no_authentication(world: World) -> None:
    assert world.send("GET", "/health").status_code == 200


def test_a_refusal_is_logged_with_the_caller_and_the_role(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        world.send("PUT", "/definitions", principal_header(Role.READER, preferred_username="ann"))

    (record,) = caplog.records
    fields = record.__dict__
    assert (fields["action"], fields["actor"], fields["needed"]) == (
        "request_refused",
        "ann",
        "Polysync.Administrator",
    )
