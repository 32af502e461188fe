"""Job definitions of the workspace, seen by the official client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidParameterValue
from databricks.sdk.service.jobs import (
    JobParameterDefinition,
    NotebookTask,
    RunResultState,
    RunType,
    Task,
    TaskDependency,
)

from tests.contract.databricks_simulator.test_runs import wait_until_ended


def define(databricks: WorkspaceClient, name: str, **settings: Any) -> int:
    """Create a job whose second task echoes its parameters."""
    echo = NotebookTask(
        notebook_path="/tests/echo", base_parameters={"greeting": "task", "own": "1"}
    )
    tasks = [
        Task(task_key="quiet", notebook_task=NotebookTask(notebook_path="/tests/quiet")),
        Task(task_key="echo", notebook_task=echo, depends_on=[TaskDependency(task_key="quiet")]),
    ]
    created = databricks.jobs.create(
        name=name,
        tasks=tasks,
        parameters=[JobParameterDefinition(name="greeting", default="job")],
        **settings,
    )
    assert created.job_id is not None
    return created.job_id


def echoed(databricks: WorkspaceClient, job_id: int, **given: Any) -> dict[str, str]:
    """Run the job and return the parameters of its echo task."""
    run = wait_until_ended(
        databricks, databricks.jobs.run_now(job_id, **given).response.run_id or 0
    )
    assert run.state is not None
    assert run.state.result_state is RunResultState.SUCCESS
    task = next(each for each in run.tasks or [] if each.task_key == "echo")
    output = databricks.jobs.get_run_output(task.run_id or 0).notebook_output
    assert output is not None
    return json.loads(output.result or "")


def test_a_job_is_created_found_and_described(databricks: WorkspaceClient) -> None:
    job_id = define(databricks, "found and described")

    (listed,) = databricks.jobs.list(name="Found and DESCRIBED", expand_tasks=True)
    found = databricks.jobs.get(job_id)

    assert listed.job_id == job_id
    assert found.settings is not None
    assert [task.task_key for task in found.settings.tasks or []] == ["quiet", "echo"]
    assert [each.default for each in found.settings.parameters or []] == ["job"]


def test_jobs_are_listed_page_by_page(databricks: WorkspaceClient) -> None:
    ids = [define(databricks, f"page {n}") for n in range(5)]

    assert [job.job_id for job in databricks.jobs.list(limit=2)][:5] == ids[::-1]


def test_run_parameters_override_those_of_the_job_and_its_tasks(
    databricks: WorkspaceClient,
) -> None:
    job_id = define(databricks, "parameters")

    assert echoed(databricks, job_id) == {"greeting": "job", "own": "1", "mood": "calm"}
    given = echoed(databricks, job_id, job_parameters={"greeting": "run"})
    assert given["greeting"] == "run"
    given = echoed(databricks, job_id, notebook_params={"own": "2"})
    assert given["own"] == "2"


def test_a_token_starts_one_run_of_the_job(databricks: WorkspaceClient) -> None:
    job_id = define(databricks, "token")

    first = databricks.jobs.run_now(job_id, idempotency_token="once")
    second = databricks.jobs.run_now(job_id, idempotency_token="once")
    run = wait_until_ended(databricks, first.response.run_id or 0)

    assert first.response.run_id == second.response.run_id
    assert (run.job_id, run.run_type) == (job_id, RunType.JOB_RUN)
    assert [each.run_id for each in databricks.jobs.list_runs(job_id=job_id)] == [run.run_id]


def test_job_parameters_and_task_parameters_cannot_be_combined(databricks: WorkspaceClient) -> None:
    job_id = define(databricks, "mixed")

    with pytest.raises(InvalidParameterValue):
        databricks.jobs.run_now(job_id, job_parameters={"a": "1"}, notebook_params={"b": "2"})


def test_a_deleted_job_does_not_exist(databricks: WorkspaceClient) -> None:
    job_id = define(databricks, "deleted")
    databricks.jobs.delete(job_id)

    with pytest.raises(BadRequest, match=f"Job {job_id} does not exist"):
        databricks.jobs.run_now(job_id)
