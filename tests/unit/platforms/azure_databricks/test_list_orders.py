"""Lists of Databricks have no promised order, and the newer fields win."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure_databricks.pipeline.states import retries_of
from polysync_core.platforms.connector import ProviderStatus, Wait
from tests.unit.platforms.azure_databricks.workspace import Workspace, report

JOB = Job(name="w", platform="lakehouse", job_type="DatabricksWorkflow", external_id="42")


def update(update_id: str, at: int, cause: str = "RETRY_ON_FAILURE") -> dict[str, Any]:
    return {"update_id": update_id, "state": "FAILED", "cause": cause, "creation_time": at}


@pytest.mark.parametrize(
    "updates",
    list(permutations([update("U1", 1000, "API_CALL"), update("U2", 2000), update("U3", 3000)])),
)
def test_the_retries_of_an_update_are_in_the_order_of_their_creation(
    updates: tuple[dict[str, Any], ...],
) -> None:
    assert [each["update_id"] for each in retries_of("U1", updates)] == ["U2", "U3"]
    assert [each["update_id"] for each in retries_of("U2", updates)] == ["U3"]


FAILED = {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}


@pytest.mark.parametrize("order", [1, -1])
def test_the_failure_details_are_those_of_the_last_attempt_of_a_task(order: int) -> None:
    tasks = [
        {"task_key": "load", "attempt_number": number, "run_id": 10 + number, "state": FAILED}
        for number in range(3)
    ]
    workspace = Workspace(
        runs__get={"run_id": 7, "state": FAILED, "tasks": tasks[::order]},
        get_output=lambda query: {"error": f"of {query['run_id']}"},
    )

    details = workspace.connect().job("DatabricksWorkflow").failure_details(JOB, "7")

    assert [each.error for each in details.parts] == ["of 12"]


def test_the_newer_message_of_a_run_wins() -> None:
    found = report(
        {
            "run_id": 17,
            "state": {**FAILED, "state_message": "old words"},
            "status": {
                "state": "TERMINATED",
                "termination_details": {
                    "code": "RUN_EXECUTION_ERROR",
                    "type": "CLIENT_ERROR",
                    "message": "new words",
                },
            },
        }
    )
    assert found.status is ProviderStatus.FAILED
    assert (found.message or "").startswith("new words")
    assert "old words" not in (found.message or "")


@pytest.mark.parametrize(
    "run",
    [
        {"state": {"life_cycle_state": "WAITING_FOR_RETRY"}},
        {"state": {"life_cycle_state": "WAITING_FOR_RETRY"}, "status": {"state": "WAITING"}},
        {"status": {"state": "WAITING"}},
    ],
)
def test_a_run_that_waits_for_its_own_retry_says_so(run: dict[str, Any]) -> None:
    found = report({"run_id": 17, **run})
    assert (found.status, found.wait) == (ProviderStatus.RUNNING, Wait.RETRY)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("CANCELED", "The maximum run duration was exceeded.", ProviderStatus.FAILED),
        ("CANCELED", "Run exceeded its timeout.", ProviderStatus.FAILED),
        ("CANCELED", "Run timed out", ProviderStatus.FAILED),
        ("CANCELED", "The run was cancelled.", ProviderStatus.CANCELLED),
        ("USER_CANCELED", "cancelled before the timeout", ProviderStatus.CANCELLED),
    ],
)
def test_the_newer_state_alone_tells_a_timeout_from_a_cancellation(
    code: str, message: str, expected: ProviderStatus
) -> None:
    details = {"code": code, "type": "CLIENT_ERROR", "message": message}
    found = report(
        {"run_id": 17, "status": {"state": "TERMINATED", "termination_details": details}}
    )
    assert found.status is expected
    assert (found.cause is FailureCause.TIMEOUT) is (expected is ProviderStatus.FAILED)


@pytest.mark.parametrize(
    "run",
    [
        {"state": {"life_cycle_state": "BLOCKED", "state_message": "an upstream run"}},
        {"state": {"life_cycle_state": "QUEUED", "queue_reason": "an upstream run"}},
        {"status": {"state": "QUEUED", "queue_details": {"message": "an upstream run"}}},
        {"status": {"state": "BLOCKED", "queue_details": {"message": "an upstream run"}}},
    ],
)
def test_a_run_that_databricks_holds_back_gives_the_reason(run: dict[str, Any]) -> None:
    found = report({"run_id": 17, "start_time": 1, **run})
    assert (found.wait, found.message) == (Wait.PLATFORM_QUEUE, "an upstream run")
