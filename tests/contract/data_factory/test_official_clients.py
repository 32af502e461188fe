"""The vendor's clients accept the simulator as the services."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.datafactory import DataFactoryManagementClient
from azure.mgmt.datafactory import models as adf
from azure.synapse.artifacts import ArtifactsClient
from azure.synapse.artifacts import models as synapse

from tests.contract.connectors.cases.azure_data_pipelines import ACTIVITIES
from tests.contract.connectors.job_type_case import Behaviour
from tests.contract.data_factory.conftest import time_window

PARENT = ("rg-data", "adf-sales")
TIME_LIMIT = 60


def published(**properties: Any) -> adf.PipelineResource:
    # Version 10.0.0 gives activity objects the type "Container", so JSON is used.
    return adf.PipelineResource({"properties": properties})


def wait(seconds: int) -> dict[str, Any]:
    return {"name": "Nap", "type": "Wait", "typeProperties": {"waitTimeInSeconds": seconds}}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIME_LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_data_factory_client_publishes_lists_runs_and_polls(
    factory: DataFactoryManagementClient,
) -> None:
    resource = published(
        description="Sums up the sales",
        parameters={"rows": {"type": "Int", "defaultValue": 3}},
        activities=[wait(0), *ACTIVITIES[Behaviour.RETURNS_OUTPUTS][1:]],
    )
    for name in ("pl_a", "pl_b", "pl_c"):
        factory.pipelines.create_or_update(*PARENT, name, resource)

    listed = {each.name: each for each in factory.pipelines.list_by_factory(*PARENT)}
    assert {"pl_a", "pl_b", "pl_c"} <= listed.keys()
    assert listed["pl_b"].description == "Sums up the sales"
    found = factory.pipelines.get(*PARENT, "pl_a").parameters
    assert found is not None
    assert (found["rows"].type, found["rows"].default_value) == ("Int", 3)

    run_id = factory.pipelines.create_run(*PARENT, "pl_a", parameters={"rows": 7}).run_id
    until(lambda: factory.pipeline_runs.get(*PARENT, run_id).status == "Succeeded")
    run = factory.pipeline_runs.get(*PARENT, run_id)
    assert run.run_start is not None
    assert run.run_start.tzinfo is not None

    after, before = time_window()
    query = adf.RunFilterParameters(
        last_updated_after=after,
        last_updated_before=before,
        filters=[
            adf.RunQueryFilter(operand="PipelineName", operator="Equals", values_property=["pl_a"])
        ],
        order_by=[adf.RunQueryOrderBy(order_by="RunStart", order="DESC")],
    )
    answer = factory.pipeline_runs.query_by_factory(*PARENT, query)
    assert [each.run_id for each in answer.value] == [run_id]
    activities = factory.activity_runs.query_by_pipeline_run(
        *PARENT,
        run_id,
        adf.RunFilterParameters(last_updated_after=after, last_updated_before=before),
    ).value
    assert [each.activity_type for each in activities] == ["Wait", "SetVariable"]
    assert activities[1].output == {"pipelineReturnValue": {"rows": 7, "path": "/x"}}


def test_the_data_factory_client_stops_a_run_and_receives_not_found_errors(
    factory: DataFactoryManagementClient,
) -> None:
    factory.pipelines.create_or_update(*PARENT, "pl_long", published(activities=[wait(300)]))
    run_id = factory.pipelines.create_run(*PARENT, "pl_long").run_id
    assert factory.pipeline_runs.get(*PARENT, run_id).status == "InProgress"

    factory.pipeline_runs.cancel(*PARENT, run_id, is_recursive=True)
    until(lambda: factory.pipeline_runs.get(*PARENT, run_id).status == "Cancelled")

    with pytest.raises(HttpResponseError):
        factory.pipeline_runs.cancel(*PARENT, run_id)
    with pytest.raises(ResourceNotFoundError) as caught:
        factory.pipelines.create_run(*PARENT, "pl_none")
    assert caught.value.error is not None
    assert caught.value.error.code == "PipelineNotFound"
    with pytest.raises(ResourceNotFoundError):
        factory.pipelines.get("rg-data", "missing", "pl_long")


def test_the_synapse_client_lists_runs_polls_and_stops(
    factory: DataFactoryManagementClient, workspace: ArtifactsClient
) -> None:
    resource = published(parameters={"day": {"type": "String"}}, activities=[wait(300)])
    factory.pipelines.create_or_update(*PARENT, "pl_syn", resource)

    assert "pl_syn" in {each.name for each in workspace.pipeline.get_pipelines_by_workspace()}
    assert workspace.pipeline.get_pipeline("pl_syn").parameters["day"].type == "String"
    run_id = workspace.pipeline.create_pipeline_run("pl_syn", parameters={"day": "x"}).run_id
    assert workspace.pipeline_run.get_pipeline_run(run_id).status == "InProgress"

    workspace.pipeline_run.cancel_pipeline_run(run_id)
    until(lambda: workspace.pipeline_run.get_pipeline_run(run_id).status == "Cancelled")

    after, before = time_window()
    query = synapse.RunFilterParameters(
        last_updated_after=after,
        last_updated_before=before,
        filters=[
            synapse.RunQueryFilter(operand="PipelineName", operator="Equals", values=["pl_syn"])
        ],
    )
    runs = workspace.pipeline_run.query_pipeline_runs_by_workspace(query).value
    assert [(each.run_id, each.parameters) for each in runs] == [(run_id, {"day": "x"})]
    activities = synapse.RunFilterParameters(last_updated_after=after, last_updated_before=before)
    found = workspace.pipeline_run.query_activity_runs("pl_syn", run_id, activities).value
    assert {each.pipeline_run_id for each in found} <= {run_id}


def test_both_clients_read_the_failed_activities_of_a_run(
    factory: DataFactoryManagementClient, workspace: ArtifactsClient
) -> None:
    activities = [wait(0), *ACTIVITIES[Behaviour.FAILS]]
    factory.pipelines.create_or_update(*PARENT, "pl_fails", published(activities=activities))
    run_id = factory.pipelines.create_run(*PARENT, "pl_fails").run_id
    until(lambda: factory.pipeline_runs.get(*PARENT, run_id).status == "Failed")

    after, before = time_window()
    query = adf.RunFilterParameters(
        last_updated_after=after,
        last_updated_before=before,
        filters=[
            adf.RunQueryFilter(operand="Status", operator="Equals", values_property=["Failed"])
        ],
    )
    (failed,) = factory.activity_runs.query_by_pipeline_run(*PARENT, run_id, query).value
    assert (failed.activity_name, failed.status) == ("Stop", "Failed")
    assert failed.error == {
        "errorCode": "1",
        "message": "no sales",
        "failureType": "UserError",
        "target": "Stop",
        "details": "",
    }

    wanted = synapse.RunFilterParameters(
        last_updated_after=after,
        last_updated_before=before,
        filters=[synapse.RunQueryFilter(operand="Status", operator="Equals", values=["Failed"])],
    )
    (same,) = workspace.pipeline_run.query_activity_runs("pl_fails", run_id, wanted).value
    assert (same.activity_name, same.error) == ("Stop", failed.error)


FAILS: dict[str, Any] = {
    "name": "Load",
    "type": "Fail",
    "typeProperties": {"message": "no sales", "errorCode": "1"},
}


def test_a_repair_starts_at_the_failed_activity_with_the_values_of_the_failed_run(
    factory: DataFactoryManagementClient,
) -> None:
    declared = {"rows": {"type": "Int", "defaultValue": 3}}
    failing = published(parameters=declared, activities=[wait(0), FAILS])
    factory.pipelines.create_or_update(*PARENT, "pl_repair", failing)
    failed = factory.pipelines.create_run(*PARENT, "pl_repair", parameters={"rows": 7}).run_id
    until(lambda: factory.pipeline_runs.get(*PARENT, failed).status == "Failed")
    corrected = published(parameters=declared, activities=[wait(0), {**wait(0), "name": "Load"}])
    factory.pipelines.create_or_update(*PARENT, "pl_repair", corrected)

    repair = factory.pipelines.create_run(
        *PARENT,
        "pl_repair",
        parameters={"rows": 8},
        reference_pipeline_run_id=failed,
        is_recovery=True,
        start_from_failure=True,
    ).run_id

    until(lambda: factory.pipeline_runs.get(*PARENT, repair).status == "Succeeded")
    run = factory.pipeline_runs.get(*PARENT, repair)
    assert (run.run_group_id, run.parameters) == (failed, {"rows": "7"})
    after, before = time_window()
    filters = adf.RunFilterParameters(last_updated_after=after, last_updated_before=before)
    activities = factory.activity_runs.query_by_pipeline_run(*PARENT, repair, filters).value
    assert [each.activity_name for each in activities] == ["Load"]


def test_synapse_repairs_from_a_named_activity(
    factory: DataFactoryManagementClient, workspace: ArtifactsClient
) -> None:
    name = "pl_named"
    factory.pipelines.create_or_update(*PARENT, name, published(activities=[wait(0), FAILS]))
    failed = workspace.pipeline.create_pipeline_run(name).run_id
    until(lambda: workspace.pipeline_run.get_pipeline_run(failed).status == "Failed")
    with pytest.raises(HttpResponseError):
        workspace.pipeline.create_pipeline_run(
            name,
            reference_pipeline_run_id=failed,
            is_recovery=True,
            start_activity_name="Unknown",
        )

    repair = workspace.pipeline.create_pipeline_run(
        name, reference_pipeline_run_id=failed, is_recovery=True, start_activity_name="Load"
    ).run_id

    until(lambda: workspace.pipeline_run.get_pipeline_run(repair).status == "Failed")
    assert workspace.pipeline_run.get_pipeline_run(repair).run_group_id == failed
