"""Tests the role table: every operation of the API for every kind of caller."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from polysync_core.composition import identify_by
from polysync_core.domain.security.access_keys import new_access_key
from polysync_core.domain.security.roles import Role
from polysync_core.settings import Settings
from tests.fakes.app import SETTINGS, FakeApp
from tests.fakes.contract import document
from tests.fakes.openapi import METHODS, example_path

_OPEN, _READER, _OPERATOR, _ADMINISTRATOR = "none", "reader", "operator", "administrator"
_CALLERS = (_OPEN, _READER, _OPERATOR, _ADMINISTRATOR)
"""The callers in the order of their rights; each has the rights of the ones before."""

_KINDS = (
    "vaults",
    "platforms",
    "contention-profiles",
    "calendars",
    "jobs",
    "tasks",
    "webhooks",
    "receivers",
)
_NEEDS: Mapping[str, str] = {
    "GET /health": _OPEN,
    "GET /openapi.json": _READER,
    "GET /docs": _READER,
    "GET /definitions": _READER,
    "PUT /definitions": _ADMINISTRATOR,
    "GET /documentation": _READER,
    "GET /metrics": _READER,
    "GET /audit": _ADMINISTRATOR,
    "GET /poison-messages": _READER,
    "GET /graph": _READER,
    "GET /missed": _READER,
    "GET /drift": _READER,
    "GET /failures": _READER,
    "GET /fire-times": _READER,
    "GET /jobs/{name}/drift": _READER,
    "GET /vaults/{name}/test": _READER,
    "GET /platforms/{name}/test": _READER,
    "GET /webhooks/{name}/test": _READER,
    "GET /webhooks/{name}/deliveries": _READER,
    "GET /receivers/{name}/test": _READER,
    "GET /receivers/{name}/deliveries": _READER,
    "GET /versions/{kind}/{name}": _READER,
    "GET /versions/{kind}/{name}/{version}": _READER,
    "POST /versions/{kind}/{name}/{version}/restore": _ADMINISTRATOR,
    "POST /vaults/{name}/test": _OPERATOR,
    "POST /token-issuer/test": _OPERATOR,
    "POST /platforms/{name}/test": _OPERATOR,
    "POST /webhooks/{name}/test": _OPERATOR,
    "POST /receivers/{name}/test": _OPERATOR,
    "POST /secrets/test": _ADMINISTRATOR,
    "GET /platforms/{name}/artefacts": _READER,
    "POST /platforms/{name}/import": _ADMINISTRATOR,
    "POST /jobs/{name}/sync-parameters": _ADMINISTRATOR,
    "POST /jobs/{name}/tasks": _ADMINISTRATOR,
    "POST /jobs/{name}/run": _OPERATOR,
    "GET /jobs/{name}/runs": _READER,
    "GET /jobs/{name}/runs/{run_id}": _READER,
    "DELETE /jobs/{name}/runs/{run_id}": _OPERATOR,
    "GET /jobs/{name}/runs/{run_id}/outputs": _READER,
    "GET /job-keys": _READER,
    "GET /jobs/{name}/status": _READER,
    "GET /jobs/{name}/platform-runs": _READER,
    "GET /contention-profiles/{name}/usage": _READER,
    "POST /tasks/{name}/run": _OPERATOR,
    "GET /tasks/{name}/gate": _READER,
    "GET /tasks/{name}/fire-times": _READER,
    "GET /tasks/{name}/deadlines": _READER,
    "GET /cron": _READER,
    "GET /limits": _READER,
    "GET /tasks/{name}/schedules": _READER,
    "POST /tasks/{name}/pause": _OPERATOR,
    "POST /tasks/{name}/resume": _OPERATOR,
    "POST /tasks/{name}/backfill": _OPERATOR,
    "GET /backfills": _READER,
    "GET /backfills/{backfill_id}": _READER,
    "POST /backfills/{backfill_id}/cancel": _OPERATOR,
    "GET /holds": _READER,
    "POST /events": _OPERATOR,
    "GET /tasks/{name}/arrivals": _READER,
    **{
        f"POST {scope}/{action}": _OPERATOR
        for scope in ("", "/tasks/{name}", "/platforms/{name}")
        for action in ("hold", "release")
    },
    "GET /task-runs": _READER,
    "GET /task-runs/{run_id}": _READER,
    "GET /task-runs/{run_id}/history": _READER,
    "GET /task-runs/{run_id}/events": _READER,
    "GET /task-runs/{run_id}/explain": _READER,
    "GET /task-runs/{run_id}/logs": _READER,
    "POST /task-runs/cancel": _OPERATOR,
    "POST /task-runs/{run_id}/cancel": _OPERATOR,
    "POST /task-runs/{run_id}/rerun": _OPERATOR,
    **{f"GET /{kind}": _READER for kind in _KINDS},
    **{f"GET /{kind}/{{name}}": _READER for kind in _KINDS},
    **{
        f"{method} /{kind}/{{name}}": _ADMINISTRATOR
        for kind in _KINDS
        for method in ("PUT", "PATCH", "DELETE")
    },
}
"""The caller with the fewest rights who may use each operation, written down independently."""

_KEYS = {role.name.lower(): new_access_key(role.name.lower(), role) for role in Role}
_OPERATIONS = [
    f"{method.upper()} {path}"
    for path, item in document()["paths"].items()
    for method in METHODS
    if method in item
]


@pytest.fixture(scope="module")
def app() -> FakeApp:
    """Return the app in production mode, with one access key for each role."""
    keys = ",".join(str(stored) for _, stored in _KEYS.values())
    settings = Settings.read(SETTINGS | {"POLYSYNC_ACCESS_KEYS": keys})
    return FakeApp(settings=settings, identify=identify_by(settings))


def test_the_table_has_every_operation_and_no_other() -> None:
    assert set(_NEEDS) == set(_OPERATIONS)


@pytest.mark.parametrize("caller", _CALLERS)
@pytest.mark.parametrize("operation", _OPERATIONS)
def test_an_operation_is_open_to_its_callers_alone(
    app: FakeApp, operation: str, caller: str
) -> None:
    method, _, path = operation.partition(" ")
    headers = {} if caller == _OPEN else {"x-functions-key": _KEYS[caller][0]}
    allowed = _CALLERS.index(caller) >= _CALLERS.index(_NEEDS[operation])

    # A body with an unknown field changes nothing.
    answer = app.http.request(method, example_path(path) + "?unknown=1", headers=headers)

    refused = 401 if caller == _OPEN else 403
    assert answer.status_code == (422 if allowed else refused)


@pytest.mark.parametrize("operation", [each for each in _OPERATIONS if each != "GET /health"])
def test_an_unknown_key_is_refused(app: FakeApp, operation: str) -> None:
    method, _, path = operation.partition(" ")
    headers = {"x-functions-key": _KEYS["administrator"][0] + "x"}

    assert app.http.request(method, example_path(path), headers=headers).status_code == 401
