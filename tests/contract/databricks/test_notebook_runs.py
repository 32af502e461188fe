"""Tests of the notebook connector with a simulated workspace whose answers may be lost."""

from __future__ import annotations

import traceback
from collections import deque
from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.azure_databricks.plugin import open_databricks
from polysync_core.platforms.connector import (
    JobConnector,
    ProviderStatus,
    RunNotFound,
    SubmitRequest,
)
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext

CANARY = "dapi-canary-6f1c2d"
TOKEN = "a1b2c3"


def connect(server: Any, **attributes: Any) -> JobConnector:
    platform = Platform.model_validate(
        {
            "name": "lakehouse",
            "type": "AzureDatabricks",
            "auth": {
                "method": "PersonalAccessToken",
                "personalAccessToken": "vault://local/TOKEN",
            },
            "attributes": {
                "workspaceUrl": server.url,
                "computeType": "Serverless",
                **attributes,
            },
        }
    )
    http = HttpOptions(
        transport=server.adapter,
        budget=server.budget,
        timer=server.timer,
        size_limit=300_000,
    )
    return open_databricks(
        platform, PluginContext(secrets=server, allow_loopback=True, http=http)
    ).job("DatabricksNotebook")


def a_job(**changes: Any) -> Job:
    return Job.model_validate(
        {
            "name": "sales-load",
            "platform": "lakehouse",
            "jobType": "DatabricksNotebook",
            "externalId": "/etl/sales load",
            **changes,
        }
    )


def a_request(**changes: Any) -> SubmitRequest:
    values: dict[str, Any] = {
        "job": a_job(),
        "token": TOKEN,
        "run_name": "sales-load",
        "parameters": {},
        "begun_at": datetime(2026, 1, 1, tzinfo=UTC),
        **changes,
    }
    return SubmitRequest(**values)


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(["lost-answer"], id="the connection is reset after the run was started"),
        pytest.param(["nothing"], id="the connection is closed without an answer"),
        pytest.param(["cut-body"], id="the answer ends before its announced length"),
        pytest.param(["truncated-json"], id="the JSON is cut off"),
        pytest.param(["html-200"], id="a sign-in page is sent with status 200"),
        pytest.param(["wrong-type"], id="the run id is null"),
        pytest.param(["slow"], id="the answer comes after the read time-out"),
        pytest.param(["error-500"], id="the server fails"),
        pytest.param(["html-503"], id="a proxy answers with HTML"),
        pytest.param(["refuse-429"], id="too many requests, without saying how long to wait"),
        pytest.param(["lost-answer", "refuse-429", "lost-answer"], id="three faults in a row"),
    ],
)
def test_a_submit_with_transport_faults_starts_exactly_one_run(
    server: Any, faults: list[str]
) -> None:
    server.script_faults(faults)

    submitted = connect(server).submit(a_request())

    assert submitted.external_run_id == "1000"
    assert server.workspace.started_runs == [TOKEN]
    assert len(server.naps) == len(faults)


@pytest.mark.parametrize("fault", ["lost-answer", "html-200", "huge", "drip", "error-500"])
def test_a_submit_without_an_answer_is_uncertain_and_can_be_resumed(
    server: Any, fault: str
) -> None:
    server.script_faults([fault] * 4)
    connector = connect(server)

    with pytest.raises(Uncertain):
        connector.submit(a_request())
    server.workspace.faults.clear()

    assert connector.submit(a_request()).external_run_id == "1000"
    assert server.workspace.started_runs == [TOKEN]


def test_a_throttled_submit_has_a_retry_after(server: Any) -> None:
    server.workspace.faults = deque(["refuse-429 86400"])

    with pytest.raises(Unavailable) as caught:
        connect(server).submit(a_request())

    assert caught.value.retry_after == 86400
    assert server.workspace.started_runs == []
    assert server.naps == []


def test_the_run_of_a_deleted_token_is_lost(server: Any) -> None:
    server.workspace.faults = deque(["spent-token"])

    with pytest.raises(PlatformRefused, match="start a new run") as caught:
        connect(server).submit(a_request())

    assert caught.value.cause is FailureCause.LOST


def test_a_redirect_is_not_followed(server: Any) -> None:
    server.workspace.faults = deque(["redirect"])

    with pytest.raises(PlatformRefused, match=r"redirects to evil\.example") as caught:
        connect(server).submit(a_request())

    assert CANARY not in str(caught.value)
    assert len(server.workspace.asked) == 1


def test_a_rotated_token_is_read_again_after_a_401(server: Any) -> None:
    server.workspace.token = "rotated"
    server.tokens = deque([CANARY, "rotated"])

    connect(server).submit(a_request())

    assert server.forgotten == ["vault://local/TOKEN"]
    assert server.workspace.started_runs == [TOKEN]


