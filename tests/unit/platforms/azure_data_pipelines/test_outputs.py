"""Outputs of pipeline runs with scripted answers."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.platforms.connector import (
    ProviderStatus,
)
from tests.fakes.http import Reply
from tests.unit.platforms.azure_data_pipelines.stand import JOB, RUN, Stand


def setting(output: Any, end: str = "2030-01-01T00:00:02Z", kind: str = "SetVariable") -> Any:
    return {"activityType": kind, "activityRunEnd": end, "output": output}


def test_the_return_value_is_the_last_set_value_and_never_that_of_a_child() -> None:
    stand = Stand(
        RUN,
        {
            "value": [
                setting({"pipelineReturnValue": {"rows": 2}}, "2030-01-01T00:00:09Z"),
                setting({"pipelineReturnValue": {"rows": 1, "path": "/x"}}),
            ],
            "continuationToken": "next",
        },
        {
            "value": [
                setting({"pipelineReturnValue": {"rows": 3}}, kind="ExecutePipeline"),
                setting({}),
                setting({"name": "v", "value": "x"}),
                setting(None),
                setting({"pipelineReturnValue": "text"}),
            ]
        },
    )

    report = stand.job.read(JOB, "run-1")

    assert dict(report.outputs) == {"rows": 2, "path": "/x"}
    assert report.outputs_missing is None
    assert stand.sent()[1:] == ["POST /pipelineruns/run-1/queryActivityruns"] * 2


def test_unreadable_outputs_keep_the_success_and_state_the_reason() -> None:
    forbidden = Reply.json({"error": {"code": "AuthorizationFailed"}}, status=403)
    stand = Stand(RUN, forbidden)

    report = stand.job.read(JOB, "run-1")

    assert report.status is ProviderStatus.SUCCESS
    assert "return value is missing" in (report.outputs_missing or "")


def test_temporarily_unavailable_outputs_are_read_by_the_next_poll() -> None:
    with pytest.raises(Unavailable):
        Stand(RUN, Reply(status=500)).job.read(JOB, "run-1")
    with pytest.raises(PlatformRefused):
        Stand(RUN, Reply(status=401)).job.read(JOB, "run-1")


def test_the_query_of_synapse_names_the_pipeline() -> None:
    answer = {"value": [setting({"pipelineReturnValue": {"rows": 1}})]}
    stand = Stand(RUN, answer, kind="AzureSynapse")
    job = JOB.model_copy(update={"job_type": JobType.SYNAPSE_PIPELINE})

    assert dict(stand.job.read(job, "run-1").outputs) == {"rows": 1}
    path = str(stand.transport.requests[1].path_url).partition("?")[0]
    assert path == "/pipelines/pl_load/pipelineruns/run-1/queryActivityruns"
