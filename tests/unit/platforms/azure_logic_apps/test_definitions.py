"""Definitions of a Logic Apps platform and of its workflows."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.platforms.azure_logic_apps.attributes import LogicAppsAttributes
from polysync_core.platforms.azure_logic_apps.client import WorkflowClient
from polysync_core.platforms.azure_logic_apps.states import report_of
from polysync_core.platforms.azure_logic_apps.workflow_definition import read_workflow, workflow_of
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Wait
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.registry import platform_plugin

JOB = Job(
    name="j",
    platform="p",
    job_type="LogicAppsWorkflow",
    external_id="w",
    parameters=(Parameter(name="Total", direction=Direction.OUTPUT),),
)


def a_platform(**attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "flows",
            "type": "AzureLogicApps",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
                "resourceGroupName": "rg-data",
                **attributes,
            },
        }
    )


STANDARD = {"logicAppType": "Standard", "logicAppName": "flows"}


@pytest.mark.parametrize("attributes", [STANDARD, {"logicAppType": "Consumption"}])
def test_both_plans_are_accepted(attributes: dict[str, str]) -> None:
    assert not platform_plugin("AzureLogicApps").check(a_platform(**attributes), False)


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({}, "attributes.logicAppType"),
        ({"logicAppType": "Premium"}, "attributes.logicAppType"),
        ({"logicAppType": "Standard"}, "attributes.logicAppName"),
        ({**STANDARD, "logicAppType": "Consumption"}, "attributes.logicAppName"),
        ({**STANDARD, "logicAppName": "a/b"}, "attributes.logicAppName"),
        ({**STANDARD, "endpoint": "http://127.0.0.1:1"}, "attributes.endpoint"),
    ],
)
def test_an_invalid_field_is_refused_with_its_path(attributes: dict[str, str], path: str) -> None:
    problems = platform_plugin("AzureLogicApps").check(a_platform(**attributes), False)

    assert [problem.path for problem in problems] == [path]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        (
            "https://prod-01.westeurope.logic.azure.com:443/workflows/1/paths/invoke?sig=a%2Bb",
            "prod-01.westeurope.logic.azure.com",
        ),
        ("https://flows.azurewebsites.net:443/api/w/invoke?sig=a%2Bb", "flows.azurewebsites.net"),
        ("https://evil.example/logic.azure.com?sig=a", None),
        ("https://logic.azure.com.evil.example/x?sig=a", None),
        ("https://x.logic.azure.com:8443/x?sig=a", None),
        ("http://x.logic.azure.com/x?sig=a", None),
        ("https://a@x.logic.azure.com/x?sig=a", None),
    ],
)
def test_a_trigger_is_called_on_azure_hosts_only(address: str, host: str | None) -> None:
    manager = BaseAddress(
        "https://management.azure.com", "management.azure.com", AddressScope.PUBLIC
    )

    class ScriptedClient(PlatformClient):
        def execute(self, call: Any, read: Any) -> Any:
            return read({"value": address, "method": "POST"})

    attributes = LogicAppsAttributes.of(a_platform(**STANDARD))
    service = WorkflowClient(ScriptedClient(manager, None), attributes)
    if host is None:
        with pytest.raises(PlatformRefused, match="not on an Azure host"):
            service.trigger_endpoint("w", "manual")
    else:
        trigger_endpoint = service.trigger_endpoint("w", "manual")
        assert (trigger_endpoint.base.host, trigger_endpoint.address.query["sig"]) == (host, "a+b")


def standard(definition: Any, kind: str = "Stateful") -> dict[str, Any]:
    return {"properties": {"files": {"workflow.json": {"definition": definition, "kind": kind}}}}


@pytest.mark.parametrize(
    ("triggers", "expected"),
    [
        ({"manual": {"type": "Request"}}, "manual"),
        ({"When_a_call_comes": {"type": "REQUEST", "kind": "Http"}}, "When_a_call_comes"),
        ({"every_day": {"type": "Recurrence"}, "manual": {"type": "Request"}}, "manual"),
        ({"odd": None}, None),
        ({}, None),
    ],
)
def test_the_request_trigger_counts_in_any_position(
    triggers: dict[str, Any], expected: str | None
) -> None:
    assert workflow_of(standard({"triggers": triggers, "x": 1})).trigger == expected


def test_a_definition_is_read_from_the_answer_of_either_plan() -> None:
    definition: dict[str, Any] = {"triggers": {"manual": {"type": "Request"}}}
    consumption = workflow_of({"properties": {"definition": definition}})

    assert not consumption.is_stateless
    assert workflow_of(standard(definition, "Stateless")).is_stateless
    assert read_workflow({"name": "w", "properties": {"files": None}}) is None
    with pytest.raises(UnexpectedAnswer):
        workflow_of({"properties": {}})


def test_a_schema_becomes_parameters_of_its_types() -> None:
    kinds = ["string", "integer", "number", "boolean", "object", "array", "odd"]
    properties: dict[str, Any] = {kind: {"type": kind} for kind in kinds} | {"": {}, "bare": None}
    trigger = {"type": "Request", "inputs": {"schema": {"properties": properties}}}
    outputs = {"integer": {"type": "Int"}, "key": {"type": "SecureString"}}
    definition = {"triggers": {"manual": trigger}, "outputs": outputs}

    schema = workflow_of(standard(definition)).schema()

    assert [(each.name, each.data_type, each.direction) for each in schema.parameters] == [
        ("string", DataType.STRING, Direction.INPUT),
        ("integer", DataType.INT, Direction.INPUT_OUTPUT),
        ("number", DataType.FLOAT, Direction.INPUT),
        ("boolean", DataType.BOOL, Direction.INPUT),
        ("object", DataType.JSON, Direction.INPUT),
        ("array", DataType.JSON_ARRAY, Direction.INPUT),
        ("odd", DataType.STRING, Direction.INPUT),
        ("bare", DataType.STRING, Direction.INPUT),
        ("key", DataType.SECRET, Direction.OUTPUT),
    ]
    assert schema.typed
    assert schema.guessed == {"odd", "bare"}
    assert len(schema.notes) == 3


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((word, ProviderStatus.RUNNING) for word in ("Waiting", "Running", "Paused", "Suspended")),
        ("Succeeded", ProviderStatus.SUCCESS),
        *((word, ProviderStatus.FAILED) for word in ("Failed", "TimedOut", "Aborted", "Faulted")),
        *((word, ProviderStatus.CANCELLED) for word in ("Cancelled", "Canceled", "Skipped")),
        *((word, ProviderStatus.UNKNOWN) for word in ("NotSpecified", "Ignored", "Dreaming", "")),
    ],
)
def test_every_status_of_the_engine_is_decoded_and_no_other_is_final(
    word: str, status: ProviderStatus
) -> None:
    report = report_of({"properties": {"status": word}}, JOB)

    assert report.status is status
    assert bool(report.message) is (status is ProviderStatus.FAILED)
    assert report.wait is (Wait.PLATFORM_QUEUE if word == "Waiting" else None)


def test_outputs_are_unwrapped_and_get_the_names_of_the_schema() -> None:
    outputs = {"total": {"type": "Int", "value": 7}, "x": {"value": [1]}, "n": {}, "odd": 3}
    run: dict[str, Any] = {"properties": {"status": "Succeeded", "outputs": outputs}}

    assert dict(report_of(run, JOB).outputs) == {"Total": 7, "x": [1]}
