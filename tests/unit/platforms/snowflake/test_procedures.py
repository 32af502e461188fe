"""Calls of procedures: statements without concatenated values, states, and results."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactNotFound, ProviderStatus, RunNotFound
from polysync_core.platforms.registry import check_platform
from polysync_core.platforms.snowflake.external_id import ProcedureName, normal_id
from tests.fakes.http import Reply
from tests.fakes.scripted_platform import a_request
from tests.unit.platforms.snowflake.stand import (
    CALL,
    POLL,
    STARTED,
    a_job,
    a_platform,
    account,
    result,
)


def test_values_are_bound_by_their_types_and_never_part_of_the_statement() -> None:
    service = account({CALL: Reply.json(STARTED, 202)})
    parameters = (
        Parameter(name="day"),
        Parameter(name="ROWS", data_type=DataType.INT),
        Parameter(name="Share", data_type=DataType.FLOAT),
        Parameter(name="fast one", data_type=DataType.BOOL),
        Parameter(name="opts", data_type=DataType.JSON),
    )
    values: dict[str, JsonValue] = {
        "day": "x'); DROP TABLE T; --",
        "ROWS": 3,
        "Share": 0.5,
        "fast one": True,
        "opts": {"a": ["ü"]},
    }
    job = a_job(*parameters, timeoutSeconds=60, warehouse="BIG")
    submitted = service.jobs.submit(a_request(job, values))
    sent = service.body(CALL)
    assert sent == {
        "statement": 'CALL "SALES"."PUBLIC"."LOAD"("DAY" => ?, "ROWS" => ?, "SHARE" => ?,'
        ' "fast one" => ?, "OPTS" => PARSE_JSON(?))',
        "bindings": {
            "1": {"type": "TEXT", "value": "x'); DROP TABLE T; --"},
            "2": {"type": "FIXED", "value": "3"},
            "3": {"type": "REAL", "value": "0.5"},
            "4": {"type": "BOOLEAN", "value": "true"},
            "5": {"type": "TEXT", "value": '{"a": ["ü"]}'},
        },
        "database": "SALES",
        "schema": "PUBLIC",
        "warehouse": "BIG",
        "timeout": 60,
        "parameters": {"query_tag": "polysync t0k run 7"},
    }
    page = "https://app.snowflake.com/myorg/acct1/#/compute/history/queries/01b-1/detail"
    assert (submitted.external_run_id, submitted.monitor_url) == ("01b-1", page)


def test_a_repeated_submit_has_the_same_request_id() -> None:
    service = account({CALL: [Reply(503), Reply.json(STARTED, 202)]})
    service.jobs.submit(a_request(a_job()))
    service.jobs.submit(a_request(a_job(), is_resend=True))
    service.jobs.submit(a_request(a_job(), token="other"))
    queries = [parse_qs(urlsplit(each.url or "").query) for each in service.requests]
    assert [each["retry"] for each in queries] == [["true"]] * 4
    assert [each["async"] for each in queries] == [["true"]] * 4
    ids = [each["requestId"][0] for each in queries]
    assert len({*ids[:3]}) == 1
    assert ids[3] != ids[0]


@pytest.mark.parametrize(
    ("text", "normal", "quoted"),
    [
        ("sales.public.load", "SALES.PUBLIC.LOAD", '"SALES"."PUBLIC"."LOAD"'),
        ('"SALES"."PUBLIC"."LOAD"(int,varchar(16))', "SALES.PUBLIC.LOAD(INT, VARCHAR)", None),
        ('S."etl"."Täglich ""x"""()', 'S."etl"."Täglich ""x"""()', '"S"."etl"."Täglich ""x"""'),
        ("S.P.L(NUMBER(38, 0), TIMESTAMP_NTZ)", "S.P.L(NUMBER, TIMESTAMP_NTZ)", '"S"."P"."L"'),
    ],
)
def test_an_external_id_has_one_normal_form(text: str, normal: str, quoted: str | None) -> None:
    assert normal_id(text) == normal
    assert normal_id(normal) == normal
    assert quoted is None or ProcedureName.parse(text).quoted == quoted


