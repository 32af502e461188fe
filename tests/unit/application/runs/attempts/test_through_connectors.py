"""Problems through the real connectors, vaults and HTTP client, with scripted answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.errors import Unavailable
from polysync_core.outbound.call_budget import RetryTimer
from polysync_core.platforms import platform_client, registry
from tests.fakes.app import FakeApp
from tests.fakes.http import Reply, ScriptedTransport, Step
from tests.unit.platforms.platform_client.stage import refused_connection

HOST = "adb-999.9.azuredatabricks.net"
DATABRICKS = {
    "type": "AzureDatabricks",
    "auth": {
        "method": "PersonalAccessToken",
        "personalAccessToken": "vault://team/databricks-token",
    },
    "attributes": {
        "workspaceUrl": f"https://{HOST}",
        "clusterVersion": "15.4.x-scala2.12",
        "clusterNodeType": "Standard_D4ds_v5",
    },
}
NOTEBOOK = {"jobType": "DatabricksNotebook", "externalId": "/etl/sales"}
FUNCTIONS = {
    "type": "AzureFunctions",
    "auth": {"method": "FunctionKey", "functionKey": "vault://team/function-key"},
    "attributes": {
        "subscriptionId": "0f0f0f0f-0000-0000-0000-000000000000",
        "resourceGroupName": "rg",
        "functionAppName": "fns",
    },
}
STARTER = {"jobType": "AzureHttpFunction", "externalId": "starter"}


@dataclass
class Stage:
    """An app with one platform, job and task, and scripted answers."""

    app: FakeApp
    transport: ScriptedTransport
    run_id: Any = None

    def define(self, platform: dict[str, Any], job: dict[str, Any]) -> None:
        vault = {
            "name": "team",
            "provider": "AzureKeyVault",
            "attributes": {"vaultUrl": "https://team.vault.azure.net"},
        }
        document = {
            "vaults": [vault],
            "platforms": [{"name": "remote", **platform}],
            "jobs": [{"name": "sales", "platform": "remote", **job}],
            "tasks": [{"name": "daily", "job": "sales"}],
        }
        answer = self.app.http.put("/api/definitions", json=document)
        assert answer.status_code == 200, answer.text
        started = self.app.http.post("/api/tasks/daily/run", json={})
        assert started.status_code == 202, started.text
        self.run_id = started.json()["runId"]

    def answer(self, *steps: Step) -> None:
        self.transport.steps = list(steps)

    def submit(self) -> Any:
        return self.app.services.attempt_steps.submit(self.run_id, 1, AttemptMemo())

    def poll(self) -> Any:
        self.app.clock.advance(seconds=30)
        return self.app.services.attempt_steps.poll(self.run_id, 1, AttemptMemo())

    def cancel(self) -> None:
        answer = self.app.http.post(f"/api/task-runs/{self.run_id}/cancel")
        assert answer.status_code == 202, answer.text

    @property
    def run(self) -> Any:
        return self.app.http.get(f"/api/task-runs/{self.run_id}").json()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    transport = ScriptedTransport([Reply()])
    monkeypatch.setattr(platform_client, "shared_transport", lambda scope: transport)
    monkeypatch.setattr(RetryTimer, "next_pause", lambda *_: None)
    app = FakeApp(open_connector=partial(registry.open_connector, allow_loopback=False))
    app.vaults.values |= {"team/databricks-token": "dapi-1", "team/function-key": "key-1"}
    yield Stage(app, transport)


def test_a_poll_that_loses_its_permission_says_which(stage: Stage) -> None:
    stage.define(DATABRICKS, NOTEBOOK)
    running = {"run_id": 1, "state": {"life_cycle_state": "RUNNING"}}
    stage.answer(Reply.json({"run_id": 1}), Reply.json(running))
    stage.submit()
    stage.poll()
    assert stage.run["reason"].startswith("Running on Azure Databricks since ")
    denied = {"error_code": "PERMISSION_DENIED", "message": "no"}
    stage.answer(Reply.json(denied, status=403))
    assert stage.poll().after_seconds == 60
    assert (stage.run["status"], stage.run["problem"]["kind"]) == ("Running", "Refused")
    assert "Cannot read the state of the run: " in stage.run["reason"]
    stage.cancel()
    for _ in range(13):
        if stage.poll().done:
            break
    assert stage.run["status"] == "Cancelled"
    assert "check the run there" in stage.run["reason"]


def test_a_status_address_that_wants_another_key_says_so(stage: Stage) -> None:
    stage.define(FUNCTIONS, STARTER)
    status = "https://fns.azurewebsites.net/runtime/webhooks/durabletask/instances/abc?code=x"
    stage.answer(
        Reply.json({"id": "abc", "statusQueryGetUri": status}, 202, {"Location": status}),
        Reply(401, b""),
    )
    stage.submit()
    stage.poll()
    assert stage.run["problem"]["kind"] == "Refused"
    assert "systemKey" in stage.run["reason"]


@pytest.mark.parametrize(
    ("platform", "job"),
    [
        pytest.param(DATABRICKS, NOTEBOOK, id="Databricks"),
        pytest.param(FUNCTIONS, STARTER, id="Functions"),
    ],
)
def test_a_host_that_does_not_exist_is_named_and_the_run_is_cancelled_at_once(
    stage: Stage, platform: dict[str, Any], job: dict[str, Any]
) -> None:
    stage.define(platform, job)
    stage.answer(lambda request: raise_(refused_connection))
    stage.submit()
    run = stage.run
    host = HOST if platform is DATABRICKS else "fns.azurewebsites.net"
    assert run["status"] == "Running"
    problem = f"{host} cannot be reached: it refused the connection"
    assert f"Cannot reach the platform: {problem} (1 try, next at " in run["reason"]
    stage.cancel()
    assert stage.run["status"] == "Cancelled"


def test_a_vault_that_does_not_answer_sends_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.define(DATABRICKS, NOTEBOOK)
    sent = len(stage.transport.requests)
    monkeypatch.setattr("tests.fakes.app.FakeVault.read", lambda *_: raise_(silent))
    stage.submit()
    assert stage.run["problem"]["target"] == "vault team"
    stage.cancel()
    assert stage.run["status"] == "Cancelled"
    assert len(stage.transport.requests) == sent


def silent() -> Exception:
    return Unavailable("the secret databricks-token of the vault team cannot be read")


def raise_(error: Callable[[], Exception]) -> Any:
    raise error()
