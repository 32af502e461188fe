"""Calls of functions, whoever runs them: what is sent, and what is made of the answer."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import OutcomeUnknown, ProviderStatus, RunNotFound
from tests.contract.functions.conftest import Called

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


def echo(called: Called, *schema: Parameter, **told: Any) -> dict[str, Any]:
    """Return what a function has been called with."""
    called.script("echo")
    outputs = called.report("echo", schema, **told).outputs
    return {name.removeprefix("_response."): value for name, value in outputs.items()}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_values_are_typed_tokens_of_a_json_body(called: Called, method: str) -> None:
    seen = echo(called, *TYPED, **VALUES, settings={"httpMethod": method})

    assert (seen["method"], seen["query"], seen["body"]) == (method, [], VALUES)
    assert seen["contentType"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_values_are_texts_of_the_query_where_there_is_no_body(called: Called, method: str) -> None:
    seen = echo(called, *TYPED, **VALUES, settings={"httpMethod": method})

    assert (seen["method"], seen["body"]) == (method, None)
    assert seen["query"] == [
        ["day", "2026-01-31"],
        ["rows", "7"],
        ["share", "0.0000001"],
        ["full", "true"],
        ["filter", '{"of":[1,"ä"]}'],
    ]


def test_an_answer_without_a_body_is_a_success(called: Called) -> None:
    called.script("echo")

    report = called.report("echo", settings={"httpMethod": "HEAD"})

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
def test_a_request_body_is_sent_as_it_is_and_the_others_go_into_the_query(
    called: Called, data_type: DataType, value: Any, body: Any, content_type: str
) -> None:
    schema = (Parameter(name="RequestBody", data_type=data_type), *TYPED[:2])

    seen = echo(called, *schema, RequestBody=value, day="x&y=z", rows=7)

    assert (seen["body"], seen["contentType"]) == (body, content_type)
    assert seen["query"] == [["day", "x&y=z"], ["rows", "7"]]


def test_the_pairs_of_a_query_string_are_appended_in_their_order(called: Called) -> None:
    pairs = [{"name": "tag", "value": "a b"}, {"name": "tag", "value": 2}]

    seen = echo(called, QUERY_STRING, TYPED[1], QueryString=pairs, rows=7)

    assert (seen["query"], seen["body"]) == ([["tag", "a b"], ["tag", "2"]], {"rows": 7})


@pytest.mark.parametrize("pairs", [{"tag": 1}, [["tag", 1]], [{"name": "t", "value": [1]}], [{}]])
def test_a_query_string_that_is_none_is_refused_before_the_call(called: Called, pairs: Any) -> None:
    called.script("echo")

    with pytest.raises(PlatformRefused, match=r"parameters\.QueryString") as caught:
        called.submit("echo", (QUERY_STRING,), QueryString=pairs)

    assert caught.value.cause is FailureCause.PARAMETERS


# Answers


def test_properties_of_the_answer_fill_outputs_and_what_else_there_is_is_kept_apart(
    called: Called,
) -> None:
    answer = {"rows": 7, "Path": "/x", "token": "t0p", "more": [1]}
    called.script("answers", answer={"json_body": answer})
    schema = (
        Parameter(name="rows", data_type=DataType.INT, direction=Direction.INPUT_OUTPUT),
        Parameter(name="path", direction=Direction.OUTPUT),
        Parameter(name="Token", data_type=DataType.SECRET),
    )

    outputs = dict(called.report("answers", schema).outputs)

    # Under its own name an echo of a secret is known not to be kept.
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
def test_an_answer_without_names_is_an_output_too(
    called: Called, answer: dict[str, Any], outputs: dict[str, Any]
) -> None:
    called.script("answers", answer=answer)

    report = called.report("answers")

    assert (report.status, dict(report.outputs)) == (ProviderStatus.SUCCESS, outputs)


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_function_that_says_no_has_refused(called: Called, status: int) -> None:
    called.script("answers", answer={"status": status, "text": "secret reasons"})

    with pytest.raises(PlatformRefused) as caught:
        called.submit("answers")

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
def test_no_answer_to_be_relied_on_is_no_failure_and_never_a_second_call(
    called: Called, fault: dict[str, Any], method: str
) -> None:
    called.script("echo")
    calls = len(called.case.simulator.submissions())
    called.fault("echo", **fault)

    with pytest.raises(OutcomeUnknown, match="echo was called") as caught:
        called.submit("echo", TYPED[:1], day=Secret(CANARY), settings={"httpMethod": method})

    assert caught.value.__context__ is None
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert len(called.case.simulator.submissions()) - calls <= 1


def test_an_answer_that_is_too_long_is_a_success_without_outputs_and_names_the_limit(
    called: Called,
) -> None:
    """The work is done: told as lost, it was done again by whoever reran it."""
    called.script("echo")
    called.fault("echo", fault="huge", megabytes=1)

    report = called.report("echo")

    assert (report.status, dict(report.outputs)) == (ProviderStatus.SUCCESS, {})
    assert "more than 0.381 MiB" in str(report.outputs_missing)


def test_work_behind_an_answer_that_is_too_long_is_followed_by_its_location(azure: Called) -> None:
    azure.script("goes", work={"outcome": "Completed"})
    azure.fault("goes", fault="huge", megabytes=1)

    submitted = azure.submit("goes")

    assert (
        azure.harness.poll_until_end(azure.job("goes"), submitted).status is ProviderStatus.SUCCESS
    )


def test_work_that_goes_on_somewhere_in_an_answer_that_is_too_long_is_lost_by_name(
    called: Called,
) -> None:
    called.script("goes", answer={"status": 202, "json_body": {}})
    called.fault("goes", fault="huge", megabytes=1)

    with pytest.raises(OutcomeUnknown, match=r"more than 0\.381 MiB, and its work continues"):
        called.submit("goes")


def test_an_attempt_that_may_have_been_sent_is_not_sent_again(called: Called) -> None:
    called.script("echo")
    calls = len(called.case.simulator.submissions())

    assert called.submit("echo", is_resend=True) is None
    assert len(called.case.simulator.submissions()) == calls


def test_the_attempts_token_travels_as_an_idempotency_key(called: Called) -> None:
    called.script("echo")

    submitted = called.submit("echo")

    line = called.case.simulator.submissions()[-1]
    assert submitted.external_run_id == f"{line['function']}/{line['token']}"
    with pytest.raises(RunNotFound):
        called.harness.job.read(called.job("echo"), submitted.external_run_id)


def test_a_function_that_is_busy_is_called_later(called: Called) -> None:
    called.script("answers", answer={"status": 429, "headers": {"Retry-After": "3"}})

    with pytest.raises(Unavailable) as caught:
        called.submit("answers")

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
@pytest.mark.parametrize("place", ["body", "header"])
def test_a_status_address_elsewhere_is_not_followed(called: Called, link: str, place: str) -> None:
    body = {"json_body": {"statusQueryUrl": link}}
    answer = body if place == "body" else {"headers": {"Location": link}}
    called.script("starts", answer={"status": 202, **answer})

    with pytest.raises(OutcomeUnknown, match="not on the host"):
        called.submit("starts")


def test_a_status_address_may_be_relative_and_loses_its_key(called: Called) -> None:
    link = "/status/7?day=1&code=k3y&Sig=k3y"
    called.script("starts", answer={"status": 202, "headers": {"Location": link}})

    submitted = called.submit("starts")

    assert submitted.external_run_id == "/status/7?day=1"
    assert submitted.report is not None
    assert not submitted.report.status.is_final


def test_a_start_whose_answer_cannot_be_read_is_not_taken_for_an_end(called: Called) -> None:
    called.script("starts", answer={"status": 202, "text": "{"})

    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        called.submit("starts")