@pytest.mark.parametrize(
    "text", ["LOAD", "A.B", 'A.B."C', "A.B.C;", "A.B.C(", "A.B.C(1)", "A.B.C()x", "A..C", "A.B.1C"]
)
def test_a_text_of_another_form_is_no_procedure(text: str) -> None:
    with pytest.raises(Invalid):
        ProcedureName.parse(text)
    assert normal_id(text) == text


@pytest.mark.parametrize(
    ("status", "answer", "expected", "cause"),
    [
        (202, {"code": "333334"}, ProviderStatus.RUNNING, None),
        (202, {"code": "999999"}, ProviderStatus.UNKNOWN, None),
        (422, {"code": "100132", "message": "no sales"}, ProviderStatus.FAILED, None),
        (422, {"code": "604", "message": "canceled"}, ProviderStatus.CANCELLED, None),
        (422, {"code": "002141", "message": "x"}, ProviderStatus.FAILED, FailureCause.SUBMIT),
        (422, {"code": "001044", "message": "x"}, ProviderStatus.FAILED, FailureCause.PARAMETERS),
        (408, {"code": "000630", "message": "x"}, ProviderStatus.FAILED, FailureCause.TIMEOUT),
    ],
)
def test_each_answer_to_a_poll_has_its_status(
    status: int, answer: dict[str, Any], expected: ProviderStatus, cause: FailureCause | None
) -> None:
    report = account({POLL: Reply.json(answer, status)}).jobs.read(a_job(), "01b-1")
    assert (report.status, report.cause) == (expected, cause)
    assert bool(report.message) is (expected is ProviderStatus.FAILED)


def test_a_gateway_that_gives_up_is_no_end_of_the_call() -> None:
    with pytest.raises(Unavailable):
        account({POLL: Reply(408, b"<html>")}).jobs.read(a_job(), "01b-1")
    with pytest.raises(Unavailable):
        account({POLL: Reply(422, b"<html>")}).jobs.read(a_job(), "01b-1")


@pytest.mark.parametrize("answer", [Reply(404), Reply.json({"code": "000709"}, 422)])
def test_an_unknown_handle_is_not_found(answer: Reply) -> None:
    service = account({POLL: answer})
    with pytest.raises(RunNotFound):
        service.jobs.read(a_job(), "01b-1")


@pytest.mark.parametrize(
    ("content", "outputs"),
    [
        (result({"LOAD": "text"}, ["done"]), {"return_value": "done"}),
        (result({"LOAD": "fixed"}, ["7"]), {"return_value": 7}),
        (result({"LOAD": "real"}, ["0.5"]), {"return_value": 0.5}),
        (result({"LOAD": "boolean"}, ["false"]), {"return_value": False}),
        (result({"LOAD": "text"}, [None]), {"return_value": None}),
        (result({"LOAD": "variant"}, ['{"a": 1}']), {"a": 1}),
        (result({"LOAD": "array"}, ["[1]"]), {"return_value": [1]}),
        (
            result({"A": "fixed", "B": "text"}, ["1", "x"], ["2", "y"], numRows=900),
            {"row_count": 900, "rows": [{"A": 1, "B": "x"}, {"A": 2, "B": "y"}]},
        ),
        (result({"A": "fixed"}), {"row_count": 0, "rows": []}),
    ],
)
def test_a_result_becomes_outputs(content: Any, outputs: dict[str, JsonValue]) -> None:
    report = account({POLL: content}).jobs.read(a_job(), "01b-1")
    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, outputs)


