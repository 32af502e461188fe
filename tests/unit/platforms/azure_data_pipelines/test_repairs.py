"""Repairs of pipeline runs by Data Factory and Synapse."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from polysync_core.domain.errors import PlatformRefused, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from tests.fakes.http import Reply
from tests.unit.platforms.azure_data_pipelines.stand import JOB, Stand

FAILED: dict[str, Any] = {
    "runId": "run-1",
    "runGroupId": "run-1",
    "status": "Failed",
    "runStart": "2029-12-31T23:58:00Z",
    "runEnd": "2029-12-31T23:59:00Z",
}
STARTED = {"runId": "run-2"}
SYNAPSE = "AzureSynapse"


def query(stand: Stand, number: int = -1) -> dict[str, list[str]]:
    return parse_qs(urlsplit(str(stand.transport.requests[number].url)).query)


def recovery(run_id: str, **facts: Any) -> dict[str, Any]:
    return {"runId": run_id, "runGroupId": "run-1", "runStart": "2030-01-01T00:00:02Z", **facts}


def test_data_factory_repairs_from_the_failed_activities_with_the_values_of_the_failed_run() -> (
    None
):
    stand = Stand(FAILED, STARTED)

    submitted = stand.job.submit(stand.order(repairs="run-1"))

    assert submitted.external_run_id == "run-2"
    assert "run-2" in str(submitted.monitor_url)
    sent = query(stand)
    assert (sent["referencePipelineRunId"], sent["isRecovery"]) == (["run-1"], ["true"])
    assert sent["startFromFailure"] == ["true"]
    assert stand.body() == {}


def activity(name: str, status: str = "Failed") -> dict[str, Any]:
    return {"activityName": name, "status": status}


PIPELINE = {"properties": {"activities": [{"name": "Copy é"}, {"name": "Loop"}, {"name": "End"}]}}


def test_synapse_repairs_from_the_failed_activity_of_the_pipeline_itself() -> None:
    found = {"value": [activity("Copy é", "Succeeded"), activity("Inner"), activity("Loop")]}
    stand = Stand(FAILED, PIPELINE, found, STARTED, kind=SYNAPSE)

    assert stand.job.submit(stand.order(repairs="run-1")).external_run_id == "run-2"

    sent = query(stand)
    assert sent["startActivityName"] == ["Loop"]
    assert "startFromFailure" not in sent


@pytest.mark.parametrize("names", [(), ("Copy é", "Loop")])
def test_synapse_does_not_guess_from_which_activity_a_repair_starts(
    names: tuple[str, ...],
) -> None:
    found = {"value": [activity(name) for name in names]}
    stand = Stand(FAILED, PIPELINE, found, kind=SYNAPSE)

    with pytest.raises(PlatformRefused, match="start a new run") as refusal:
        stand.job.submit(stand.order(repairs="run-1"))

    assert refusal.value.cause is FailureCause.SUBMIT
    assert len(stand.transport.requests) == 3


def test_a_repair_whose_answer_was_lost_is_found_by_its_group() -> None:
    runs = [
        recovery("run-3", runStart="2030-01-01T00:00:09Z"),
        recovery("run-2"),
        recovery("other", runGroupId="other"),
        FAILED,
        # An earlier repair of the group ended before the failed one began.
        recovery("run-0", runStart="2029-12-31T23:50:00Z"),
    ]
    stand = Stand(FAILED, {"value": runs})

    order = stand.order(repairs="run-1", is_resend=True)

    assert stand.job.submit(order).external_run_id == "run-2"
    assert len(stand.transport.requests) == 2


def test_a_repair_that_may_be_missing_in_the_list_is_awaited_and_then_sent_again() -> None:
    stand = Stand(FAILED, {"value": [FAILED]}, FAILED, {"value": [FAILED]}, STARTED)
    order = stand.order(repairs="run-1", is_resend=True)
    with pytest.raises(Uncertain):
        stand.job.submit(order)
    stand.time.sleep(241)

    assert stand.job.submit(order).external_run_id == "run-2"


@pytest.mark.parametrize("status", [400, 404, 409])
def test_a_refused_repair_says_to_start_a_new_run(status: int) -> None:
    refusal = Reply.json({"error": {"code": "BadRequest", "message": "no"}}, status)
    stand = Stand(FAILED, refusal)
    with pytest.raises(PlatformRefused, match="start a new run"):
        stand.job.submit(stand.order(repairs="run-1"))


def test_the_setting_of_the_job_is_checked() -> None:
    stand = Stand()
    job = JOB.model_copy(update={"settings": {"retryFrom": "Anywhere"}})
    with pytest.raises(Exception, match=r"settings\.retryFrom: must be one of Start, Failure"):
        stand.job.submit(stand.order(job=job))
