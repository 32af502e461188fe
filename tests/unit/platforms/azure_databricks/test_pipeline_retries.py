"""Updates of a pipeline that Databricks itself retries after a failure."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Unavailable
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from tests.fakes.http import Reply
from tests.unit.platforms.azure_databricks.workspace import Workspace

PIPELINE = "2f1e5c4a-0000-0000-0000-000000000000"
JOB = Job(name="p", platform="lakehouse", job_type="DatabricksPipeline", external_id=PIPELINE)
FIRST = {"update_id": "U1", "state": "FAILED", "cause": "API_CALL", "creation_time": 1000}


def update(update_id: str, state: str, cause: str = "RETRY_ON_FAILURE") -> dict[str, Any]:
    return {"update_id": update_id, "state": state, "cause": cause, "creation_time": 2000}


def workspace_with(*updates: dict[str, Any], state: str = "IDLE") -> Workspace:
    workspace = Workspace(updates={"updates": list(updates)}, events={"events": []}, stop={})
    workspace.routes["updates/U1"] = {"update": FIRST}
    workspace.routes[PIPELINE] = {"spec": {}, "state": state}
    return workspace


def read(*updates: dict[str, Any], state: str = "IDLE") -> Report:
    connector = workspace_with(*updates, state=state).connect()
    return connector.job("DatabricksPipeline").read(JOB, f"{PIPELINE}:U1")


@pytest.mark.parametrize(
    ("retry_state", "status"),
    [
        ("RUNNING", ProviderStatus.RUNNING),
        ("QUEUED", ProviderStatus.STARTING),
        ("COMPLETED", ProviderStatus.SUCCESS),
        ("FAILED", ProviderStatus.FAILED),
        ("CANCELED", ProviderStatus.CANCELLED),
        ("A_NEW_WORD", ProviderStatus.UNKNOWN),
    ],
)
def test_the_platforms_own_retry_decides_about_a_failed_update(
    retry_state: str, status: ProviderStatus
) -> None:
    report = read(update("U2", retry_state), FIRST)

    assert report.status is status
    assert (report.monitor_url or "").endswith("/updates/U2")
    if not status.is_final:
        assert "retries" in (report.message or "")


def test_the_newest_of_several_retries_decides() -> None:
    report = read(update("U3", "RUNNING"), update("U2", "FAILED"), FIRST)

    assert report.status is ProviderStatus.RUNNING
    assert (report.monitor_url or "").endswith("/updates/U3")


@pytest.mark.parametrize(
    "updates",
    [
        [FIRST],
        [update("U2", "RUNNING", "API_CALL"), FIRST],
        [update("U3", "RUNNING"), update("U2", "FAILED", "API_CALL"), FIRST],
        [update("U2", "RUNNING")],
        [],
    ],
)
def test_an_update_of_another_caller_is_no_retry(updates: list[dict[str, Any]]) -> None:
    report = read(*updates)

    assert report.status is ProviderStatus.FAILED
    assert (report.monitor_url or "").endswith("/updates/U1")


def test_a_pipeline_between_failure_and_retry_has_not_ended() -> None:
    report = read(FIRST, state="RECOVERING")

    assert report.status is ProviderStatus.RUNNING
    assert "about to retry" in (report.message or "")
    assert report.wait is Wait.RETRY


def test_a_list_that_is_unavailable_leaves_the_decision_to_the_next_poll() -> None:
    workspace = workspace_with(FIRST)
    workspace.routes["updates"] = Reply(503)

    with pytest.raises(Unavailable):
        workspace.connect().job("DatabricksPipeline").read(JOB, f"{PIPELINE}:U1")


def test_a_list_that_is_refused_leaves_the_failure() -> None:
    workspace = workspace_with(FIRST)
    workspace.routes["updates"] = Reply.json({"error_code": "PERMISSION_DENIED"}, 403)

    report = workspace.connect().job("DatabricksPipeline").read(JOB, f"{PIPELINE}:U1")

    assert report.status is ProviderStatus.FAILED


def test_a_cancel_stops_the_retry() -> None:
    workspace = workspace_with(update("U2", "RUNNING"), FIRST)

    workspace.connect().job("DatabricksPipeline").cancel(JOB, f"{PIPELINE}:U1")

    assert any(each.endswith("/stop") for each in workspace.asked)


@pytest.mark.parametrize(
    ("state", "wait"),
    [
        ("QUEUED", Wait.PLATFORM_QUEUE),
        ("WAITING_FOR_RESOURCES", Wait.COMPUTE),
        ("INITIALIZING", Wait.COMPUTE),
        ("RUNNING", None),
        ("COMPLETED", None),
    ],
)
def test_an_update_in_a_queue_differs_from_one_that_waits_for_compute(
    state: str, wait: Wait | None
) -> None:
    workspace = workspace_with()
    workspace.routes["updates/U1"] = {"update": {**FIRST, "state": state}}

    report = workspace.connect().job("DatabricksPipeline").read(JOB, f"{PIPELINE}:U1")

    assert report.wait is wait