def test_a_refused_stop_counts_only_while_the_call_is_active() -> None:
    stop = "POST /api/v2/statements/01b-1/cancel"
    refusal = Reply.json({"code": "000605"}, 422)
    account({stop: refusal, POLL: result({"A": "text"}, ["x"])}).jobs.cancel(a_job(), "01b-1")
    with pytest.raises(PlatformRefused):
        account({stop: refusal, POLL: Reply.json(STARTED, 202)}).jobs.cancel(a_job(), "01b-1")


LISTED = {"PROCEDURE_SCHEMA": "text", "PROCEDURE_NAME": "text", "ARGUMENT_SIGNATURE": "text"}


def test_the_signature_becomes_typed_parameters() -> None:
    signature = (
        '(DAY DATE, "my rows" NUMBER(38,0) DEFAULT 10, X FLOAT, B BOOLEAN, O OBJECT,'
        " A ARRAY, T TIMESTAMP_NTZ(9) DEFAULT TO_TIMESTAMP('a, b'))"
    )
    service = account({CALL: result(LISTED, ["PUBLIC", "LOAD", signature])})
    schema = service.jobs.describe("SALES.PUBLIC.LOAD")
    assert schema.parameters == (
        Parameter(name="DAY", required=True),
        Parameter(name="my rows", data_type=DataType.INT),
        Parameter(name="X", data_type=DataType.FLOAT, required=True),
        Parameter(name="B", data_type=DataType.BOOL, required=True),
        Parameter(name="O", data_type=DataType.JSON, required=True),
        Parameter(name="A", data_type=DataType.JSON_ARRAY, required=True),
        Parameter(name="T"),
    )
    assert schema.guessed == {"my rows"}
    assert [each["value"] for each in service.body(CALL)["bindings"].values()] == ["PUBLIC", "LOAD"]


def test_the_types_choose_one_of_several_procedures() -> None:
    rows = [["PUBLIC", "LOAD", "(A NUMBER)"], ["PUBLIC", "LOAD", "(A VARCHAR, B DATE)"]]
    service = account({CALL: result(LISTED, *rows)})
    assert len(service.jobs.describe("SALES.PUBLIC.LOAD(VARCHAR, DATE)").parameters) == 2
    with pytest.raises(PlatformRefused, match=r"SALES\.PUBLIC\.LOAD\(NUMBER\)"):
        service.jobs.describe("SALES.PUBLIC.LOAD")
    with pytest.raises(ArtefactNotFound):
        service.jobs.describe("SALES.PUBLIC.LOAD()")


def test_a_list_has_several_pages() -> None:
    columns = {**LISTED, "TOTAL": "fixed"}
    pages = [
        result(columns, ["etl", "load", "(A NUMBER)", "2"]),
        result(columns, ["PUBLIC", "B", "()", "2"]),
    ]
    service = account({CALL: pages}, a_platform(schemaName="etl"))
    found = [each.external_id for each in service.connector.artefacts()]
    assert found == ['SALES."etl"."load"(NUMBER)', "SALES.PUBLIC.B()"]
    bound = [each["value"] for each in service.body(CALL)["bindings"].values()]
    assert bound == ["etl", "etl", "2", "201"]


def test_a_query_without_a_result_in_time_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="warehouse"):
        account({CALL: Reply.json(STARTED, 202)}).connector.test()


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"accountUrl": "https://snowflake.example.com"}, "attributes.accountUrl"),
        ({"accountUrl": "https://snowflakecomputing.com.evil.example"}, "attributes.accountUrl"),
        ({"accountUrl": "http://127.0.0.1:1"}, "attributes.accountUrl"),
        ({"database": ""}, "attributes.database"),
        ({"endpoint": "http://127.0.0.1:1"}, "attributes.endpoint"),
        ({"accountIdentifier": "a.b"}, "attributes.accountIdentifier"),
    ],
)
def test_wrong_attributes_are_refused(attributes: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_platform(a_platform(**attributes), allow_loopback=False)
    assert [each.path for each in caught.value.problems] == [path]
    china = a_platform(accountUrl="https://myorg-acct1.snowflakecomputing.cn")
    check_platform(china, allow_loopback=False)