def test_a_token_that_is_refused_twice_ends_the_call_with_its_cause(server: Any) -> None:
    server.workspace.token = "another"

    with pytest.raises(PlatformRefused) as caught:
        connect(server).submit(a_request())

    assert (caught.value.status, caught.value.cause) == (401, FailureCause.SECRET)
    assert len(server.workspace.asked) == 2


@pytest.mark.parametrize(
    "fault", ["refuse-403", "redirect", "lost-answer", "html-200", "spent-token", "refuse-429 999"]
)
def test_no_error_and_no_context_of_an_error_contains_the_token(server: Any, fault: str) -> None:
    """The Durable SDK stores an error together with its `__context__`."""
    server.workspace.faults = deque([fault] * 4)

    with pytest.raises(Exception) as caught:
        connect(server).submit(a_request(parameters={"password": Secret(CANARY)}))

    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_parameters_and_compute_are_sent_in_the_task_form(server: Any) -> None:
    job = a_job(parameters=[{"name": "limits", "dataType": "Json"}])
    request = a_request(
        job=job,
        parameters={
            "limits": {"ä": [1, 2]},
            "full": True,
            "rows": 10,
            "rate": 1e-7,
            "key": Secret("s3cret"),
            "none": None,
        },
    )

    connect(server, computeType="ExistingInteractiveCluster", existingClusterId="1-a").submit(
        request
    )

    (body,) = server.workspace.submitted
    assert body == {
        "run_name": "sales-load",
        "idempotency_token": TOKEN,
        "tasks": [
            {
                "task_key": "notebook",
                "existing_cluster_id": "1-a",
                "notebook_task": {
                    "notebook_path": "/etl/sales load",
                    "base_parameters": {
                        "limits": '{"ä":[1,2]}',
                        "full": "true",
                        "rows": "10",
                        "rate": "0.0000001",
                        "key": "s3cret",
                    },
                },
            }
        ],
    }


def test_a_run_is_polled_until_its_end(server: Any) -> None:
    connector = connect(server)
    run_id = connector.submit(a_request()).external_run_id
    first = connector.read(a_job(), run_id)
    server.workspace.runs[1000] |= {
        "state": {"life_cycle_state": "TERMINATED", "result_state": "FAILED", "state_message": "x"},
        "start_time": 1_700_000_000_000,
        "end_time": 1_700_000_005_500,
        "run_page_url": f"{server.url}/?o=1#job/7/run/1000",
    }

    last = connector.read(a_job(), run_id)

    assert (first.status, first.provider_state) == (ProviderStatus.RUNNING, "PENDING")
    assert (last.status, last.provider_state, last.cause) == (
        ProviderStatus.FAILED,
        "TERMINATED/FAILED",
        None,
    )
    assert last.started_at is not None
    assert last.finished_at is not None
    assert (last.finished_at - last.started_at).total_seconds() == 5.5
    assert last.monitor_url == f"{server.url}/?o=1#job/7/run/1000"


@pytest.mark.parametrize("run_id", ["4711", "0", "", "../runs", "1&x=2", "99999999999999999999"])
def test_an_unknown_run_is_not_found(server: Any, run_id: str) -> None:
    with pytest.raises(RunNotFound):
        connect(server).read(a_job(), run_id)
    with pytest.raises(RunNotFound):
        connect(server).cancel(a_job(), run_id)


@pytest.mark.parametrize("fault", ["html-200", "truncated-json", "lost-answer", "huge"])
def test_a_failed_read_can_be_retried(server: Any, fault: str) -> None:
    connector = connect(server)
    connector.submit(a_request())
    server.workspace.faults = deque([fault] * 4)

    with pytest.raises(Unavailable):
        connector.read(a_job(), "1000")


def test_a_cancel_with_a_lost_answer_is_sent_again(server: Any) -> None:
    connector = connect(server)
    connector.submit(a_request())
    server.workspace.faults = deque(["lost-answer"])

    connector.cancel(a_job(), "1000")

    assert server.workspace.cancelled == [1000, 1000]


def test_an_invalid_job_is_never_sent(server: Any) -> None:
    with pytest.raises(Invalid, match="externalId"):
        connect(server).submit(a_request(job=a_job(externalId="/etl/../secret")))

    assert server.workspace.asked == []


def test_an_unreachable_address_is_unavailable(server: Any) -> None:
    connector = connect(server, workspaceUrl="http://127.0.0.1:1")

    with pytest.raises(Unavailable, match="cannot be reached"):
        connector.submit(a_request())
