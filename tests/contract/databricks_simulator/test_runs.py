"""Runs of the Jobs API, verified by the official client."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, ResourceDoesNotExist
from databricks.sdk.service.compute import ClusterSpec
from databricks.sdk.service.jobs import (
    RunResultState,
    TaskDependency,
)

from tests.contract.databricks_simulator.run_steps import (
    WAIT,
    a_task,
    result_of,
    submit,
    task_id,
    wait_until_ended,
)


def test_a_run_succeeds_and_returns_its_exit_value(databricks: WorkspaceClient) -> None:
    run_id = submit(databricks, a_task("echo", parameters={"greeting": "ahoy"}), run_name="greet")

    run = wait_until_ended(databricks, run_id)

    assert (run.run_name, result_of(run)) == ("greet", RunResultState.SUCCESS)
    assert run.run_page_url is not None
    assert str(run_id) in run.run_page_url
    assert run.start_time is not None
    assert run.end_time is not None
    assert 0 < run.start_time <= run.end_time
    output = databricks.jobs.get_run_output(task_id(run))
    assert output.notebook_output is not None
    assert json.loads(output.notebook_output.result or "") == {"greeting": "ahoy", "mood": "calm"}


def test_the_waiter_of_the_client_sees_the_end(databricks: WorkspaceClient) -> None:
    waiter = databricks.jobs.submit(tasks=[a_task("quiet")])
    wait_until_ended(databricks, waiter.response.run_id or 0)

    assert result_of(waiter.result(timeout=WAIT, callback=lambda _: None)) is RunResultState.SUCCESS


def test_a_notebook_that_does_not_call_exit_has_an_empty_output(
    databricks: WorkspaceClient,
) -> None:
    run = wait_until_ended(databricks, submit(databricks, a_task("quiet")))

    output = databricks.jobs.get_run_output(task_id(run))
    assert output.notebook_output is not None
    assert output.notebook_output.result is None


def test_a_repeated_token_starts_one_run(databricks: WorkspaceClient, simulator: Any) -> None:
    first = submit(databricks, a_task("quiet"), idempotency_token="once")

    is_resend = submit(databricks, a_task("quiet"), idempotency_token="once")

    assert first == is_resend
    noted = [line for line in simulator.submissions() if line["token"] == "once"]
    assert [line["repeat"] for line in noted] == [False, True]


def test_without_a_token_every_submit_starts_a_run(databricks: WorkspaceClient) -> None:
    assert submit(databricks, a_task("quiet")) != submit(databricks, a_task("quiet"))


def test_a_token_of_65_characters_is_refused(databricks: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue):
        submit(databricks, a_task("quiet"), idempotency_token="x" * 65)


def test_the_single_task_form_has_one_id_for_run_and_task(databricks: WorkspaceClient) -> None:
    body = {
        "notebook_task": {"notebook_path": "/tests/echo", "base_parameters": {"mood": "loud"}},
        "existing_cluster_id": "0101-120000-lakehse1",
    }

    answer = databricks.api_client.do("POST", "/api/2.1/jobs/runs/submit", body=body)
    assert isinstance(answer, dict)

    run = wait_until_ended(databricks, answer["run_id"])
    assert task_id(run) == run.run_id
    output = databricks.jobs.get_run_output(answer["run_id"]).notebook_output
    assert output is not None
    assert json.loads(output.result or "")["mood"] == "loud"


def test_version_2_1_has_no_status_object(databricks: WorkspaceClient) -> None:
    run_id = submit(databricks, a_task("quiet"))

    query = {"run_id": run_id}
    old = databricks.api_client.do("GET", "/api/2.1/jobs/runs/get", query=query)
    new = databricks.api_client.do("GET", "/api/2.2/jobs/runs/get", query=query)

    assert isinstance(old, dict)
    assert isinstance(new, dict)
    assert "state" in old
    assert "status" not in old
    assert "status" in new


def test_tasks_run_in_the_order_of_their_dependencies(databricks: WorkspaceClient) -> None:
    run_id = submit(
        databricks,
        a_task("quiet", key="second", depends_on=[TaskDependency(task_key="first")]),
        a_task("quiet", key="first"),
    )

    run = wait_until_ended(databricks, run_id)

    assert result_of(run) is RunResultState.SUCCESS
    assert run.tasks is not None
    times = {task.task_key: task for task in run.tasks}
    assert (times["first"].end_time or 0) <= (times["second"].end_time or 0)


def test_a_failed_task_prevents_its_downstream_task(databricks: WorkspaceClient) -> None:
    run_id = submit(
        databricks,
        a_task("fail", key="first"),
        a_task("quiet", key="second", depends_on=[TaskDependency(task_key="first")]),
    )

    run = wait_until_ended(databricks, run_id)

    assert result_of(run) is RunResultState.FAILED
    assert run.tasks is not None
    assert run.tasks[1].state is not None
    assert run.tasks[1].state.result_state is RunResultState.UPSTREAM_FAILED


def test_the_output_of_a_run_of_tasks_is_read_by_task(databricks: WorkspaceClient) -> None:
    run_id = submit(databricks, a_task("quiet"))

    with pytest.raises(InvalidParameterValue, match="each individual task run"):
        databricks.jobs.get_run_output(run_id)


def test_an_unknown_run_does_not_exist(databricks: WorkspaceClient) -> None:
    with pytest.raises(ResourceDoesNotExist, match="Run 5 does not exist"):
        databricks.jobs.get_run(5)
    with pytest.raises(ResourceDoesNotExist):
        databricks.jobs.get_run_output(5)
    with pytest.raises(InvalidParameterValue):
        databricks.jobs.cancel_run(5)


@pytest.mark.parametrize(
    "compute",
    [
        pytest.param({}, id="serverless"),
        pytest.param({"existing_cluster_id": "0101-120000-lakehse1"}, id="an existing cluster"),
        pytest.param(
            {
                "new_cluster": ClusterSpec(
                    spark_version="15.4.x-scala2.12",
                    node_type_id="Standard_DS3_v2",
                    num_workers=1,
                )
            },
            id="a new cluster",
        ),
        pytest.param(
            {
                "new_cluster": ClusterSpec(
                    spark_version="15.4.x-scala2.12",
                    instance_pool_id="0101-120000-pool-lakehse1",
                    num_workers=1,
                )
            },
            id="a cluster from a pool",
        ),
    ],
)
def test_a_run_succeeds_on_each_kind_of_compute(
    databricks: WorkspaceClient, compute: dict[str, Any]
) -> None:
    run = wait_until_ended(databricks, submit(databricks, a_task("quiet", **compute)))

    assert result_of(run) is RunResultState.SUCCESS


@pytest.mark.parametrize(
    "compute",
    [
        pytest.param({"existing_cluster_id": "absent"}, id="an unknown cluster"),
        pytest.param(
            {
                "new_cluster": ClusterSpec(
                    spark_version="15.4.x-scala2.12", instance_pool_id="absent", num_workers=1
                )
            },
            id="an unknown pool",
        ),
        pytest.param(
            {
                "new_cluster": ClusterSpec(
                    spark_version="15.4.x-scala2.12", node_type_id="Standard_No", num_workers=1
                )
            },
            id="an unknown node type",
        ),
        pytest.param(
            {"new_cluster": ClusterSpec(node_type_id="Standard_DS3_v2", num_workers=1)},
            id="a cluster without a version",
        ),
    ],
)
def test_a_submit_is_refused_for_invalid_compute(
    databricks: WorkspaceClient, compute: dict[str, Any]
) -> None:
    with pytest.raises(InvalidParameterValue):
        submit(databricks, a_task("quiet", **compute))


def test_runs_are_listed_newest_first_page_by_page(databricks: WorkspaceClient) -> None:
    submitted = [submit(databricks, a_task("quiet")) for _ in range(5)]

    listed = [run.run_id for run in databricks.jobs.list_runs(limit=2)]

    assert listed[:5] == submitted[::-1]
    assert len(listed) == len(set(listed))


def test_active_runs_can_be_listed_separately(databricks: WorkspaceClient) -> None:
    run_id = submit(databricks, a_task("sleep"))

    active = [run.run_id for run in databricks.jobs.list_runs(active_only=True)]
    databricks.jobs.cancel_run(run_id)
    wait_until_ended(databricks, run_id)

    assert run_id in active
    assert run_id not in [run.run_id for run in databricks.jobs.list_runs(active_only=True)]
    assert run_id in [run.run_id for run in databricks.jobs.list_runs(completed_only=True)]


def test_the_page_of_a_run_exists(databricks: WorkspaceClient) -> None:
    run = databricks.jobs.get_run(submit(databricks, a_task("quiet")))

    page = requests.get(run.run_page_url or "", timeout=WAIT.total_seconds())

    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
