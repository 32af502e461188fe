"""The page, the times, the message and the wait in the report of a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.platforms.connector import Wait
from tests.fakes.http import VirtualTime
from tests.unit.platforms.azure_databricks.workspace import report


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("https://adb-1.7.azuredatabricks.net/?o=1#job/7/run/17", True),
        ("https://adb-1.7.azuredatabricks.net/jobs/7/runs/17?o=1", True),
        ("https://ADB-1.7.azuredatabricks.net/x", True),
        ("https://westeurope.azuredatabricks.net/?o=1#job/7/run/17", True),
        ("https://westeurope.azuredatabricks.net/jobs/7/runs/17?o=1", True),
        ("https://westeurope.azuredatabricks.net/?o=2#job/7/run/17", False),
        ("https://westeurope.azuredatabricks.net/?o=12#job/7/run/17", False),
        ("https://westeurope.azuredatabricks.net/#job/7/run/17", False),
        ("https://westeurope.azuredatabricks.net/?p=?o=1", False),
        ("https://a.b.azuredatabricks.net/?o=1#job/7/run/17", False),
        ("https://westeurope.databricks.azure.us/?o=1#job/7/run/17", False),
        ("https://westeurope.azuredatabricks.net@evil.example/?o=1", False),
        ("https://evil.example/?o=1#job/7/run/17", False),
        ("http://westeurope.azuredatabricks.net/?o=1#job/7/run/17", False),
        ("http://adb-1.7.azuredatabricks.net/x", False),
        ("https://adb-2.7.azuredatabricks.net/x", False),
        ("https://adb-1.7.azuredatabricks.net:444/x", False),
        ("https://adb-1.7.azuredatabricks.net@evil.example/x", False),
        ("https://evil.example/adb-1.7.azuredatabricks.net", False),
        ("javascript:alert(1)", False),
        ("//adb-1.7.azuredatabricks.net/x", False),
        ('https://adb-1.7.azuredatabricks.net/"><script>', False),
        ("https://adb-1.7.azuredatabricks.net/\n", False),
        ("https://[adb", False),
        ("https://adb-1.7.azuredatabricks.net/" + "x" * 3000, False),
        ("", False),
        (7, False),
        (None, False),
    ],
)
def test_a_runs_page_must_be_on_the_workspaces_host(page: Any, kept: bool) -> None:
    found = report({"state": {"life_cycle_state": "RUNNING"}, "run_page_url": page})

    assert found.monitor_url == (page if kept else None)


@pytest.mark.parametrize(
    ("milliseconds", "moment"),
    [
        (1_700_000_000_500, datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
        (0, None),
        (-1, None),
        (10**30, None),
        (True, None),
        ("1700000000000", None),
        (None, None),
    ],
)
def test_times_are_read_from_milliseconds(milliseconds: Any, moment: datetime | None) -> None:
    found = report({"state": {"life_cycle_state": "RUNNING"}, "start_time": milliseconds})

    assert found.started_at == moment
    assert found.finished_at is None


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("RESOURCE_DOES_NOT_EXIST: Notebook not found", "import the platform's notebooks again"),
        ('Unable to access the notebook "/etl/x".', "import the platform's notebooks again"),
        ("Cluster 0101-a does not exist", "existingClusterId"),
        ("Cluster 0101-a does not exist for notebook /etl/x", "existingClusterId"),
    ],
)
def test_a_failure_has_a_remedy(message: str, remedy: str) -> None:
    found = report(
        {
            "state": {
                "life_cycle_state": "TERMINATED",
                "result_state": "FAILED",
                "state_message": message,
            }
        }
    )

    assert found.message is not None
    assert found.message.startswith(message)
    assert remedy in found.message


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("RUN_EXECUTION_ERROR", "on the run's page"),
        ("UNAUTHORIZED_ERROR", "Can Run"),
        ("WORKSPACE_RUN_LIMIT_EXCEEDED", "concurrency profile"),
    ],
)
def test_a_termination_code_has_a_remedy(code: str, remedy: str) -> None:
    details = {"code": code, "type": "CLIENT_ERROR", "message": "It failed"}
    found = report({"status": {"state": "TERMINATED", "termination_details": details}})

    assert found.message is not None
    assert found.message.startswith("It failed. ")
    assert remedy in found.message


def test_a_long_waiting_run_suggests_compute_that_starts_sooner() -> None:
    pending: dict[str, Any] = {"state": {"life_cycle_state": "PENDING", "state_message": "Waiting"}}
    now = int(VirtualTime().now().timestamp() * 1000)

    early = report({**pending, "start_time": now - 60_000})
    late = report({**pending, "start_time": now - 11 * 60_000})

    assert early.message == "Waiting"
    assert late.message is not None
    assert "Serverless" in late.message


@pytest.mark.parametrize(
    ("run", "wait", "message"),
    [
        ({"state": {"life_cycle_state": "PENDING"}}, Wait.COMPUTE, None),
        (
            {"state": {"life_cycle_state": "QUEUED", "queue_reason": "limit of the job"}},
            Wait.PLATFORM_QUEUE,
            "limit of the job",
        ),
        (
            {
                "status": {
                    "state": "QUEUED",
                    "queue_details": {"code": "MAX_CONCURRENT_RUNS_REACHED", "message": "full"},
                }
            },
            Wait.PLATFORM_QUEUE,
            "full",
        ),
        (
            {"status": {"state": "PENDING", "queue_details": {"message": "full"}}},
            Wait.PLATFORM_QUEUE,
            "full",
        ),
        ({"state": {"life_cycle_state": "queued"}}, Wait.PLATFORM_QUEUE, None),
        (
            {"state": {"life_cycle_state": "BLOCKED", "state_message": "waits for a task"}},
            Wait.PLATFORM_QUEUE,
            "waits for a task",
        ),
        ({"state": {"life_cycle_state": "RUNNING", "state_message": "In run"}}, None, "In run"),
        ({"state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}}, None, None),
    ],
)
def test_a_waiting_run_tells_the_queue_from_the_compute(
    run: dict[str, Any], wait: Wait | None, message: str | None
) -> None:
    hour_ago = int(VirtualTime().now().timestamp() * 1000) - 3_600_000
    found = report({**run, "start_time": hour_ago})

    assert found.wait is wait
    shown = (found.message or "").partition("The run waits unusually long")
    assert shown[0].strip(" .") == (message or "")
    assert bool(shown[1]) is (wait is Wait.COMPUTE)
