"""The official client of Airflow 3 accepts the simulator as a web server."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from airflow_client.client import (
    ApiClient,
    DAGApi,
    DagRunApi,
    TaskApi,
    TaskInstanceApi,
    VersionApi,
    XComApi,
)
from airflow_client.client.exceptions import ConflictException, NotFoundException
from airflow_client.client.models import (
    ClearTaskInstancesBody,
    DAGRunPatchBody,
    TriggerDAGRunPostBody,
)

from tests.contract.connectors.cases.apache_airflow import PARAMS, put_dag
from tests.fakes.simulators import SimulatorProcess


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start(api: ApiClient, dag_id: str, run_id: str, **conf: Any) -> None:
    body = TriggerDAGRunPostBody(dag_run_id=run_id, conf=conf, logical_date=None)
    runs = DagRunApi(api)
    started = runs.trigger_dag_run(dag_id, body)
    assert started.dag_run_id == run_id


def ended(api: ApiClient, dag_id: str, run_id: str) -> str:
    runs = DagRunApi(api)
    until(lambda: str(runs.get_dag_run(dag_id, run_id).state.value) in {"success", "failed"})
    return str(runs.get_dag_run(dag_id, run_id).state.value)


def test_the_client_discovers_dags_and_reads_their_parameters(
    simulator: SimulatorProcess, api: ApiClient
) -> None:
    put_dag(simulator, "sales.täglich", params=PARAMS, description="Sums up the sales")
    put_dag(simulator, "gone", is_active=False)
    dags = DAGApi(api)

    listed = {each.dag_id: each for each in dags.get_dags(limit=100, exclude_stale=False).dags}
    assert {"sales.täglich", "gone"} <= listed.keys()
    assert listed["gone"].is_stale
    details = dags.get_dag_details("sales.täglich")
    assert (details.description, details.is_paused) == ("Sums up the sales", False)
    assert details.params is not None
    assert details.params["rows"]["value"] == 1
    version = VersionApi(api)
    assert version.get_version().version.startswith("3.")


def test_the_client_starts_polls_and_lists_a_run_and_reads_its_value(
    simulator: SimulatorProcess, api: ApiClient
) -> None:
    tasks = [
        {"task_id": "first", "downstream": ["load"]},
        {"task_id": "load", "return_value": {"total": 7}},
    ]
    put_dag(simulator, "returns", tasks=tasks)
    start(api, "returns", "polysync-1", rows=3)
    assert ended(api, "returns", "polysync-1") == "success"

    runs = DagRunApi(api)
    newest = runs.get_dag_runs("returns", order_by=["-run_after"]).dag_runs[0]
    assert (newest.dag_run_id, newest.conf) == ("polysync-1", {"rows": 3})
    xcoms = XComApi(api)
    listed = TaskApi(api)
    final = [
        each.task_id for each in listed.get_tasks("returns").tasks if not each.downstream_task_ids
    ]
    assert final == ["load"]
    entry = xcoms.get_xcom_entry("returns", "load", "polysync-1", "return_value")
    assert entry.actual_instance.value == {"total": 7}
    with pytest.raises(ConflictException):
        start(api, "returns", "polysync-1")
    with pytest.raises(NotFoundException):
        start(api, "unknown", "polysync-1")


def test_the_client_stops_a_run(simulator: SimulatorProcess, api: ApiClient) -> None:
    put_dag(simulator, "hangs", tasks=[{"task_id": "load", "seconds": None}])
    start(api, "hangs", "polysync-2")
    runs = DagRunApi(api)
    until(lambda: runs.get_dag_run("hangs", "polysync-2").state.value == "running")

    runs.patch_dag_run("hangs", "polysync-2", DAGRunPatchBody(state="failed"))

    assert ended(api, "hangs", "polysync-2") == "failed"


def test_the_client_reads_failed_tasks_with_their_logs_and_clears_them(
    simulator: SimulatorProcess, api: ApiClient
) -> None:
    tasks = [{"task_id": "load", "outcome": "failed", "log": "no sales", "retries": 1}]
    put_dag(simulator, "fails", tasks=tasks)
    start(api, "fails", "polysync-3")
    assert ended(api, "fails", "polysync-3") == "failed"

    instances = TaskInstanceApi(api)
    (failed,) = instances.get_task_instances("fails", "polysync-3", state=["failed"]).task_instances
    assert (failed.task_id, failed.try_number, failed.max_tries) == ("load", 2, 1)
    log = instances.get_log(
        "fails", "polysync-3", "load", 2, full_content=True, accept="application/json"
    )
    assert "no sales" in str(log.content.actual_instance)
    body = ClearTaskInstancesBody(dry_run=False, only_failed=True, dag_run_id="polysync-3")
    cleared = instances.post_clear_task_instances("fails", body)
    assert [each.task_id for each in cleared.task_instances] == ["load"]
    assert ended(api, "fails", "polysync-3") == "failed"
    (again,) = instances.get_task_instances("fails", "polysync-3", state=["failed"]).task_instances
    assert again.try_number == 4
