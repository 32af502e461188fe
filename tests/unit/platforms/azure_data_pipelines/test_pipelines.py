"""Submits, polls and cancellations of pipeline runs with scripted answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import (
    OutcomeUnknown,
    ProviderStatus,
    RunNotFound,
    Wait,
)
from tests.fakes.http import Reply
from tests.unit.platforms.azure_data_pipelines.stand import JOB, RUN, SETTINGS, TOKEN, Stand


def test_values_are_sent_with_their_types_and_the_attempts_token() -> None:
    stand = Stand({"runId": "run-1"})

    submitted = stand.job.submit(stand.order(parameters={"rows": Secret("7"), "attempt": "mine"}))

    assert submitted.external_run_id == "run-1"
    assert (submitted.monitor_url or "").startswith("https://adf.azure.com/")
    assert stand.sent() == ["POST /pipelines/pl_load/createRun"]
    assert stand.body() == {"rows": 7, "attempt": TOKEN}


def test_a_busy_service_may_have_started_the_run_despite_its_retry_after() -> None:
    stand = Stand(Reply(status=503, headers={"Retry-After": "9"}))

    with pytest.raises(Uncertain):
        stand.job.submit(stand.order())


@pytest.mark.parametrize("answer", [{}, {"runId": None}, {"runId": "../x"}, {"runId": 7}])
def test_an_answer_without_a_run_id_makes_the_start_uncertain(answer: JsonObject) -> None:
    stand = Stand(answer)

    with pytest.raises(Uncertain):
        stand.job.submit(stand.order())
    assert len(stand.transport.requests) == 1


def test_the_search_covers_the_time_since_the_attempt_began_and_all_pages() -> None:
    other = {**RUN, "runId": "run-0", "parameters": {"attempt": "another"}}
    own_runs = {**RUN, "parameters": {"attempt": TOKEN}}
    stand = Stand({"value": [other], "continuationToken": "next"}, {"value": [own_runs]})
    begun_at = stand.time.now()
    stand.time.sleep(30)

    submitted = stand.job.submit(stand.order(begun_at=begun_at, is_resend=True))

    assert submitted.external_run_id == "run-1"
    assert stand.sent() == ["POST /queryPipelineRuns"] * 2
    assert stand.body(1)["continuationToken"] == "next"
    body = stand.body(0)
    since = datetime.fromisoformat(str(body["lastUpdatedAfter"]))
    until = datetime.fromisoformat(str(body["lastUpdatedBefore"]))
    assert since == begun_at - timedelta(minutes=5)
    assert until > stand.time.now()
    assert body["filters"] == [
        {"operand": "PipelineName", "operator": "Equals", "values": ["pl_load"]}
    ]


@pytest.mark.parametrize(
    ("parameters", "settings"),
    [
        pytest.param({"rows": 7}, SETTINGS, id="the pipeline does not declare the parameter"),
        pytest.param(None, SETTINGS, id="no parameters are shown"),
    ],
)
def test_a_run_that_may_belong_to_the_attempt_prevents_another_start(
    parameters: Any, settings: dict[str, Any]
) -> None:
    stand = Stand({"value": [{**RUN, "parameters": parameters}]})
    job = JOB.model_copy(update={"settings": settings})
    order = stand.order(job=job, begun_at=stand.time.now() - timedelta(minutes=6), is_resend=True)

    with pytest.raises(OutcomeUnknown):
        stand.job.submit(order)
    assert stand.sent() == ["POST /queryPipelineRuns"]


@pytest.mark.parametrize("settings", [{}, SETTINGS])
def test_a_pipeline_that_may_run_twice_is_started_again_in_spite_of_such_a_run(
    settings: dict[str, Any],
) -> None:
    stand = Stand({"value": [RUN]}, {"runId": "run-2"})
    job = JOB.model_copy(update={"settings": {**settings, "resubmit": "WhenIdempotent"}})
    order = stand.order(job=job, begun_at=stand.time.now() - timedelta(minutes=6), is_resend=True)

    assert stand.job.submit(order).external_run_id == "run-2"


def test_runs_of_other_callers_do_not_prevent_a_resend() -> None:
    others = {"value": [{**RUN, "parameters": {"attempt": "another"}}]}
    stand = Stand(others, {"runId": "run-2"})
    order = stand.order(begun_at=stand.time.now() - timedelta(minutes=6), is_resend=True)

    assert stand.job.submit(order).external_run_id == "run-2"


def test_a_failed_search_sends_nothing() -> None:
    stand = Stand(Reply(status=500))
    order = stand.order(begun_at=stand.time.now() - timedelta(minutes=6), is_resend=True)

    with pytest.raises(Unavailable):
        stand.job.submit(order)
    assert set(stand.sent()) == {"POST /queryPipelineRuns"}


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (404, "PipelineNotFound", "no published pipeline has this name"),
        (404, "ResourceNotFound", "a name in the platform's attributes"),
        (400, "BadRequest", "sync the job's parameters"),
        (403, "AuthorizationFailed", "Data Factory Contributor"),
    ],
)
def test_a_refused_start_is_reported_with_a_remedy(status: int, code: str, words: str) -> None:
    body = {"error": {"code": code, "message": "value 'secret' is bad"}}
    stand = Stand(Reply.json(body, status=status))

    with pytest.raises(PlatformRefused, match=words) as caught:
        stand.job.submit(stand.order())
    assert caught.value.cause is FailureCause.SUBMIT
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Queued", ProviderStatus.STARTING),
        ("Pending", ProviderStatus.STARTING),
        ("InProgress", ProviderStatus.RUNNING),
        ("Running", ProviderStatus.RUNNING),
        ("Canceling", ProviderStatus.RUNNING),
        ("Succeeded", ProviderStatus.SUCCESS),
        ("Success", ProviderStatus.SUCCESS),
        ("Completed", ProviderStatus.SUCCESS),
        ("Failed", ProviderStatus.FAILED),
        ("Failure", ProviderStatus.FAILED),
        ("Error", ProviderStatus.FAILED),
        ("Cancelled", ProviderStatus.CANCELLED),
        ("Canceled", ProviderStatus.CANCELLED),
        ("Skipped", ProviderStatus.UNKNOWN),
    ],
)
def test_every_status_is_decoded_and_an_unknown_status_is_not_final(
    word: str, status: ProviderStatus
) -> None:
    stand = Stand({**RUN, "status": word}, {"value": []}, kind="AzureSynapse")

    report = stand.job.read(JOB, "run-1")

    assert (report.status, report.provider_state) == (status, word)
    assert report.started_at == datetime(2030, 1, 1, 0, 0, 1, 123456, UTC)
    assert report.wait is (Wait.PLATFORM_QUEUE if word in {"Queued", "Pending"} else None)


@pytest.mark.parametrize("status", [None, 7, "", "<b>", "x" * 65])
def test_an_invalid_status_is_an_unexpected_answer(status: Any) -> None:
    stand = Stand({**RUN, "status": status})

    with pytest.raises(Unavailable):
        stand.job.read(JOB, "run-1")


def test_a_failure_without_a_reason_names_the_page_to_check() -> None:
    with_words = Stand({**RUN, "status": "Failed", "message": "Operation on target X failed"})
    without = Stand({**RUN, "status": "Failed", "message": ""})

    assert with_words.job.read(JOB, "run-1").message == "Operation on target X failed"
    assert "run's page" in (without.job.read(JOB, "run-1").message or "")


def test_a_run_is_missing_only_if_its_factory_exists() -> None:
    gone = Reply.json({"error": {"code": "ResourceNotFound"}}, status=404)
    missing = Reply.json({"error": {"code": "PipelineRunNotFound"}}, status=400)

    with pytest.raises(RunNotFound):
        Stand(missing).job.read(JOB, "run-1")
    with pytest.raises(PlatformRefused) as caught:
        Stand(gone).job.read(JOB, "run-1")
    assert not isinstance(caught.value, RunNotFound)


def test_a_refused_stop_of_an_active_run_is_an_error() -> None:
    refused = Reply.json({"error": {"code": "BadRequest"}}, status=400)

    with pytest.raises(PlatformRefused):
        going_on = Stand(refused, {**RUN, "status": "InProgress"})
        going_on.job.cancel(JOB, "run-1")
    Stand(refused, {**RUN, "status": "Succeeded"}).job.cancel(JOB, "run-1")


def test_a_stop_includes_child_pipelines() -> None:
    stand = Stand(Reply(content=b""))

    stand.job.cancel(JOB, "run-1")

    assert "isRecursive=true" in str(stand.transport.requests[0].url)
