"""Tests for the callers of AppKit's jobs: idempotency keys, user tokens and the audit."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers
from starlette.types import Scope

from polysync_core.api.security.callers import Caller
from polysync_core.domain.security.roles import Role
from tests.fakes.appkit import TOKEN
from tests.unit.api.jobs.appkit_world import World, error_of


def test_one_idempotency_key_starts_one_run(world: World) -> None:
    headers = {"Idempotency-Key": "monday"}
    assert world.run(headers=headers).json() == world.run(headers=headers).json()
    assert world.stream(headers=headers)[0]["data"]["run"]["run_id"] == 101
    assert len(world.workspace.runs) == 1


def test_an_idempotency_key_is_valid_per_caller(world: World) -> None:
    """Two people with the same key do not get each other's runs."""
    world.identify = _identify_by_header
    ann, bob = ({"Idempotency-Key": "1", "caller": name} for name in ("ann", "bob"))
    runs = [world.run(headers=headers).json()["runId"] for headers in (ann, bob, ann)]
    assert runs == [101, 102, 101]


def test_a_renewed_user_token_is_the_same_caller(world: World) -> None:
    """Tokens are valid for an hour, and a start may be repeated later."""
    world.identify = _identify_by_header
    key = {"Idempotency-Key": "1", "caller": "ann"}
    runs = [
        world.client.post("/jobs/etl/run?asUser=true", headers={**key, **_token(token)})
        for token in ("dapi-old", "dapi-new")
    ]
    assert [answer.json()["runId"] for answer in runs] == [101, 101]
    assert world.run(headers=key).json() == {"runId": 102}


async def _identify_by_header(scope: Scope) -> Caller:
    name = Headers(scope=scope).get("caller", "")
    return Caller(name=name, roles=frozenset({Role.ADMINISTRATOR}))


def _token(token: str) -> dict[str, str]:
    return {"x-forwarded-access-token": token}


def test_a_run_with_the_callers_identity_uses_the_callers_token(world: World) -> None:
    headers = {"x-forwarded-access-token": "dapi-user"}
    for query in ("", "?asUser=false", "?asUser=true"):
        assert world.client.post(f"/jobs/etl/run{query}", headers=headers).status_code == 200
    tokens = [call.token for call in world.workspace.calls("run-now")]
    assert tokens == [TOKEN, TOKEN, "dapi-user"]


@pytest.mark.parametrize(("query", "status"), [("asUser=true", 401), ("asUser=1", 400)])
def test_a_request_as_user_without_a_user_token_is_refused(
    world: World, query: str, status: int
) -> None:
    assert error_of(world.client.post(f"/jobs/etl/run?{query}"))[0] == status
    assert world.workspace.received == []


@pytest.mark.parametrize("query", ["", "?stream=true", "?asUser=true"])
def test_the_caller_of_a_run_is_audited_with_the_run_id(world: World, query: str) -> None:
    headers = {"x-forwarded-access-token": "dapi-user"}
    assert world.client.post(f"/jobs/etl/run{query}", headers=headers).status_code == 200
    [entry] = world.audit.entries.values()
    assert (entry.actor, entry.path, entry.run_id) == ("api", "/jobs/etl/run", "101")


def test_a_refused_run_is_audited_with_its_status(world: World) -> None:
    world.workspace.fail("run-now", 403)
    world.run()
    [entry] = world.audit.entries.values()
    assert (entry.status, entry.run_id) == (403, None)
