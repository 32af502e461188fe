"""Runs of loops, of other jobs, and of tasks with conditions."""

from __future__ import annotations

from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import (
    ForEachTask,
    JobParameterDefinition,
    NotebookTask,
    Run,
    RunIf,
    RunJobTask,
    RunResultState,
    Task,
    TaskDependency,
)

from tests.contract.databricks_simulator.test_runs import wait_until_ended


def run(databricks: WorkspaceClient, *tasks: Task, **settings: Any) -> Run:
    created = databricks.jobs.create(name="kinds", tasks=[*tasks], **settings)
    started = databricks.jobs.run_now(created.job_id or 0).response.run_id or 0
    return wait_until_ended(databricks, started)


def results(found: Run) -> dict[str, RunResultState | None]:
    return {
        each.task_key or "": each.state and each.state.result_state for each in found.tasks or []
    }


def notebook(name: str, **parameters: str) -> NotebookTask:
    return NotebookTask(notebook_path=f"/tests/{name}", base_parameters=parameters)


def test_a_task_may_run_because_another_failed(databricks: WorkspaceClient) -> None:
    after = [TaskDependency(task_key="fail")]
    found = run(
        databricks,
        Task(task_key="fail", notebook_task=notebook("fail")),
        Task(
            task_key="care",
            notebook_task=notebook("quiet"),
            depends_on=after,
            run_if=RunIf.AT_LEAST_ONE_FAILED,
        ),
        Task(
            task_key="never",
            notebook_task=notebook("quiet"),
            depends_on=after,
            run_if=RunIf.NONE_FAILED,
        ),
    )

    assert results(found) == {
        "fail": RunResultState.FAILED,
        "care": RunResultState.SUCCESS,
        "never": RunResultState.EXCLUDED,
    }
    assert found.state is not None
    assert found.state.result_state is RunResultState.SUCCESS_WITH_FAILURES


def test_a_loop_runs_its_notebook_for_each_input(databricks: WorkspaceClient) -> None:
    inner = Task(task_key="inner", notebook_task=notebook("echo", greeting="{{input}}"))
    good = ForEachTask(inputs='["a", "b"]', task=inner)
    missing = ForEachTask(inputs='["a"]', task=Task(task_key="i", notebook_task=notebook("absent")))
    wrong = ForEachTask(inputs="a", task=inner)

    found = run(
        databricks,
        Task(task_key="good", for_each_task=good),
        Task(task_key="missing", for_each_task=missing),
        Task(task_key="wrong", for_each_task=wrong),
    )

    assert results(found) == {
        "good": RunResultState.SUCCESS,
        "missing": RunResultState.FAILED,
        "wrong": RunResultState.FAILED,
    }
    task = next(each for each in found.tasks or [] if each.task_key == "good")
    output = databricks.jobs.get_run_output(task.run_id or 0).notebook_output
    assert output is not None
    assert '"greeting": "b"' in (output.result or "")


def test_a_task_runs_another_job_with_its_parameters(databricks: WorkspaceClient) -> None:
    declared = [JobParameterDefinition(name="greeting", default="child")]
    child = databricks.jobs.create(
        name="child",
        tasks=[Task(task_key="echo", notebook_task=notebook("echo"))],
        parameters=declared,
    )
    task = RunJobTask(job_id=child.job_id or 0, job_parameters={"greeting": "parent"})

    found = run(
        databricks,
        Task(task_key="child", run_job_task=task),
        Task(task_key="none", run_job_task=RunJobTask(job_id=1)),
    )

    assert results(found) == {"child": RunResultState.SUCCESS, "none": RunResultState.FAILED}
    [inner] = databricks.jobs.list_runs(job_id=child.job_id)
    assert [(each.name, each.value) for each in inner.job_parameters or []] == [
        ("greeting", "parent")
    ]
