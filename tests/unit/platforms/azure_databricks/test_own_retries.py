"""Retries of Databricks itself are off for the only try of a run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.platforms.connector import SubmitRequest
from tests.fakes.builders import NOON, a_job, a_run
from tests.fakes.http import Reply
from tests.unit.application.runs.attempt_bench import RETRY, Bench
from tests.unit.platforms.azure_databricks.workspace import Workspace

OFF = {"max_retries": 0, "disable_auto_optimization": True}
CLUSTER = {"computeType": "ExistingInteractiveCluster", "existingClusterId": "0101-1-a"}


def sent(*, is_only_try: bool, **attributes: Any) -> dict[str, Any]:
    bodies: list[dict[str, Any]] = []
    workspace = Workspace()
    original = workspace.answer

    def answer(request: Any) -> Reply:
        if str(request.url).endswith("runs/submit"):
            bodies.append(json.loads(request.body))
        return original(request)

    workspace.routes["runs/submit"] = {"run_id": 1}
    workspace.answer = answer  # type: ignore[method-assign]
    request = SubmitRequest(
        job=a_job(),
        token="t",
        run_name="n",
        parameters={},
        begun_at=NOON,
        is_only_try=is_only_try,
    )
    workspace.connect(**attributes).job("DatabricksNotebook").submit(request)
    (task,) = bodies[0]["tasks"]
    return {name: value for name, value in task.items() if name in OFF}


def test_serverless_retries_are_off_for_the_only_try() -> None:
    assert sent(is_only_try=True) == OFF
    assert sent(is_only_try=False) == {}


def test_other_compute_has_no_retries_of_its_own() -> None:
    assert sent(is_only_try=True, **CLUSTER) == {}


@pytest.mark.parametrize("retries", [True, False])
def test_a_task_without_retries_has_one_try(retries: bool) -> None:
    bench = Bench(a_run(retry=RETRY) if retries else a_run())
    bench.submit()
    (order,) = bench.platform.orders
    assert order.is_only_try is not retries
