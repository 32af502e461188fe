"""Calls of functions on both platforms: the request and the decoded answer."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import OutcomeUnknown, ProviderStatus, RunNotFound
from tests.contract.functions.conftest import ScriptedPlatform

TYPED = (
    Parameter(name="day"),
    Parameter(name="rows", data_type=DataType.INT),
    Parameter(name="share", data_type=DataType.FLOAT),
    Parameter(name="full", data_type=DataType.BOOL),
    Parameter(name="filter", data_type=DataType.JSON),
)
VALUES: dict[str, Any] = {
    "day": "2026-01-31",
    "rows": 7,
    "share": 1e-7,
    "full": True,
    "filter": {"of": [1, "ä"]},
}
CANARY = "c4n4ry"
QUERY_STRING = Parameter(name="QueryString", data_type=DataType.JSON_ARRAY)


def echo(
    platform_under_test: ScriptedPlatform, *schema: Parameter, **parameters: Any
) -> dict[str, Any]:
    """Return the request that a function received."""
    platform_under_test.script("echo")
    outputs = platform_under_test.report("echo", schema, **parameters).outputs
    return {name.removeprefix("_response."): value for name, value in outputs.items()}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_values_are_typed_properties_of_a_json_body(
    platform_under_test: ScriptedPlatform, method: str
) -> None:
    seen = echo(platform_under_test, *TYPED, **VALUES, settings={"httpMethod": method})

    assert (seen["method"], seen["query"], seen["body"]) == (method, [], VALUES)
    assert seen["contentType"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_values_are_texts_of_the_query_for_methods_without_a_body(
    platform_under_test: ScriptedPlatform, method: str
) -> None:
    seen = echo(platform_under_test, *TYPED, **VALUES, settings={"httpMethod": method})

    assert (seen["method"], seen["body"]) == (method, None)
    assert seen["query"] == [
        ["day", "2026-01-31"],
        ["rows", "7"],
        ["share", "0.0000001"],
        ["full", "true"],
        ["filter", '{"of":[1,"ä"]}'],
    ]


def test_an_answer_without_a_body_is_a_success(platform_under_test: ScriptedPlatform) -> None:
    platform_under_test.script("echo")

    report = platform_under_test.report("echo", settings={"httpMethod": "HEAD"})

    assert (report.status, dict(report.outputs)) == (ProviderStatus.SUCCESS, {})


@pytest.mark.parametrize(
    ("data_type", "value", "body", "content_type"),
    [
        pytest.param(DataType.JSON, [1, None], [1, None], "application/json", id="a list"),
        pytest.param(DataType.INT, 5, 5, "application/json", id="a number"),
        pytest.param(
            DataType.STRING, '{"a": 1}', {"a": 1}, "application/json; charset=utf-8", id="JSON text"
        ),
        pytest.param(DataType.STRING, "für Ω", "für Ω", "text/plain; charset=utf-8", id="a text"),
    ],
)
def test_a_request_body_is_sent_unchanged_and_other_values_go_into_the_query(
    platform_under_test: ScriptedPlatform,
    data_type: DataType,
    value: Any,
    body: Any,
    content_type: str,
) -> None:
    schema = (Parameter(name="RequestBody", data_type=data_type), *TYPED[:2])

    seen = echo(platform_under_test, *schema, RequestBody=value, day="x&y=z", rows=7)

    assert (seen["body"], seen["contentType"]) == (body, content_type)
    assert seen["query"] == [["day", "x&y=z"], ["rows", "7"]]


def test_the_pairs_of_a_query_string_are_appended_in_their_order(
    platform_under_test: ScriptedPlatform,
) -> None:
    pairs = [{"name": "tag", "value": "a b"}, {"name": "tag", "value": 2}]

    seen = echo(platform_under_test, QUERY_STRING, TYPED[1], QueryString=pairs, rows=7)

    assert (seen["query"], seen["body"]) == ([["tag", "a b"], ["tag", "2"]], {"rows": 7})


@pytest.mark.parametrize("pairs", [{"tag": 1}, [["tag", 1]], [{"name": "t", "value": [1]}], [{}]])
def test_an_invalid_query_string_is_refused_before_the_call(
    platform_under_test: ScriptedPlatform, pairs: Any
) -> None:
    platform_under_test.script("echo")

    with pytest.raises(PlatformRefused, match=r"parameters\.QueryString") as caught:
        platform_under_test.submit("echo", (QUERY_STRING,), QueryString=pairs)

    assert caught.value.cause is FailureCause.PARAMETERS


# Answers


def test_properties_fill_the_declared_outputs_and_others_get_a_prefix(
    platform_under_test: ScriptedPlatform,
) -> None:
    answer = {"rows": 7, "Path": "/x", "token": "t0p", "more": [1]}
    platform_under_test.script("answers", answer={"json_body": answer})
    schema = (
        Parameter(name="rows", data_type=DataType.INT, direction=Direction.INPUT_OUTPUT),
        Parameter(name="path", direction=Direction.OUTPUT),
        Parameter(name="Token", data_type=DataType.SECRET),
    )

    outputs = dict(platform_under_test.report("answers", schema).outputs)

    # The name of a secret marks its echo as not stored.
    assert outputs == {"rows": 7, "path": "/x", "Token": "t0p", "_response.more": [1]}


@pytest.mark.parametrize(
    ("answer", "outputs"),
    [
        pytest.param({"text": "done " * 300}, {"_response": ("done " * 200)}, id="a long text"),
        pytest.param({"json_body": [1, 2]}, {"_response": [1, 2]}, id="a list"),
        pytest.param({"json_body": None}, {}, id="null"),
        pytest.param({"text": "", "status": 204}, {}, id="no content"),
        pytest.param({"status": 202, "json_body": {"id": 4}}, {"_response.id": 4}, id="202 alone"),
    ],
)
def test_an_answer_without_names_is_one_output(
    platform_under_test: ScriptedPlatform, answer: dict[str, Any], outputs: dict[str, Any]
) -> None:
    platform_under_test.script("answers", answer=answer)

    report = platform_under_test.report("answers")

    assert (report.status, dict(report.outputs)) == (ProviderStatus.SUCCESS, outputs)


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_4xx_of_a_function_is_a_refusal(
    platform_under_test: ScriptedPlatform, status: int
) -> None:
    platform_under_test.script("answers", answer={"status": status, "text": "secret reasons"})

    with pytest.raises(PlatformRefused) as caught:
        platform_under_test.submit("answers")

    assert caught.value.status == status
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "status": 500, "effect": True},
        {"fault": "status", "status": 503, "headers": {"Retry-After": "5"}},
        {"fault": "lost-response"},
        {"fault": "cut"},
    ],
    ids=lambda fault: fault["fault"] + str(fault.get("status", "")),
)
def test_an_unreliable_answer_is_an_unknown_outcome_and_never_a_second_call(
    platform_under_test: ScriptedPlatform, fault: dict[str, Any], method: str
) -> None:
    platform_under_test.script("echo")
    calls = len(platform_under_test.case.simulator.submissions())
    platform_under_test.fault("echo", **fault)

    with pytest.raises(OutcomeUnknown, match="echo was called") as caught:
        platform_under_test.submit(
            "echo", TYPED[:1], day=Secret(CANARY), settings={"httpMethod": method}
        )

    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert len(platform_under_test.case.simulator.submissions()) - calls <= 1


def test_a_too_long_answer_is_a_success_without_outputs_and_names_the_limit(
    platform_under_test: ScriptedPlatform,
) -> None:
    """The work is done: if it were reported as lost, a rerun would do it twice."""
    platform_under_test.script("echo")
    platform_under_test.fault("echo", fault="huge", megabytes=1)

    report = platform_under_test.report("echo")

    assert (report.status, dict(report.outputs)) == (ProviderStatus.SUCCESS, {})
    assert "more than 0.381 MiB" in str(report.outputs_missing)


def test_work_with_a_too_long_answer_is_polled_at_its_location(azure: ScriptedPlatform) -> None:
    azure.script("goes", work={"outcome": "Completed"})
    azure.fault("goes", fault="huge", megabytes=1)

    submitted = azure.submit("goes")

    assert (
        azure.harness.poll_until_end(azure.job("goes"), submitted).status is ProviderStatus.SUCCESS
    )


def test_continuing_work_with_a_too_long_answer_and_no_location_is_lost(
    platform_under_test: ScriptedPlatform,
) -> None:
    platform_under_test.script("goes", answer={"status": 202, "json_body": {}})
    platform_under_test.fault("goes", fault="huge", megabytes=1)

    with pytest.raises(OutcomeUnknown, match=r"more than 0\.381 MiB, and its work continues"):
        platform_under_test.submit("goes")


def test_a_resend_of_an_attempt_is_never_sent(platform_under_test: ScriptedPlatform) -> None:
    platform_under_test.script("echo")
    calls = len(platform_under_test.case.simulator.submissions())

    assert platform_under_test.submit("echo", is_resend=True) is None
    assert len(platform_under_test.case.simulator.submissions()) == calls


def test_the_attempts_token_is_sent_as_an_idempotency_key(
    platform_under_test: ScriptedPlatform,
) -> None:
    platform_under_test.script("echo")

    submitted = platform_under_test.submit("echo")

    line = platform_under_test.case.simulator.submissions()[-1]
    assert submitted.external_run_id == f"{line['function']}/{line['token']}"
    with pytest.raises(RunNotFound):
        platform_under_test.harness.job.read(
            platform_under_test.job("echo"), submitted.external_run_id
        )


def test_a_busy_function_is_called_later(platform_under_test: ScriptedPlatform) -> None:
    platform_under_test.script("answers", answer={"status": 429, "headers": {"Retry-After": "3"}})

    with pytest.raises(Unavailable) as caught:
        platform_under_test.submit("answers")

    assert caught.value.retry_after == 3


# Status addresses


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/status/1",
        "http://127.0.0.1:9/status/1",
        "//evil.example/status/1",
        "file:///etc/passwd",
        "http://127.0.0.1@evil.example/",
        "http://",
    ],
)
@pytest.mark.parametrize("location", ["body", "header"])
def test_a_status_address_on_another_host_is_not_polled(
    platform_under_test: ScriptedPlatform, link: str, location: str
) -> None:
    body = {"json_body": {"statusQueryUrl": link}}
    answer = body if location == "body" else {"headers": {"Location": link}}
    platform_under_test.script("starts", answer={"status": 202, **answer})

    with pytest.raises(OutcomeUnknown, match="not on the host"):
        platform_under_test.submit("starts")


def test_a_status_address_may_be_relative_and_is_stored_without_its_key(
    platform_under_test: ScriptedPlatform,
) -> None:
    link = "/status/7?day=1&code=k3y&Sig=k3y"
    platform_under_test.script("starts", answer={"status": 202, "headers": {"Location": link}})

    submitted = platform_under_test.submit("starts")

    assert submitted.external_run_id == "/status/7?day=1"
    assert submitted.report is not None
    assert not submitted.report.status.is_final


def test_an_unreadable_answer_to_a_start_is_not_final(
    platform_under_test: ScriptedPlatform,
) -> None:
    platform_under_test.script("starts", answer={"status": 202, "text": "{"})

    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        platform_under_test.submit("starts")
