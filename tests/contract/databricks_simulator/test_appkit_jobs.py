"""Tests for AppKit's jobs in a standalone program, on the simulated workspace."""

from __future__ import annotations

import asyncio
import json

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import NotebookTask, Task

from polysync_core.appkit.jobs import AppKitJob, AppKitJobs
from polysync_core.appkit.named_jobs import JobOptions
from polysync_core.appkit.parameters import TaskType
from polysync_core.appkit.results import Done, ExecutionResult, Failed
from polysync_core.databricks_jobs import connect
from tests.contract.databricks_simulator.conftest import TOKEN
from tests.fakes.simulators import SimulatorProcess


@pytest.fixture(scope="module")
def jobs(simulator: SimulatorProcess, databricks: WorkspaceClient) -> AppKitJobs:
    """A job that echoes its parameters, and one that sleeps."""
    notebooks = {"DATABRICKS_JOB_ECHO": "/tests/echo", "DATABRICKS_JOB_SLEEP": "/tests/sleep"}
    variables = {
        "POLYSYNC_APPKIT": '{"pollIntervalMs": 20}',
        "DATABRICKS_HOST": simulator.url,
        "DATABRICKS_TOKEN": TOKEN,
    }
    for variable, path in notebooks.items():
        task = Task(task_key="only", notebook_task=NotebookTask(notebook_path=path))
        variables[variable] = str(databricks.jobs.create(name=path, tasks=[task]).job_id)
    options = JobOptions(task_type=TaskType.NOTEBOOK)
    return connect(variables, {"echo": options, "sleep": options})


def data_of[T](result: ExecutionResult[T]) -> T:
    assert isinstance(result, Done)
    return result.data


def test_a_streamed_run_has_an_output(jobs: AppKitJobs) -> None:
    echo = jobs("echo")
    *_, last = echo.run_and_wait({"greeting": "hi", "mood": "loud"})
    assert last.status == "TERMINATED"
    run = data_of(echo.get_run(last.run_id))
    assert run["state"]["result_state"] == "SUCCESS"
    output = data_of(echo.get_run_output(run["tasks"][0]["run_id"]))
    assert json.loads(output["notebook_output"]["result"]) == {"greeting": "hi", "mood": "loud"}
    newest = data_of(echo.last_run())
    assert newest is not None
    assert newest["run_id"] == last.run_id
    assert data_of(echo.get_job())["settings"]["name"] == "/tests/echo"


def test_the_outputs_of_all_tasks_are_read(jobs: AppKitJobs) -> None:
    echo = jobs("echo")
    *_, last = echo.run_and_wait({"greeting": "hi"})
    [only] = data_of(echo.get_task_outputs(last.run_id))
    assert only["task"]["task_key"] == "only"
    assert json.loads(only["output"]["notebook_output"]["result"])["greeting"] == "hi"


def test_a_service_principal_signs_in_as_in_a_databricks_app(
    jobs: AppKitJobs, simulator: SimulatorProcess
) -> None:
    app = connect(
        {
            "DATABRICKS_APP_NAME": "shop",
            "DATABRICKS_HOST": simulator.url,
            "DATABRICKS_CLIENT_ID": "app-principal",
            "DATABRICKS_CLIENT_SECRET": "oauth-secret",
            "DATABRICKS_JOB_ECHO": str(jobs("echo").job_id),
            "POLYSYNC_APPKIT": '{"pollIntervalMs": 20, "jobs": {"echo": {"taskType": "notebook"}}}',
        }
    )
    *_, last = app("echo").run_and_wait({"greeting": "hi"})
    assert last.run["state"]["result_state"] == "SUCCESS"  # type: ignore[index,call-overload]


def test_a_run_is_cancelled_while_it_is_streamed(jobs: AppKitJobs) -> None:
    sleep = jobs("sleep")

    async def states() -> list[str | None]:
        seen: list[str | None] = []
        async for snapshot in sleep.run_and_wait({"seconds": 600}):
            seen.append(snapshot.status)
            if len(seen) == 1:
                assert sleep.cancel_run(snapshot.run_id) == Done(data=None)
        return seen

    assert asyncio.run(states())[-1] == "TERMINATED"


def test_one_idempotency_key_starts_one_run(jobs: AppKitJobs) -> None:
    echo = jobs("echo")
    before = len(data_of(echo.list_runs()))
    ids = {data_of(echo.run_now(idempotency_key="monday"))["run_id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(data_of(echo.list_runs())) == before + 1


def test_a_run_of_another_job_and_an_unknown_run_are_refused(jobs: AppKitJobs) -> None:
    other = data_of(jobs("echo").run_now())["run_id"]
    sleep: AppKitJob = jobs("sleep")
    assert sleep.get_run(other) == Failed(status=404, message="Not Found")
    assert sleep.get_run(5) == Failed(status=400, message="Bad Request")


def test_a_lost_answer_starts_no_second_run(jobs: AppKitJobs, simulator: SimulatorProcess) -> None:
    echo = jobs("echo")
    before = len(data_of(echo.list_runs()))
    simulator.fault(endpoint="jobs/run-now", fault="lost-response")
    assert echo.run_now().ok
    assert len(data_of(echo.list_runs())) == before + 1
