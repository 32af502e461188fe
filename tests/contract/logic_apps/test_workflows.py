"""Features of Logic Apps only: request triggers, tracking ids and stateless workflows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.logic import LogicManagementClient
from azure.mgmt.web import WebSiteManagementClient

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import PlatformRefused, Uncertain
from polysync_core.platforms.connector import (
    OutcomeUnknown,
    ProviderStatus,
    RunNotFound,
    SubmitRequest,
)
from tests.contract.connectors.cases.azure_functions import SUBSCRIPTION
from tests.contract.connectors.cases.azure_logic_apps import DEFINITION, a_job, case, put
from tests.contract.connectors.job_type_case import Behaviour, ConnectorHarness, Simulators, Step
from tests.contract.data_factory.conftest import NoCredential, PlainBearer

APP = ("rg-data", "sales-flows")


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    simulators = Simulators(tmp_path_factory.mktemp("simulators"))
    yield simulators
    simulators.clear()


@pytest.fixture(params=["Standard", "Consumption"])
def harness(simulators: Simulators, request: pytest.FixtureRequest) -> Iterator[ConnectorHarness]:
    found = case(request.param, simulators)
    found.simulator.clear_faults()
    yield ConnectorHarness(found)
    found.simulator.clear_faults()


def is_standard(harness: ConnectorHarness) -> bool:
    return harness.case.platform.attributes["logicAppType"] == "Standard"


def request_for(harness: ConnectorHarness, name: str, **parameters: Any) -> SubmitRequest:
    schema = (Parameter(name="rows", data_type=DataType.INT), Parameter(name="day"))
    return harness.request(job=a_job(name, *schema), parameters=parameters)


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, {"rows": 7, "dry": False, "items": [1, 2], "day": "2026-01-31"}),
        (
            {"sendParametersAs": "JsonTokens"},
            {"rows": 7, "dry": False, "items": [1, 2], "day": "2026-01-31"},
        ),
        (
            {"sendParametersAs": "Texts"},
            {"rows": "7", "dry": "false", "items": "[1,2]", "day": "2026-01-31"},
        ),
    ],
)
def test_values_are_sent_with_their_types_unless_texts_are_wanted(
    harness: ConnectorHarness, settings: dict[str, Any], sent: dict[str, Any]
) -> None:
    schema = (
        Parameter(name="rows", data_type=DataType.INT),
        Parameter(name="dry", data_type=DataType.BOOL),
        Parameter(name="items", data_type=DataType.JSON_ARRAY),
        Parameter(name="day"),
    )
    job = a_job("succeeds", *schema).model_copy(update={"settings": settings})
    values = {"rows": 7, "dry": False, "items": [1, 2], "day": "2026-01-31"}
    request = harness.request(job=job, parameters=values)

    submitted = harness.job.submit(request)

    attributes = harness.case.platform.attributes
    root = "Microsoft.Logic/workflows"
    if is_standard(harness):
        runtime = "hostruntime/runtime/webhooks/workflow/api/management/workflows"
        root = f"Microsoft.Web/sites/{attributes['logicAppName']}/{runtime}"
    path = f"subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data/providers/{root}/succeeds"
    run = harness.case.simulator.call(
        "GET",
        f"{path}/runs/{submitted.external_run_id}?api-version=1",
        Authorization="Bearer anything",
    )
    assert run["properties"]["trigger"]["outputs"]["body"] == sent
    assert run["properties"]["correlation"]["clientTrackingId"] == request.token


@pytest.mark.parametrize("status", [200, 400, 404, 502])
def test_a_run_is_polled_for_every_status_of_the_triggers_answer(
    harness: ConnectorHarness, status: int
) -> None:
    put(harness.case.simulator, "answers", answers=status, work={"outcome": "Completed"})
    request = request_for(harness, "answers")

    submitted = harness.submit_until_answered(request)

    assert submitted is not None
    assert harness.poll_until_end(request.job, submitted).status is ProviderStatus.SUCCESS
    assert list(harness.case.started_runs(request)) == [submitted.external_run_id]


def test_a_run_without_an_id_in_the_answer_is_found_by_its_tracking_id(
    harness: ConnectorHarness,
) -> None:
    put(harness.case.simulator, "silent", headers={"x-ms-workflow-run-id": ""})
    request = request_for(harness, "silent")

    assert [harness.job.submit(request).external_run_id] == list(harness.case.started_runs(request))


def test_a_submit_is_not_repeated_while_the_list_may_lag(harness: ConnectorHarness) -> None:
    request = request_for(harness, "succeeds")
    is_resend = replace(request, is_resend=True)
    with pytest.raises(Uncertain, match="not yet in its list"):
        harness.job.submit(is_resend)
    assert not harness.case.started_runs(request)
    harness.sleep(241)

    submitted = harness.job.submit(is_resend)

    assert [submitted.external_run_id] == list(harness.case.started_runs(request))


@pytest.mark.parametrize(
    ("callback", "words"),
    [
        ({"value": "https://evil.example/api/x?sig=s1gnature"}, "not on an Azure host"),
        ({"method": "GET"}, "method other than POST"),
        ({"value": "https://prod-1.westeurope.logic.azure.com/a/{id}"}, "a path with parameters"),
    ],
)
def test_a_trigger_that_cannot_be_called_is_refused_with_a_remedy(
    harness: ConnectorHarness, callback: dict[str, str], words: str
) -> None:
    put(harness.case.simulator, "odd", callback=callback)
    request = request_for(harness, "odd")

    with pytest.raises(PlatformRefused, match=words) as caught:
        harness.job.submit(request)

    assert "s1gnature" not in str(caught.value)
    assert not harness.case.started_runs(request)


def test_a_workflow_without_a_request_trigger_is_listed_with_the_reason_and_not_started(
    harness: ConnectorHarness,
) -> None:
    problems = {each.name: each.problem for each in harness.connector.artefacts()}

    assert problems["succeeds"] is None
    assert "no request trigger" in str(problems["on-timer"])
    for action in (
        harness.job.describe,
        lambda name: harness.job.submit(request_for(harness, name)),
    ):
        with pytest.raises(PlatformRefused, match="no request trigger"):
            action("on-timer")


# Stateless workflows, which only the Standard plan has


@pytest.fixture
def stateless(simulators: Simulators) -> Iterator[ConnectorHarness]:
    found = case("Standard", simulators)
    found.simulator.clear_faults()
    put(found.simulator, "fires", kind="Stateless", answers=200)
    yield ConnectorHarness(found)
    found.simulator.clear_faults()


def test_a_stateless_workflow_ends_with_its_call(stateless: ConnectorHarness) -> None:
    request = request_for(stateless, "fires")

    submitted = stateless.job.submit(request)

    assert submitted.report is not None
    assert submitted.report.status is ProviderStatus.SUCCESS
    assert dict(submitted.report.outputs) == {}
    assert len(stateless.case.started_runs(request)) == 1
    for action in (stateless.job.read, stateless.job.cancel):
        with pytest.raises(RunNotFound):
            action(request.job, submitted.external_run_id)
    assert not [
        each
        for each in stateless.job.describe("fires").parameters
        if each.direction.value != "Input"
    ]


@pytest.mark.parametrize("fault", ["lost-response", "cut", "status"])
def test_a_stateless_workflow_without_an_answer_is_never_called_twice(
    stateless: ConnectorHarness, fault: str
) -> None:
    request = request_for(stateless, "fires")
    stateless.fault(Step.SUBMIT, fault, effect=True)
    with pytest.raises(OutcomeUnknown):
        stateless.job.submit(request)

    with pytest.raises(OutcomeUnknown):
        stateless.job.submit(replace(request, is_resend=True))
    assert len(stateless.case.started_runs(request)) == 1


def failed_run(harness: ConnectorHarness) -> str:
    request = harness.request(Behaviour.FAILS)
    submitted = harness.job.submit(request)
    harness.poll_until_end(request.job, submitted)
    return submitted.external_run_id


def test_the_failed_passes_of_a_loop_replace_its_action(harness: ConnectorHarness) -> None:
    found = harness.job.failure_details(harness.case.jobs[Behaviour.FAILS], failed_run(harness))
    assert [(each.part, each.error) for each in found.parts] == [
        ("Send_report", "There are no sales today. (BadRequest)"),
        ("Each 000001", "Row 2 is empty. (InvalidRow)"),
    ]


def test_a_failure_without_a_failed_action_has_no_parts(harness: ConnectorHarness) -> None:
    put(harness.case.simulator, "silent", work={"outcome": "Failed"})
    request = request_for(harness, "silent", rows=1)
    submitted = harness.job.submit(request)
    harness.poll_until_end(request.job, submitted)
    assert harness.job.failure_details(request.job, submitted.external_run_id).parts == ()


# The vendor's clients


def test_the_azure_client_reads_workflows_and_runs_of_a_standard_plan(
    harness: ConnectorHarness,
) -> None:
    if not is_standard(harness):
        pytest.skip("it is the client of the Standard plan")
    client = WebSiteManagementClient(
        NoCredential(),
        SUBSCRIPTION,
        base_url=harness.case.simulator.url,
        authentication_policy=PlainBearer(),
        retry_total=0,
    )
    hanging = harness.job.submit(harness.request(Behaviour.HANGS)).external_run_id
    failed = failed_run(harness)
    with client:
        actions = {
            each.name: each for each in client.workflow_run_actions.list(*APP, "fails", failed)
        }
        assert actions["Send_report"].error["message"] == "There are no sales today."
        passes = client.workflow_run_action_repetitions.list(*APP, "fails", failed, "Each")
        assert [each.status for each in passes] == ["Succeeded", "Failed"]
        names = [str(each.name) for each in client.web_apps.list_workflows(*APP)]
        assert {"sales-flows/hangs", "sales-flows/on-timer"} <= set(names)
        found = client.web_apps.get_workflow(*APP, "hangs").properties
        assert found is not None
        assert (found.files or {})["workflow.json"]["definition"] == DEFINITION
        url = client.workflow_triggers.list_callback_url(*APP, "hangs", "manual")
        assert (url.method, "sig=" in str(url.value)) == ("POST", True)
        run = client.workflow_runs.get(*APP, "hangs", hanging)
        assert run.properties is not None
        assert run.properties.status == "Running"
        client.workflow_runs.cancel(*APP, "hangs", hanging)
        listed = {each.name: each for each in client.workflow_runs.list(*APP, "hangs")}
        properties = listed[hanging].properties
        assert properties is not None
        assert properties.status == "Cancelled"
        with pytest.raises(ResourceNotFoundError):
            client.workflow_runs.get(*APP, "hangs", "0858CU00")


def test_the_azure_client_reads_workflows_and_runs_of_a_consumption_plan(
    harness: ConnectorHarness,
) -> None:
    if is_standard(harness):
        pytest.skip("it is the client of the Consumption plan")
    client = LogicManagementClient(
        NoCredential(),
        SUBSCRIPTION,
        base_url=harness.case.simulator.url,
        authentication_policy=PlainBearer(),
        retry_total=0,
    )
    group = APP[0]
    hanging = harness.job.submit(harness.request(Behaviour.HANGS)).external_run_id
    failed = failed_run(harness)
    with client:
        actions = {
            each.name: each for each in client.workflow_run_actions.list(group, "fails", failed)
        }
        assert actions["Send_report"].error["message"] == "There are no sales today."
        passes = client.workflow_run_action_repetitions.list(group, "fails", failed, "Each")
        assert [each.status for each in passes] == ["Succeeded", "Failed"]
        names = [each.name for each in client.workflows.list_by_resource_group(group)]
        assert {"hangs", "on-timer"} <= set(names)
        assert client.workflows.get(group, "hangs").definition == DEFINITION
        url = client.workflow_triggers.list_callback_url(group, "hangs", "manual")
        assert (url.method, "sig=" in str(url.value)) == ("POST", True)
        assert client.workflow_runs.get(group, "hangs", hanging).status == "Running"
        client.workflow_runs.cancel(group, "hangs", hanging)
        listed = {each.name: each for each in client.workflow_runs.list(group, "hangs")}
        assert listed[hanging].status == "Cancelled"
        with pytest.raises(ResourceNotFoundError):
            client.workflow_runs.get(group, "hangs", "0858CU00")
