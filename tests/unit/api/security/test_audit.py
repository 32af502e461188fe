"""Tests for the audit of requests."""

from __future__ import annotations

import pytest

from polysync_core.domain.security.roles import Role
from tests.unit.api.security.protected_app import World, principal_header


def test_a_change_is_audited_once_with_its_caller(world: World) -> None:
    world.app.status = 201
    world.store.answers_left = 1
    headers = principal_header(Role.ADMINISTRATOR, upn="ann@example.com", oid="77")
    world.send("PUT", "/api/tasks/daily", headers)

    (entry,) = world.store.entries.values()
    assert (entry.actor, entry.object_id) == ("ann@example.com", "77")
    assert (entry.method, entry.path, entry.status) == ("PUT", "/tasks/daily", None)


@pytest.mark.parametrize("status", [400, 422, 503])
def test_a_failed_request_is_audited_with_its_status(world: World, status: int) -> None:
    world.app.status = status
    world.send("PUT", "/api/tasks/daily", principal_header(Role.ADMINISTRATOR, upn="ann"))

    assert [entry.status for entry in world.store.entries.values()] == [status]


def test_reads_and_refused_requests_are_not_audited(world: World) -> None:
    world.send("GET", "/tasks", principal_header(Role.READER, upn="ann"))
    world.send("PUT", "/definitions", principal_header(Role.READER, upn="ann"))

    assert world.store.entries == {}


def test_a_change_that_cannot_be_audited_is_not_executed(world: World) -> None:
    world.store.answers_left = 0
    answer = world.send("PUT", "/definitions", principal_header(Role.ADMINISTRATOR, upn="ann"))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert world.app.callers == []


def test_a_failed_request_is_answered_even_if_its_status_cannot_be_audited(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.app.status, world.store.answers_left = 409, 1
    answer = world.send("PUT", "/definitions", principal_header(Role.ADMINISTRATOR, upn="ann"))

    assert answer.status_code == 409
    assert [entry.status for entry in world.store.entries.values()] == [None]
    assert [record.__dict__["action"] for record in caplog.records] == ["audit_incomplete"]
