"""What only Logic Apps has: request triggers, runs found by their tracking id, stateless ones."""

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
from tests.contract.connectors.bench import Behaviour, Rig, Stage, Step
from tests.contract.connectors.benches.azure_functions import SUBSCRIPTION
from tests.contract.connectors.benches.azure_logic_apps import DEFINITION, a_job, bench, put
from tests.contract.data_factory.conftest import NoCredential, PlainBearer

APP = ("rg-data", "sales-flows")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("simulators"))
    yield stage
    stage.clear()


@pytest.fixture(params=["Standard", "Consumption"])
def rig(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Rig]:
    found = bench(request.param, stage)
    found.simulator.clear_faults()
    yield Rig(found)
    found.simulator.clear_faults()


def is_standard(rig: Rig) -> bool:
    return rig.bench.platform.attributes["logicAppType"] == "Standard"


def order_of(rig: Rig, name: str, **parameters: Any) -> SubmitRequest:
    schema = (Parameter(name="rows", data_type=DataType.INT), Parameter(name="day"))
    return rig.order(job=a_job(name, *schema), parameters=parameters)


def test_values_are_texts_which_the_triggers_schema_converts(rig: Rig) -> None:
    order = order_of(rig, "succeeds", rows=7, day="2026-01-31")

    submitted = rig.job.submit(order)

    attributes = rig.bench.platform.attributes
    root = "Microsoft.Logic/workflows"
    if is_standard(rig):
        runtime = "hostruntime/runtime/webhooks/workflow/api/management/workflows"
        root = f"Microsoft.Web/sites/{attributes['logicAppName']}/{runtime}"
    path = f"subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data/providers/{root}/succeeds"
    run = rig.bench.simulator.call(
        "GET",
        f"{path}/runs/{submitted.external_run_id}?api-version=1",
        Authorization="Bearer anything",
    )
    assert run["properties"]["trigger"]["outputs"]["body"] == {"rows": "7", "day": "2026-01-31"}
    assert run["properties"]["correlation"]["clientTrackingId"] == order.token


@pytest.mark.parametrize("status", [200, 400, 404, 502])
def test_whatever_a_workflow_answers_with_its_run_is_followed(rig: Rig, status: int) -> None:
    put(rig.bench.simulator, "answers", answers=status, work={"outcome": "Completed"})
    order = order_of(rig, "answers")

    submitted = rig.carry_out(order)

    assert submitted is not None
    assert rig.follow(order.job, submitted).status is ProviderStatus.SUCCESS
    assert list(rig.bench.started(order)) == [submitted.external_run_id]


def test_a_run_whose_id_is_not_told_is_found_by_its_tracking_id(rig: Rig) -> None:
    put(rig.bench.simulator, "silent", headers={"x-ms-workflow-run-id": ""})
    order = order_of(rig, "silent")

    assert [rig.job.submit(order).external_run_id] == list(rig.bench.started(order))


def test_nothing_is_sent_again_while_the_list_may_be_late(rig: Rig) -> None:
    order = order_of(rig, "succeeds")
    again = replace(order, is_resend=True)
    with pytest.raises(Uncertain, match="not listed yet"):
        rig.job.submit(again)
    assert not rig.bench.started(order)
    rig.sleep(241)

    submitted = rig.job.submit(again)

    assert [submitted.external_run_id] == list(rig.bench.started(order))


@pytest.mark.parametrize(
    ("callback", "words"),
    [
        ({"value": "https://evil.example/api/x?sig=s1gnature"}, "not one of Azure's own"),
        ({"method": "GET"}, "another method than POST"),
        ({"value": "https://prod-1.westeurope.logic.azure.com/a/{id}"}, "a path with parameters"),
    ],
)
def test_a_trigger_that_cannot_be_called_is_refused_with_a_remedy(
    rig: Rig, callback: dict[str, str], words: str
) -> None:
    put(rig.bench.simulator, "odd", callback=callback)
    order = order_of(rig, "odd")

    with pytest.raises(PlatformRefused, match=words) as caught:
        rig.job.submit(order)

    assert "s1gnature" not in str(caught.value)
    assert not rig.bench.started(order)


def test_a_workflow_that_no_request_starts_is_neither_found_nor_started(rig: Rig) -> None:
    names = [each.name for each in rig.connector.artefacts()]

    assert "succeeds" in names
    assert "on-timer" not in names
    for action in (rig.job.describe, lambda name: rig.job.submit(order_of(rig, name))):
        with pytest.raises(PlatformRefused, match="first trigger"):
            action("on-timer")


# Stateless workflows, which the Standard plan alone has


@pytest.fixture
def stateless(stage: Stage) -> Iterator[Rig]:
    found = bench("Standard", stage)
    found.simulator.clear_faults()
    put(found.simulator, "fires", kind="Stateless", answers=200)
    yield Rig(found)
    found.simulator.clear_faults()


def test_a_stateless_workflow_is_over_when_it_is_called(stateless: Rig) -> None:
    order = order_of(stateless, "fires")

    submitted = stateless.job.submit(order)

    assert submitted.report is not None
    assert submitted.report.status is ProviderStatus.SUCCESS
    assert dict(submitted.report.outputs) == {}
    assert len(stateless.bench.started(order)) == 1
    for action in (stateless.job.read, stateless.job.cancel):
        with pytest.raises(RunNotFound):
            action(order.job, submitted.external_run_id)
    assert not [
        each
        for each in stateless.job.describe("fires").parameters
        if each.direction.value != "Input"
    ]


@pytest.mark.parametrize("fault", ["lost-response", "cut", "status"])
def test_a_stateless_workflow_without_an_answer_is_never_called_twice(
    stateless: Rig, fault: str
) -> None:
    order = order_of(stateless, "fires")
    stateless.fault(Step.SUBMIT, fault, effect=True)
    with pytest.raises(OutcomeUnknown):
        stateless.job.submit(order)

    with pytest.raises(OutcomeUnknown):
        stateless.job.submit(replace(order, is_resend=True))
    assert len(stateless.bench.started(order)) == 1


# The vendor's clients


def test_azures_client_reads_workflows_and_follows_runs_of_a_standard_plan(rig: Rig) -> None:
    if not is_standard(rig):
        pytest.skip("it is the client of the Standard plan")
    client = WebSiteManagementClient(
        NoCredential(),
        SUBSCRIPTION,
        base_url=rig.bench.simulator.url,
        authentication_policy=PlainBearer(),
        retry_total=0,
    )
    hanging = rig.job.submit(rig.order(Behaviour.HANGS)).external_run_id
    with client:
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


def test_azures_client_reads_workflows_and_follows_runs_of_a_consumption_plan(rig: Rig) -> None:
    if is_standard(rig):
        pytest.skip("it is the client of the Consumption plan")
    client = LogicManagementClient(
        NoCredential(),
        SUBSCRIPTION,
        base_url=rig.bench.simulator.url,
        authentication_policy=PlainBearer(),
        retry_total=0,
    )
    group = APP[0]
    hanging = rig.job.submit(rig.order(Behaviour.HANGS)).external_run_id
    with client:
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
