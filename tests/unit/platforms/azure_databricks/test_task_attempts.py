"""The exit value of a run whose tasks were retried, or have become several."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.platforms.connector import ProviderStatus, Report
from tests.unit.platforms.azure_databricks.workspace import Workspace

ENDED = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}
JOB = Job(
    name="load",
    platform="lakehouse",
    job_type="DatabricksJob",
    external_id="7",
    settings={"outputsFromExitValue": True},
)
OUTPUTS = {
    "11": {"notebook_output": {}, "error": "ZeroDivisionError"},
    "12": {"notebook_output": {"result": '{"rows": 12}'}},
    "13": {"notebook_output": {"result": '{"rows": 13}'}},
    "5": {"notebook_output": {"result": '{"rows": 5}'}},
}


def read(*tasks: dict[str, Any]) -> tuple[Report, Workspace]:
    workspace = Workspace(
        runs__get={"run_id": 5, "state": ENDED, "tasks": list(tasks)},
        runs__get_output=lambda query: OUTPUTS[query["run_id"]],
    )
    return workspace.connect().job("DatabricksJob").read(JOB, "5"), workspace


def task(run_id: int, attempt: Any = None, key: str | None = "load") -> dict[str, Any]:
    fields = {"task_key": key, "attempt_number": attempt, "run_id": run_id}
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize(
    ("tasks", "rows"),
    [
        ([task(12, 1), task(11, 0)], 12),
        ([task(11, 0), task(12, 1)], 12),
        ([task(12, 1), task(13, 2), task(11)], 13),
        ([task(12, 1, None), task(11, 0, None)], 12),
        ([task(11), task(12)], 12),
        ([task(13)], 13),
        ([], 5),
    ],
)
def test_the_value_is_that_of_the_highest_attempt_in_any_order(
    tasks: list[dict[str, Any]], rows: int
) -> None:
    report, _ = read(*tasks)

    assert report.status is ProviderStatus.SUCCESS
    assert dict(report.outputs) == {"rows": rows}
    assert report.outputs_missing is None


def test_a_job_with_several_tasks_is_said_to_be_a_workflow_and_keeps_no_value() -> None:
    report, workspace = read(task(12, key="a"), task(13, key="b"))

    assert report.status is ProviderStatus.SUCCESS
    assert not report.outputs
    assert "DatabricksWorkflow" in (report.outputs_missing or "")
    assert not any("get-output" in each for each in workspace.asked)


def test_an_error_in_the_output_of_a_successful_run_is_no_empty_value() -> None:
    report, _ = read(task(11))

    assert report.status is ProviderStatus.SUCCESS
    assert not report.outputs
    assert "error" in (report.outputs_missing or "")
