"""Tests that each route of the console has a row in the table of roles."""

from __future__ import annotations

from functools import cache

import pytest

from polysync_core.api.security.roles import RULES as API_RULES
from polysync_core.console.editing.removal import SECTIONS
from polysync_core.console.page_groups import Subject
from polysync_core.console.roles import OPEN, RULES
from polysync_core.console.routing import PageRoute
from polysync_core.domain.definitions.base import is_object_name
from polysync_core.domain.definitions.kinds import SPECS
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
        for each in _azure().console.routes
        for route in (each.routes if isinstance(each, Subject) else [each])
        if isinstance(route, PageRoute)
        for method in route.methods
    }

    assert routes == {*RULES, *OPEN}
    assert not RULES.keys() & OPEN


@pytest.mark.parametrize("rules", [RULES, API_RULES], ids=["console", "API"])
def test_no_fixed_path_takes_the_place_of_a_definition(rules: dict[tuple[str, str], Role]) -> None:
    templates = {tuple(path.split("/")) for _, path in rules}
    sections = {*SECTIONS.values(), *(spec.path for spec in SPECS.values())}
    named = [each for each in templates if each[1] in sections and "{name}" in each]

    hidden = [
        (fixed, template)
        for template in named
        for fixed in templates
        if len(fixed) == len(template)
        and is_object_name(fixed[template.index("{name}")])
        and all(a == b or "{" in b for a, b in zip(fixed, template, strict=True))
    ]

    assert named
    assert not hidden


@pytest.mark.slow
def test_every_route_refuses_callers_without_its_role() -> None:
    roles = list(Role)
    for (method, path), needed in sorted(RULES.items()):
        lower = roles[: roles.index(needed)]
        headers = principal_header(*lower[-1:], oid="someone")

        answer = _azure().browser.request(method, path, headers=headers)

        assert answer.status_code == 403, f"{method} {path}"
        assert needed in answer.text, f"{method} {path}"


def test_only_administrators_and_operators_change_something() -> None:
    changes = {route: role for route, role in RULES.items() if route[0] != "GET"}

    assert [route for route, role in changes.items() if role is Role.READER] == []
