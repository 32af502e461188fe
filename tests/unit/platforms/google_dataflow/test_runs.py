"""Launches, reports and stops of jobs of Dataflow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Direction, JobType, Parameter
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactNotFound, ProviderStatus, Report, Wait
from polysync_core.platforms.google.answers import LIST_LAG
from polysync_core.platforms.google_dataflow.states import STATES
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply
from tests.unit.platforms.google.stand import TOKEN, Stand
from tests.unit.platforms.google_dataflow.test_definitions import CLASSIC, FLEX, PAST, PATH

RUN = "2030-01-01_00_00_01-18"
BATCH, STREAMING = "JOB_TYPE_BATCH", "JOB_TYPE_STREAMING"
NAME = f"polysync-e7e3016a33dd-{TOKEN}"


def a_stand(*steps: Any, job_type: JobType = CLASSIC, **settings: Any) -> Stand:
    return Stand(job_type, *steps, external_id=PATH, **settings)


def a_run(state: str, kind: str = BATCH, **facts: Any) -> dict[str, Any]:
    return {"id": RUN, "name": NAME, "type": kind, "currentState": f"JOB_STATE_{state}", **facts}


def refusal(code: int, message: str = "", **facts: Any) -> Reply:
    return Reply.json({"error": {"code": code, "message": message, **facts}}, code)


def read(*steps: Any, **settings: Any) -> Report:
    stand = a_stand(*steps, **settings)
    return stand.job.read(stand.definition, RUN)


def test_values_are_sent_as_texts_with_the_settings_of_the_workers() -> None:
    stand = a_stand({"job": {"id": RUN}}, machineType="n1-standard-2", resubmit="Never")

    submitted = stand.job.submit(stand.request({"rows": 7, "flag": True, "shape": {"a": 1}}))

    assert submitted.external_run_id == RUN
    assert submitted.monitor_url == (
        f"https://console.cloud.google.com/dataflow/jobs/europe-west3/{RUN}?project=acme-data-1"
    )
    assert stand.sent() == ["POST templates:launch?gcsPath=gs%3A%2F%2Facme-data%2Ftemplates%2Fload"]
    assert stand.body() == {
        "jobName": NAME,
        "parameters": {"rows": "7", "flag": "true", "shape": '{"a":1}'},
        "environment": {"machineType": "n1-standard-2"},
    }


def test_a_flex_template_is_named_in_the_body() -> None:
    stand = Stand(
        FLEX, {"job": {"id": RUN}}, external_id=PAST, templatePath=PATH, launcherMachineType="e2"
    )

    stand.job.submit(stand.request())

    assert stand.sent() == ["POST flexTemplates:launch"]
    given: Any = stand.body()["launchParameter"]
    assert given["containerSpecGcsPath"] == PATH
    assert given["environment"] == {"launcherMachineType": "e2"}


def test_an_active_job_of_the_attempt_is_adopted() -> None:
    stand = a_stand(refusal(409, "There is already an active job"), {"jobs": [a_run("RUNNING")]})

    assert stand.job.submit(stand.request()).external_run_id == RUN
    assert stand.sent()[1] == f"GET jobs?pageSize=100&name={NAME}"


def test_a_job_that_exists_but_is_not_listed_leaves_the_outcome_open() -> None:
    stand = a_stand(refusal(409), {})

    with pytest.raises(Uncertain):
        stand.job.submit(stand.request())


def test_a_lost_launch_is_found_by_its_name_and_repeated_only_after_the_lag() -> None:
    # A service that ignores the filter must not give another job.
    found = a_stand({"jobs": [{**a_run("DONE"), "name": "other", "id": "x"}, a_run("DONE")]})
    assert found.job.submit(found.request(is_resend=True)).external_run_id == RUN
    assert len(found.transport.requests) == 1

    early = a_stand({})
    with pytest.raises(Uncertain):
        early.job.submit(early.request(is_resend=True))

    late = a_stand({}, {"job": {"id": RUN}})
    begun = late.time.now() - LIST_LAG - timedelta(seconds=1)
    assert late.job.submit(late.request(is_resend=True, begun_at=begun)).external_run_id == RUN


@pytest.mark.parametrize("answer", [{}, {"job": {}}, {"job": {"id": ""}}])
def test_a_launch_without_an_id_leaves_the_outcome_open(answer: dict[str, Any]) -> None:
    stand = a_stand(answer)

    with pytest.raises(Uncertain):
        stand.job.submit(stand.request())


def violations(*names: str) -> Reply:
    found = [{"parameter": name, "description": f"quotes canary of {name}"} for name in names]
    details = [{"@type": "x"}, {"parameterViolations": found}, "odd"]
    return refusal(400, "invalid: canary", status="INVALID_ARGUMENT", details=details)


def test_refused_parameters_are_named_without_their_values() -> None:
    stand = a_stand(violations("rows", "day", "not a name"))

    with pytest.raises(PlatformRefused) as caught:
        stand.job.submit(stand.request({"rows": "canary"}))

    assert caught.value.cause is FailureCause.PARAMETERS
    assert "parameters.rows: the template does not accept the value" in str(caught.value)
    assert "parameters.day: the template needs a value" in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "error", "text"),
    [
        (refusal(404, f"(1): Unable to open template file: {PATH}."), ArtefactNotFound, "path"),
        (refusal(400, f"Unable to open template file: {PATH}."), ArtefactNotFound, "path"),
        (refusal(400, f"Invalid template file {PATH}."), PlatformRefused, "DataflowFlexTemplate"),
        (refusal(403, "no", status="PERMISSION_DENIED"), PlatformRefused, "roles/dataflow"),
        (refusal(403, "Unable to open template file"), PlatformRefused, "roles/dataflow"),
        (refusal(403, "x", details=[{"reason": "SERVICE_DISABLED"}]), PlatformRefused, "enable it"),
    ],
)
def test_a_refused_launch_has_a_remedy(reply: Reply, error: type[Exception], text: str) -> None:
    stand = a_stand(reply)

    with pytest.raises(error, match=text) as caught:
        stand.job.submit(stand.request())

    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("word", "wait"),
    [("QUEUED", Wait.PLATFORM_QUEUE), ("PENDING", Wait.COMPUTE), ("STOPPED", None)],
)
def test_a_job_that_waits_says_why(word: str, wait: Wait | None) -> None:
    report = read(a_run(word))

    assert (report.status, report.wait) == (ProviderStatus.STARTING, wait)


@pytest.mark.parametrize("word", [word for word, each in STATES.items() if each.is_final])
def test_a_final_state_has_its_time(word: str) -> None:
    run = a_run("", currentStateTime="2030-01-01T00:00:07.1Z") | {"currentState": word}

    report = read(run, {"jobMessages": []})

    assert report.status is STATES[word]
    assert report.finished_at is not None
    assert {each.states.get(word) for each in platform_plugin("GoogleDataflow").jobs.values()} == {
        STATES[word]
    }


@pytest.mark.parametrize(
    ("kind", "settings", "status"),
    [
        (STREAMING, {}, ProviderStatus.RUNNING),
        (STREAMING, {"streamingRun": "UntilRunning"}, ProviderStatus.SUCCESS),
        (BATCH, {"streamingRun": "UntilRunning"}, ProviderStatus.RUNNING),
    ],
)
def test_the_run_of_a_streaming_job_ends_as_the_setting_says(
    kind: str, settings: dict[str, str], status: ProviderStatus
) -> None:
    assert read(a_run("RUNNING", kind), **settings).status is status
    for word in ("PENDING", "DRAINING", "CANCELLING"):
        assert not read(a_run(word, kind), **settings).status.is_final


def test_a_drained_job_counts_as_stopped_if_jobs_are_stopped_by_draining() -> None:
    assert read(a_run("DRAINED", STREAMING)).status is ProviderStatus.SUCCESS
    drained = read(a_run("DRAINED", STREAMING), stopBy="Drain")
    assert drained.status is ProviderStatus.CANCELLED


@pytest.mark.parametrize(
    ("kind", "word", "stop_by", "state"),
    [
        (STREAMING, "RUNNING", "Cancel", "CANCELLED"),
        (STREAMING, "RUNNING", "Drain", "DRAINED"),
        (STREAMING, "PENDING", "Drain", "CANCELLED"),
        (BATCH, "RUNNING", "Drain", "CANCELLED"),
    ],
)
def test_a_job_is_stopped_as_the_setting_says(
    kind: str, word: str, stop_by: str, state: str
) -> None:
    answers = [a_run(word, kind)] if stop_by == "Drain" else []
    stand = a_stand(*answers, {}, stopBy=stop_by)

    stand.job.cancel(stand.definition, RUN)

    assert stand.body() == {"requestedState": f"JOB_STATE_{state}"}


def test_a_job_that_drains_is_not_stopped_again() -> None:
    stand = a_stand(a_run("DRAINING", STREAMING), stopBy="Drain")

    stand.job.cancel(stand.definition, RUN)

    assert [line.partition(" ")[0] for line in stand.sent()] == ["GET"]


def test_a_refused_stop_of_an_active_job_is_an_error() -> None:
    stand = a_stand(refusal(400), a_run("RUNNING"))

    with pytest.raises(PlatformRefused):
        stand.job.cancel(stand.definition, RUN)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"jobMessages": [{"messageText": "first"}, {"messageText": "Workflow failed."}]}, "Work"),
        ({}, "without a reason"),
        (refusal(403), "messages cannot be read"),
    ],
)
def test_a_failed_job_has_its_newest_message_as_reason(answer: Any, text: str) -> None:
    report = read(a_run("FAILED"), answer)

    assert report.status is ProviderStatus.FAILED
    assert text in str(report.message)


def test_a_failure_is_read_again_if_its_messages_are_not_available_for_now() -> None:
    with pytest.raises(Unavailable):
        read(a_run("FAILED"), Reply(503))


def test_all_error_messages_are_details_the_newest_first() -> None:
    pages = [
        {"jobMessages": [{"messageText": "a"}, {"messageText": 7}], "nextPageToken": "2"},
        {"jobMessages": [{"messageText": "b"}]},
    ]
    stand = a_stand(*pages)

    found = stand.job.failure_details(stand.definition, RUN).parts

    assert [each.error for each in found] == ["b", "a"]
    assert "minimumImportance=JOB_MESSAGE_ERROR" in stand.sent()[0]


def with_outputs(stand: Stand, *names: str) -> Report:
    parameters = tuple(Parameter(name=name, direction=Direction.OUTPUT) for name in names)
    job = stand.definition.model_copy(update={"parameters": parameters})
    return stand.job.read(job, RUN)


def test_outputs_are_the_declared_options_of_the_pipeline() -> None:
    options = {
        "options": {"rows": 7, "secret": "x", "none": None},
        "display_data": [{"key": "path", "value": "gs://a/b"}, {"key": "rows", "value": 1}, "odd"],
    }
    stand = a_stand(a_run("DONE"), {"environment": {"sdkPipelineOptions": options}})

    report = with_outputs(stand, "rows", "path", "none", "never")

    assert dict(report.outputs) == {"rows": 7, "path": "gs://a/b"}
    assert "view=JOB_VIEW_ALL&fields=environment" in stand.sent()[1]


def test_a_job_without_declared_outputs_needs_one_call_per_poll() -> None:
    stand = a_stand(a_run("DONE"))

    assert stand.job.read(stand.definition, RUN).status is ProviderStatus.SUCCESS
    assert stand.sent() == [f"GET jobs/{RUN}?view=JOB_VIEW_SUMMARY"]


def test_options_that_are_too_long_leave_the_success() -> None:
    stand = a_stand(a_run("DONE"), Reply(200, b" " * (10 * 1024 * 1024 + 1)))

    report = with_outputs(stand, "rows")

    assert (report.status, dict(report.outputs)) == (ProviderStatus.SUCCESS, {})
    assert "options cannot be read" in str(report.outputs_missing)


def test_only_the_jobs_of_the_template_are_its_runs() -> None:
    jobs = [a_run("DONE"), {**a_run("DONE"), "id": "x", "name": "polysync-other-1"}]
    stand = a_stand({"jobs": jobs})

    assert [each.external_run_id for each in stand.job.runs(stand.definition)] == [RUN]
