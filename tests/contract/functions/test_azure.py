"""What only Azure Functions has: routes, keys, and Durable Functions."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import CannotStop, ProviderStatus
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from simulators.azure_functions.server import HOST_KEY, MASTER_KEY, SYSTEM_KEY
from tests.contract.connectors.benches.azure_functions import a_job, a_platform, put
from tests.contract.functions.conftest import Called

ROUTE = (
    Parameter(name="id", data_type=DataType.INT),
    Parameter(name="path"),
    Parameter(name="note"),
)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_route_values_go_into_the_path_and_nowhere_else(azure: Called, method: str) -> None:
    azure.script("Users", route="users/{id:int}/files/{*path}")
    values = {"id": 7, "path": "a b/ü?x#y", "note": "n"}

    told = azure.report(
        "Users/users/{id:int}/files/{*path}", ROUTE, **values, settings={"httpMethod": method}
    ).outputs

    assert told["_response.path"] == "/api/users/7/files/a%20b/%C3%BC%3Fx%23y"
    rest = (told["_response.query"], told["_response.body"])
    assert rest == (([], {"note": "n"}) if method == "POST" else ([["note", "n"]], None))


@pytest.mark.parametrize("value", ["", "..", "a/../b", "/a", "a\nb"])
def test_a_value_cannot_change_the_route(azure: Called, value: str) -> None:
    azure.script("Users", route="users/{*path}")

    with pytest.raises(PlatformRefused, match=r"parameters\.path") as caught:
        azure.submit("Users/users/{*path}", ROUTE, path=value)

    assert caught.value.cause is FailureCause.PARAMETERS


def test_a_secret_in_the_route_is_in_no_error(azure: Called) -> None:
    with pytest.raises(PlatformRefused) as caught:
        azure.submit("Gone/nowhere/{path}", ROUTE, path=Secret("c4/n4ry"))

    assert "n4ry" not in str(caught.value)
    assert "routePrefix" in str(caught.value)


class _Vault:
    """Resolves `vault://keys/<key>` to the key."""

    def resolve(self, reference: str) -> Secret:
        return Secret(reference.rpartition("/")[2])

    def forget(self, reference: str) -> None: ...


def opened(azure: Called, *, auth: dict[str, Any], **attributes: Any) -> Called:
    """The same app, entered another way."""
    platform = a_platform(azure.bench.simulator, auth=auth, attributes=attributes)
    kind = platform_plugin(platform.type)
    assert not kind.check(platform, True)
    azure.rig.connector = kind.open(platform, PluginContext(secrets=_Vault(), allow_loopback=True))
    azure.rig.job = azure.rig.connector.job("AzureHttpFunction")
    return azure


def by_key(**keys: str) -> dict[str, str]:
    return {
        "method": "FunctionKey",
        **{name: f"vault://keys/{key}" for name, key in keys.items()},
    }


@pytest.mark.parametrize(
    "auth",
    [
        pytest.param(by_key(functionKey=MASTER_KEY), id="the master key"),
        pytest.param(by_key(functionKey=HOST_KEY, systemKey=SYSTEM_KEY), id="one for each"),
    ],
)
def test_keys_open_functions_and_orchestrations(azure: Called, auth: dict[str, str]) -> None:
    azure = opened(azure, auth=auth)
    azure.script("Sums", work={"output": {"rows": 7}})
    order = azure.rig.order(job=a_job("Sums"))

    report = azure.rig.follow(order.job, azure.rig.job.submit(order))

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {"_response.rows": 7})
    assert "127.0.0.1" in azure.rig.connector.test()


def test_a_function_key_alone_does_not_open_durable_functions_and_says_what_would(
    azure: Called,
) -> None:
    azure = opened(azure, auth=by_key(functionKey=HOST_KEY))
    azure.script("Sums", work={})
    submitted = azure.submit("Sums")

    with pytest.raises(PlatformRefused, match=r"auth\.systemKey") as caught:
        azure.rig.job.read(a_job("Sums"), submitted.external_run_id)

    assert caught.value.cause is FailureCause.SECRET


def test_a_function_key_cannot_list_functions_and_says_what_can(azure: Called) -> None:
    azure = opened(azure, auth=by_key(functionKey=HOST_KEY))

    with pytest.raises(PlatformRefused, match=r"auth\.method"):
        list(azure.rig.connector.artefacts())


def test_a_token_for_the_apps_audience_opens_its_functions(azure: Called) -> None:
    azure = opened(azure, auth={"method": "ManagedIdentity"}, audience="api://sales-app")
    azure.script("Echo")

    assert azure.report("Echo").status is ProviderStatus.SUCCESS


def test_an_orchestrator_gets_its_input_and_is_found_again_after_a_lost_answer(
    azure: Called,
) -> None:
    put(azure.bench.simulator, "Nightly", trigger="orchestrationTrigger")
    job = a_job("orchestrator:Nightly", Parameter(name="rows", data_type=DataType.INT))
    order = azure.rig.order(job=job, parameters={"rows": 7})
    path = "runtime/webhooks/durabletask/orchestrators/*"
    azure.bench.simulator.fault(endpoint=path, fault="lost-response", times=3)

    submitted = azure.rig.carry_out(order)

    assert submitted is not None
    report = azure.rig.follow(job, submitted)
    assert dict(report.outputs) == {"_response.rows": 7}
    lines = azure.bench.simulator.submissions()
    assert [line["run_id"] for line in lines if line["token"] == order.token] == [order.token]


def test_work_behind_a_status_address_of_the_functions_own_cannot_be_stopped(
    azure: Called,
) -> None:
    azure.script("Starts", answer={"status": 202, "headers": {"Location": "/api/Status"}})
    azure.script("Status", answer={"json_body": {"status": "Succeeded", "rows": 7}})
    job = a_job("Starts")
    order = azure.rig.order(job=job)
    submitted = azure.rig.job.submit(order)

    with pytest.raises(CannotStop):
        azure.rig.job.cancel(job, submitted.external_run_id)
    outputs = azure.rig.follow(job, submitted).outputs
    assert outputs == {"_response.status": "Succeeded", "_response.rows": 7}


def test_a_function_whose_route_has_changed_is_described_with_a_note(azure: Called) -> None:
    azure.script("Users", route="people/{id:int}/{day?}")

    schema = azure.rig.job.describe("Users/users/{id}")

    assert [each.name for each in schema.parameters] == ["id"]
    assert any("people" in note for note in schema.notes)
    current = azure.rig.job.describe("Users/people/{id:int}/{day?}").parameters
    assert current == (
        Parameter(name="id", data_type=DataType.INT, required=True),
        Parameter(name="day"),
    )


def test_what_cannot_be_started_from_outside_is_not_found(azure: Called) -> None:
    names = {each.name for each in azure.rig.connector.artefacts()}

    assert "Hangs" in names
    assert not names & {"Timer", "Off"}
    with pytest.raises(PlatformRefused, match="neither an HTTP trigger"):
        azure.rig.job.describe("Timer")
