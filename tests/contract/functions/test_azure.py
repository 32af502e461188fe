"""Features of Azure Functions only: routes, keys and Durable Functions."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import CannotStop, ProviderStatus
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from simulators.azure_functions.server import HOST_KEY, MASTER_KEY, SYSTEM_KEY
from tests.contract.connectors.cases.azure_functions import a_job, a_platform, put
from tests.contract.functions.conftest import ScriptedPlatform

ROUTE = (
    Parameter(name="id", data_type=DataType.INT),
    Parameter(name="path"),
    Parameter(name="note"),
)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_route_values_are_sent_only_in_the_path(azure: ScriptedPlatform, method: str) -> None:
    azure.script("Users", route="users/{id:int}/files/{*path}")
    values = {"id": 7, "path": "a b/ü?x#y", "note": "n"}

    parameters = azure.report(
        "Users/users/{id:int}/files/{*path}", ROUTE, **values, settings={"httpMethod": method}
    ).outputs

    assert parameters["_response.path"] == "/api/users/7/files/a%20b/%C3%BC%3Fx%23y"
    rest = (parameters["_response.query"], parameters["_response.body"])
    assert rest == (([], {"note": "n"}) if method == "POST" else ([["note", "n"]], None))


@pytest.mark.parametrize("value", ["", "..", "a/../b", "/a", "a\nb"])
def test_a_value_cannot_change_the_route(azure: ScriptedPlatform, value: str) -> None:
    azure.script("Users", route="users/{*path}")

    with pytest.raises(PlatformRefused, match=r"parameters\.path") as caught:
        azure.submit("Users/users/{*path}", ROUTE, path=value)

    assert caught.value.cause is FailureCause.PARAMETERS


@pytest.mark.parametrize(
    ("secret", "refusal"),
    [
        pytest.param("c4n4ry", "routePrefix", id="the function does not exist"),
        pytest.param("c4/n4ry", r"parameters\.path", id="the value has a separator"),
    ],
)
def test_a_secret_in_the_route_is_in_no_error(
    azure: ScriptedPlatform, secret: str, refusal: str
) -> None:
    with pytest.raises(PlatformRefused, match=refusal) as caught:
        azure.submit("Gone/nowhere/{path}", ROUTE, path=Secret(secret))

    assert "n4ry" not in str(caught.value)


class _Vault:
    """Resolves `vault://keys/<key>` to the key."""

    def resolve(self, reference: str) -> Secret:
        return Secret(reference.rpartition("/")[2])

    def forget(self, reference: str) -> None: ...


def with_auth(
    azure: ScriptedPlatform, *, auth: dict[str, Any], **attributes: Any
) -> ScriptedPlatform:
    """Return the same app with another sign-in."""
    platform = a_platform(azure.case.simulator, auth=auth, attributes=attributes)
    kind = platform_plugin(platform.type)
    assert not kind.check(platform, True)
    azure.harness.connector = kind.open(
        platform, PluginContext(secrets=_Vault(), allow_loopback=True)
    )
    azure.harness.job = azure.harness.connector.job("AzureHttpFunction")
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
def test_keys_give_access_to_functions_and_orchestrations(
    azure: ScriptedPlatform, auth: dict[str, str]
) -> None:
    azure = with_auth(azure, auth=auth)
    azure.script("Sums", work={"output": {"rows": 7}})
    request = azure.harness.request(job=a_job("Sums"))

    report = azure.harness.poll_until_end(request.job, azure.harness.job.submit(request))

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {"_response.rows": 7})
    assert "127.0.0.1" in azure.harness.connector.test()


def test_a_function_key_alone_is_refused_by_durable_functions_with_a_remedy(
    azure: ScriptedPlatform,
) -> None:
    azure = with_auth(azure, auth=by_key(functionKey=HOST_KEY))
    azure.script("Sums", work={})
    submitted = azure.submit("Sums")

    with pytest.raises(PlatformRefused, match=r"auth\.systemKey") as caught:
        azure.harness.job.read(a_job("Sums"), submitted.external_run_id)

    assert caught.value.cause is FailureCause.SECRET


def test_a_function_key_cannot_list_functions_and_the_error_names_the_remedy(
    azure: ScriptedPlatform,
) -> None:
    azure = with_auth(azure, auth=by_key(functionKey=HOST_KEY))

    with pytest.raises(PlatformRefused, match=r"auth\.method"):
        list(azure.harness.connector.artefacts())


def test_a_token_for_the_apps_audience_gives_access_to_its_functions(
    azure: ScriptedPlatform,
) -> None:
    azure = with_auth(azure, auth={"method": "ManagedIdentity"}, audience="api://sales-app")
    azure.script("Echo")

    assert azure.report("Echo").status is ProviderStatus.SUCCESS


def test_an_orchestrator_gets_its_input_and_is_found_again_after_a_lost_answer(
    azure: ScriptedPlatform,
) -> None:
    put(azure.case.simulator, "Nightly", trigger="orchestrationTrigger")
    job = a_job("orchestrator:Nightly", Parameter(name="rows", data_type=DataType.INT))
    request = azure.harness.request(job=job, parameters={"rows": 7})
    path = "runtime/webhooks/durabletask/orchestrators/*"
    azure.case.simulator.fault(endpoint=path, fault="lost-response", times=3)

    submitted = azure.harness.submit_until_answered(request)

    assert submitted is not None
    report = azure.harness.poll_until_end(job, submitted)
    assert dict(report.outputs) == {"_response.rows": 7}
    lines = azure.case.simulator.submissions()
    assert [line["run_id"] for line in lines if line["token"] == request.token] == [request.token]


def test_work_with_a_status_address_of_the_function_cannot_be_stopped(
    azure: ScriptedPlatform,
) -> None:
    azure.script("Starts", answer={"status": 202, "headers": {"Location": "/api/Status"}})
    azure.script("Status", answer={"json_body": {"status": "Succeeded", "rows": 7}})
    job = a_job("Starts")
    request = azure.harness.request(job=job)
    submitted = azure.harness.job.submit(request)

    with pytest.raises(CannotStop):
        azure.harness.job.cancel(job, submitted.external_run_id)
    outputs = azure.harness.poll_until_end(job, submitted).outputs
    assert outputs == {"_response.status": "Succeeded", "_response.rows": 7}


def test_a_function_whose_route_has_changed_is_described_with_a_note(
    azure: ScriptedPlatform,
) -> None:
    azure.script("Users", route="people/{id:int}/{day?}")

    schema = azure.harness.job.describe("Users/users/{id}")

    assert [each.name for each in schema.parameters] == ["id"]
    assert any("people" in note for note in schema.notes)
    current = azure.harness.job.describe("Users/people/{id:int}/{day?}").parameters
    assert current == (
        Parameter(name="id", data_type=DataType.INT, required=True),
        Parameter(name="day"),
    )


def test_a_function_with_another_trigger_is_listed_with_the_reason(
    azure: ScriptedPlatform,
) -> None:
    problems = {each.name: each.problem for each in azure.harness.connector.artefacts()}

    assert problems["Hangs"] is None
    assert "neither an HTTP trigger" in str(problems["Timer"])
    assert "disabled" in str(problems["Off"])
    with pytest.raises(PlatformRefused, match="neither an HTTP trigger"):
        azure.harness.job.describe("Timer")
