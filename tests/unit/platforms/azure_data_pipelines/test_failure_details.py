"""The failed activities of a pipeline run, with scripted answers of the services."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail
from polysync_core.platforms.connector import RunNotFound
from tests.fakes.http import Reply
from tests.unit.platforms.azure_data_pipelines.stand import JOB, RUN, Stand

FAILED = {**RUN, "status": "Failed", "message": "Operation on target Copy failed: no sales"}


def activity(name: str, status: str = "Failed", **error: Any) -> dict[str, Any]:
    return {"activityName": name, "activityType": "Copy", "status": status, "error": error}


def test_every_failed_activity_of_all_pages_is_read() -> None:
    stand = Stand(
        FAILED,
        {
            "value": [
                activity("Copy", message="no sales", errorCode="2200", failureType="UserError"),
                activity("Nap", "Succeeded", message="", errorCode=""),
            ],
            "continuationToken": "next",
        },
        {"value": [activity("Notebook", message="bad", details=[{"line": 3}])]},
    )
    found = stand.job.failure_details(JOB, "run-1")
    assert found.parts == (
        FailureDetail(part="Copy", error="no sales (UserError, code 2200)"),
        FailureDetail(part="Notebook", error="bad", trace='[\n  {\n    "line": 3\n  }\n]'),
    )
    assert found.note is None
    assert stand.sent()[1:] == ["POST /pipelineruns/run-1/queryActivityruns"] * 2
    filters = stand.body()["filters"]
    assert filters == [{"operand": "Status", "operator": "Equals", "values": ["Failed"]}]


def test_synapse_has_the_pipeline_in_the_path() -> None:
    stand = Stand(FAILED, {"value": [activity("Copy", message="no")]}, kind="AzureSynapse")
    job = JOB.model_copy(update={"job_type": JobType.SYNAPSE_PIPELINE})
    assert stand.job.failure_details(job, "run-1").parts[0].error == "no"
    path = str(stand.transport.requests[1].path_url).partition("?")[0]
    assert path == "/pipelines/pl_load/pipelineruns/run-1/queryActivityruns"


def test_only_some_activities_are_read_of_very_many() -> None:
    page = [activity(f"A{each}", message="x") for each in range(MAX_PARTS + 1)]
    stand = Stand(FAILED, {"value": page, "continuationToken": "next"}, Reply(500))
    found = stand.job.failure_details(JOB, "run-1")
    assert len(found.parts) == MAX_PARTS
    assert found.note == f"More than {MAX_PARTS} activities failed."


def test_without_a_failed_activity_the_message_of_the_run_counts() -> None:
    found = Stand(FAILED, {"value": []}).job.failure_details(JOB, "run-1")
    assert found.parts == (FailureDetail(error="Operation on target Copy failed: no sales"),)


@pytest.mark.parametrize("error", [None, "text", [], {"message": 5}])
def test_an_error_of_the_wrong_type_is_no_text(error: Any) -> None:
    failed = {"activityName": "Copy", "status": "Failed", "error": error}
    found = Stand(FAILED, {"value": [failed]}).job.failure_details(JOB, "run-1")
    assert found.parts == (FailureDetail(part="Copy"),)


def test_failures_to_read_raise() -> None:
    missing = Reply.json({"error": {"code": "PipelineRunNotFound"}}, status=404)
    with pytest.raises(RunNotFound):
        Stand(missing).job.failure_details(JOB, "run-1")
    with pytest.raises(Unavailable):
        Stand(FAILED, Reply(503)).job.failure_details(JOB, "run-1")
