"""Starts of Fabric items: the sent data, the id of the run, and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, JobType, Parameter
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import ArtefactNotFound, OutcomeUnknown
from polysync_core.platforms.send_observer import observing_sends
from tests.fakes.http import Reply
from tests.unit.platforms.microsoft_fabric.stand import (
    ALL_TYPES,
    HOST,
    INSTANCES,
    ITEM,
    NOTEBOOK,
    RUN,
    WORKSPACE,
    Stand,
    a_job,
    instance,
    started,
)

VALUES: dict[str, Any] = {
    "string": "x",
    "secret": Secret("s3cret"),
    "int": 7,
    "float": 0.5,
    "bool": True,
    "json": {"a": 1},
    "jsonarray": [1, "ü"],
}


def test_a_notebook_gets_each_value_with_its_type() -> None:
    stand = Stand(started())

    stand.job.submit(stand.order(a_job(JobType.FABRIC_NOTEBOOK, *ALL_TYPES), parameters=VALUES))

    assert stand.sent() == [f"POST items/{ITEM}/jobs/instances?jobType=RunNotebook"]
    assert stand.body()["executionData"]["parameters"] == {
        "string": {"value": "x", "type": "string"},
        "secret": {"value": "s3cret", "type": "string"},
        "int": {"value": 7, "type": "int"},
        "float": {"value": 0.5, "type": "float"},
        "bool": {"value": True, "type": "bool"},
        "json": {"value": '{"a":1}', "type": "string"},
        "jsonarray": {"value": '[1,"ü"]', "type": "string"},
    }


def test_the_settings_of_a_notebook_configure_its_session() -> None:
    stand = Stand(started())
    job = a_job(
        JobType.FABRIC_NOTEBOOK,
        defaultLakehouseId=ITEM,
        defaultLakehouseName="sales",
        environmentId=RUN,
        sparkSettings={"spark.x": "1"},
    )

    stand.job.submit(stand.order(job))

    assert stand.body() == {
        "executionData": {
            "configuration": {
                "defaultLakehouse": {"name": "sales", "id": ITEM, "workspaceId": WORKSPACE},
                "environment": {"id": RUN},
                "conf": {"spark.x": "1"},
            }
        }
    }


def test_a_pipeline_gets_flat_values_with_their_json_types() -> None:
    stand = Stand(started(), job_type=JobType.FABRIC_PIPELINE)

    stand.job.submit(stand.order(a_job(JobType.FABRIC_PIPELINE, *ALL_TYPES), parameters=VALUES))

    assert stand.sent() == [f"POST items/{ITEM}/jobs/instances?jobType=Pipeline"]
    assert stand.body() == {"executionData": {"parameters": {**VALUES, "secret": "s3cret"}}}


@pytest.mark.parametrize(
    ("settings", "option"),
    [
        ({}, "SkipApplyChanges"),
        ({"executeOption": "ApplyChangesIfNeeded"}, "ApplyChangesIfNeeded"),
    ],
)
def test_a_dataflow_gets_a_list_of_values(settings: dict[str, Any], option: str) -> None:
    stand = Stand(started(), job_type=JobType.FABRIC_DATAFLOW)
    rows = Parameter(name="rows", data_type=DataType.INT)
    job = a_job(JobType.FABRIC_DATAFLOW, rows, **settings)

    stand.job.submit(stand.order(job, parameters={"rows": 7}))

    assert stand.sent() == [f"POST items/{ITEM}/jobs/instances?jobType=Execute"]
    assert stand.body() == {
        "executionData": {
            "executeOption": option,
            "parameters": [{"parameterName": "rows", "type": "Automatic", "value": 7}],
        }
    }


def test_a_spark_job_gets_one_text_of_arguments_and_its_overridden_settings() -> None:
    stand = Stand(started(), job_type=JobType.FABRIC_SPARK_JOB)
    arguments = Parameter(name="commandLineArguments")
    rows = Parameter(name="rows", data_type=DataType.INT)
    job = a_job(
        JobType.FABRIC_SPARK_JOB,
        arguments,
        rows,
        mainClass="com.example.Main",
        defaultLakehouseId=ITEM,
    )
    values = {"rows": 7, "commandLineArguments": "first --path 'a b'"}

    stand.job.submit(stand.order(job, parameters=values))

    assert stand.sent() == [f"POST items/{ITEM}/jobs/instances?jobType=sparkjob"]
    assert stand.body() == {
        "executionData": {
            "commandLineArguments": "first --path 'a b' --rows 7",
            "mainClass": "com.example.Main",
            "defaultLakehouseId": {
                "referenceType": "ById",
                "workspaceId": WORKSPACE,
                "itemId": ITEM,
            },
        }
    }


@pytest.mark.parametrize("value", ["a b", "", "a\tb", Secret("a b")])
def test_an_argument_that_spaces_would_split_is_refused_before_a_call(value: Any) -> None:
    stand = Stand(started(), job_type=JobType.FABRIC_SPARK_JOB)
    job = a_job(JobType.FABRIC_SPARK_JOB, Parameter(name="day"))

    with pytest.raises(PlatformRefused, match="'day'") as caught:
        stand.job.submit(stand.order(job, parameters={"day": value}))

    assert caught.value.cause is FailureCause.PARAMETERS
    assert stand.sent() == []


@pytest.mark.parametrize(
    "reply",
    [
        started(),
        started(f"HTTP://127.0.0.1:1{INSTANCES}/{RUN}"),
        started(f"{HOST}{INSTANCES}/{RUN.upper()}"),
        started(f"{HOST}{INSTANCES}/{RUN}/"),
        started(f"{HOST}{INSTANCES}?jobType=Execute", **{"x-ms-job-id": RUN}),
        started(f"https://wabi-eu.analysis.windows.net{INSTANCES}/{RUN}", **{"x-ms-job-id": RUN}),
        Reply(202, b"", {"x-ms-job-id": RUN}),
    ],
)
def test_the_id_of_the_run_is_read_from_any_spelling_of_the_answer(reply: Reply) -> None:
    stand = Stand(reply)

    submitted = stand.job.submit(stand.order())

    assert submitted.external_run_id == RUN
    assert submitted.monitor_url == (
        f"https://app.fabric.microsoft.com/groups/{WORKSPACE}/synapsenotebooks/{ITEM}"
    )


@pytest.mark.parametrize(
    "reply",
    [
        Reply(202, b""),
        Reply(200, b"{}"),
        started(f"{HOST}{INSTANCES}?jobType=Execute"),
        started(f"https://evil.example{INSTANCES}/{RUN}"),
        started(f"{HOST}{INSTANCES}/../../x"),
        started(f"{HOST}{INSTANCES}/1"),
        Reply(202, b"", {"Location": "", "x-ms-job-id": "not-an-id"}),
    ],
)
def test_an_accepted_start_without_a_readable_id_may_have_started_a_run(reply: Reply) -> None:
    stand = Stand(reply)

    with pytest.raises(Uncertain):
        stand.job.submit(stand.order())


def test_the_first_poll_waits_as_long_as_the_answer_asks() -> None:
    stand = Stand(started(**{"Retry-After": "60"}))

    submitted = stand.job.submit(stand.order())

    assert submitted.report is not None
    assert submitted.report.retry_after == 60


def test_a_lost_answer_is_not_sent_again_unless_the_job_may_run_twice() -> None:
    times = ("2029-12-31T23:00:00", "2030-01-01T00:00:01", None)
    runs = [
        instance("Completed", startTimeUtc=each) | {"id": f"{index}{RUN[1:]}"}
        for index, each in enumerate(times)
    ]
    stand = Stand({"value": runs}, started())
    with pytest.raises(OutcomeUnknown, match="resubmit: WhenIdempotent") as caught:
        stand.job.submit(stand.order(is_resend=True))
    assert f"2{RUN[1:]}, 1{RUN[1:]}" in str(caught.value)
    assert f"0{RUN[1:]}" not in str(caught.value)
    assert stand.sent() == [f"GET items/{ITEM}/jobs/instances"]
    with pytest.raises(OutcomeUnknown, match="Check the recent runs"):
        Stand(Reply(403)).job.submit(stand.order(is_resend=True))

    job = a_job(JobType.FABRIC_NOTEBOOK, resubmit="WhenIdempotent")
    assert stand.job.submit(stand.order(job, is_resend=True)).external_run_id == RUN


class CountsSends:
    """Counts the announced requests that may have arrived."""

    open = 0

    def before_send(self) -> None:
        self.open += 1

    def not_arrived(self) -> None:
        self.open -= 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (430, "TooManyRequestsForCapacity"),
        (430, None),
        (429, "CapacityLimitExceeded"),
        (429, "TooManyRequestsForCapacity"),
    ],
)
def test_a_full_capacity_rejects_the_run(status: int, code: str | None) -> None:
    stand = Stand(Reply.json({"errorCode": code, "message": "or try again later"}, status))
    sends = CountsSends()

    with observing_sends(sends), pytest.raises(PlatformRefused, match="capacity") as caught:
        stand.job.submit(stand.order())

    assert (caught.value.cause, caught.value.status) == (FailureCause.CONTENTION_REJECTED, status)
    assert caught.value.platform_message == "or try again later"
    assert (sends.open, len(stand.sent())) == (0, 1)


def test_too_many_calls_are_tried_later() -> None:
    answer = Reply.json({"errorCode": "TooManyRequestsForJobs"}, 429, {"Retry-After": "55"})
    stand = Stand(answer)

    with pytest.raises(Unavailable) as caught:
        stand.job.submit(stand.order())

    assert caught.value.retry_after == 55


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (404, {"errorCode": "ItemNotFound"}, ArtefactNotFound, "import the platform's items"),
        (404, {"errorCode": "WorkspaceNotFound"}, PlatformRefused, "fabricWorkspaceId"),
        (403, {"errorCode": "InsufficientPrivileges"}, PlatformRefused, "role Contributor"),
        (403, {"message": "API is not accessible"}, PlatformRefused, "tenant settings"),
        (400, {"errorCode": "InvalidJobType"}, PlatformRefused, "another type"),
        (400, {"errorCode": "InvalidInput"}, PlatformRefused, "sync them"),
        (400, {"errorCode": "PrincipalTypeNotSupported"}, PlatformRefused, "Fabric pipeline"),
        (400, {"errorCode": "CapacityNotActive"}, PlatformRefused, "resume it"),
        (409, {"errorCode": "Conflict", "isRetriable": True}, Unavailable, "busy"),
    ],
)
def test_a_refusal_names_the_remedy(
    status: int, body: dict[str, Any], kind: type[Exception], text: str
) -> None:
    stand = Stand(Reply.json(body, status))

    with pytest.raises(kind, match=text) as caught:
        stand.job.submit(stand.order())

    assert type(caught.value) is kind


def test_an_invalid_item_id_is_refused_before_a_call() -> None:
    stand = Stand(started())
    job = NOTEBOOK.model_copy(update={"external_id": "../x"})
    with pytest.raises(Invalid):
        stand.job.submit(stand.order(job))
    assert stand.sent() == []
