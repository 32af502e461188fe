"""Steps of the tests of runs with the official client."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import (
    NotebookTask,
    Run,
    RunLifeCycleState,
    RunResultState,
    SubmitTask,
)

WAIT = timedelta(seconds=60)


def a_task(notebook: str, *, key: str = "main", **values: Any) -> SubmitTask:
    parameters = values.pop("parameters", None)
    task = NotebookTask(notebook_path=f"/tests/{notebook}", base_parameters=parameters)
    return SubmitTask(task_key=key, notebook_task=task, **values)


def submit(databricks: WorkspaceClient, *tasks: SubmitTask, **values: Any) -> int:
    run_id = databricks.jobs.submit(tasks=list(tasks), **values).response.run_id
    assert run_id is not None
    return run_id


def wait_until_ended(databricks: WorkspaceClient, run_id: int) -> Run:
    """Poll faster than the client's own waiter, until the end of the run."""
    deadline = time.monotonic() + WAIT.total_seconds()
    while time.monotonic() < deadline:
        run = databricks.jobs.get_run(run_id)
        assert run.state is not None
        if run.state.life_cycle_state in {
            RunLifeCycleState.TERMINATED,
            RunLifeCycleState.INTERNAL_ERROR,
        }:
            return run
        time.sleep(0.02)
    raise AssertionError("The run did not end.")


def result_of(run: Run) -> RunResultState | None:
    assert run.state is not None
    return run.state.result_state


def task_id(run: Run, index: int = 0) -> int:
    assert run.tasks is not None
    run_id = run.tasks[index].run_id
    assert run_id is not None
    return run_id
