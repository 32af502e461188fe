"""Tests that each route of the console has a row in the table of roles."""

from __future__ import annotations

from functools import cache

import pytest
from fastapi.routing import APIRoute

from polysync_core.console.roles import OPEN, RULES
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp, settings_of
from tests.unit.api.security.protected_app import principal_header


@cache
def _azure() -> FakeApp:
    return FakeApp(
        settings=settings_of(POLYSYNC_ENVIRONMENT="production", WEBSITE_AUTH_ENABLED="True")
    )


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    routes = {
        (method, route.path)
        for route in _azure().console.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }

    assert routes == {*RULES, *OPEN}
    assert not RULES.keys() & OPEN


@pytest.mark.parametrize("route", sorted(RULES), ids=" ".join)
def test_a_route_refuses_callers_without_its_role(route: tuple[str, str]) -> None:
    method, path = route
    roles = list(Role)
    lower = roles[: roles.index(RULES[route])]
    headers = principal_header(*lower[-1:], oid="someone")

    answer = _azure().browser.request(method, path, headers=headers)

    assert answer.status_code == 403
    assert RULES[route] in answer.text


@pytest.mark.parametrize("route", sorted(RULES), ids=" ".join)
def test_only_administrators_and_operators_change_something(route: tuple[str, str]) -> None:
    method, _ = route

    assert method == "GET" or RULES[route] is not Role.READER
