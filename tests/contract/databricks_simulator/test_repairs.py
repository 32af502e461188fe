"""Repairs of job runs, seen by the official client and by the connector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidParameterValue
from databricks.sdk.service.jobs import (
    NotebookTask,
    RepairHistoryItemType,
    RunResultState,
    Task,
    TaskDependency,
)

from tests.contract.databricks_simulator.test_runs import wait_until_ended

_FAIL = "# Databricks notebook source\nraise ValueError('not yet')\n"
_PASS = '# Databricks notebook source\ndbutils.notebook.exit("{\\"rows\\": 5}")\n'


class Repairable:
    """A job whose middle task fails until its notebook is corrected."""

    def __init__(self, databricks: WorkspaceClient, file: Path) -> None:
        self.databricks = databricks
        self.file = file
        self.file.write_text(_FAIL, encoding="utf-8")
        path = f"/tests/{file.stem}"
        created = databricks.jobs.create(
            name=file.stem,
            tasks=[
                Task(task_key="before", notebook_task=NotebookTask(notebook_path="/tests/quiet")),
                Task(
                    task_key="load",
                    notebook_task=NotebookTask(notebook_path=path),
                    depends_on=[TaskDependency(task_key="before")],
                ),
                Task(
                    task_key="after",
                    notebook_task=NotebookTask(notebook_path="/tests/quiet"),
                    depends_on=[TaskDependency(task_key="load")],
                ),
            ],
        )
        self.job_id = created.job_id or 0

    def correct(self) -> None:
        self.file.write_text(_PASS, encoding="utf-8")

    def failed_run(self) -> int:
        run_id = self.databricks.jobs.run_now(self.job_id).response.run_id or 0
        wait_until_ended(self.databricks, run_id)
        return run_id

    def repair(self, run_id: int, **facts: Any) -> int:
        return repair(self.databricks, run_id, **facts)


def repair(databricks: WorkspaceClient, run_id: int, **facts: Any) -> int:
    """Repair a run, and return the id of the repair."""
    wanted = {"rerun_all_failed_tasks": True, **facts}
    return databricks.jobs.repair_run(run_id, **wanted).response.repair_id or 0


@pytest.fixture
def repairable(
    databricks: WorkspaceClient, notebooks: Path, request: pytest.FixtureRequest
) -> Repairable:
    return Repairable(databricks, notebooks / f"repair-{abs(hash(request.node.name))}.py")


def test_a_repair_runs_only_the_tasks_that_did_not_succeed(repairable: Repairable) -> None:
    databricks = repairable.databricks
    run_id = repairable.failed_run()
    before = {each.task_key: each.run_id for each in databricks.jobs.get_run(run_id).tasks or []}
    repairable.correct()

    repair_id = repairable.repair(run_id)

    wait_until_ended(databricks, run_id)
    run = databricks.jobs.get_run(run_id, include_history=True)
    after = {each.task_key: each for each in run.tasks or []}
    assert run.state is not None
    assert run.state.result_state is RunResultState.SUCCESS
    assert after["before"].run_id == before["before"]
    assert after["load"].run_id != before["load"]
    assert after["load"].attempt_number == 1
    original, repaired = run.repair_history or []
    assert original.type is RepairHistoryItemType.ORIGINAL
    assert original.state is not None
    assert original.state.result_state is RunResultState.FAILED
    assert (repaired.id, repaired.type) == (repair_id, RepairHistoryItemType.REPAIR)
    assert set(repaired.task_run_ids or []) == {after["load"].run_id, after["after"].run_id}
    output = databricks.jobs.get_run_output(after["load"].run_id or 0).notebook_output
    assert output is not None
    assert json.loads(output.result or "") == {"rows": 5}


def test_repairs_of_one_run_are_sequential(repairable: Repairable) -> None:
    databricks = repairable.databricks
    run_id = repairable.failed_run()
    first = repairable.repair(run_id)
    with pytest.raises(BadRequest):
        repairable.repair(run_id, latest_repair_id=first)
    wait_until_ended(databricks, run_id)
    with pytest.raises(InvalidParameterValue, match="latest_repair_id"):
        repairable.repair(run_id)
    with pytest.raises(InvalidParameterValue, match="latest_repair_id"):
        repairable.repair(run_id, latest_repair_id=first + 1)

    second = repairable.repair(run_id, latest_repair_id=first)

    wait_until_ended(databricks, run_id)
    history = databricks.jobs.get_run(run_id, include_history=True).repair_history or []
    assert [each.id for each in history] == [None, first, second]
    assert not databricks.jobs.get_run(run_id).repair_history


def test_a_run_without_a_failed_task_is_refused(
    repairable: Repairable,
) -> None:
    repairable.correct()
    succeeded = repairable.failed_run()
    with pytest.raises(InvalidParameterValue, match="no failed tasks"):
        repairable.repair(succeeded)
    with pytest.raises(InvalidParameterValue, match="Exactly one"):
        repairable.repair(succeeded, rerun_tasks=["load"])
    with pytest.raises(InvalidParameterValue, match="no task"):
        repairable.repair(succeeded, rerun_all_failed_tasks=None, rerun_tasks=["unknown"])
