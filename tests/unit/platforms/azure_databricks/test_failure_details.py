"""The failed tasks of a run, and the error events of a pipeline update."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from requests import PreparedRequest

from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail, FailureDetails
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.platforms.azure_databricks.client import RunClient
from polysync_core.platforms.azure_databricks.outputs import failed_tasks
from polysync_core.platforms.azure_databricks.pipeline.connector import DatabricksPipelineConnector
from polysync_core.platforms.connector import RunNotFound
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.builders import NOON, a_job
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

type Answers = dict[str, Reply]
"""Answers by the last part of the path and the run id or the page token."""


def a_client(answer: Any) -> tuple[PlatformClient, ScriptedTransport]:
    transport = ScriptedTransport([answer])
    base = BaseAddress("https://adb-1.7.azuredatabricks.net", "adb-1", AddressScope.PUBLIC)
    http = HttpOptions(transport=transport, timer=VirtualTime().timer)
    return PlatformClient(base, None, http=http), transport


def a_task(key: str, run_id: int, result: str = "FAILED", **facts: Any) -> dict[str, Any]:
    state = {"life_cycle_state": "TERMINATED", "result_state": result, "state_message": f"{key} m"}
    return {"task_key": key, "run_id": run_id, "state": state, **facts}


def an_output(number: int) -> Reply:
    return Reply.json({"error": f"E{number}", "error_trace": f"T{number}", "metadata": {}})


def details_of(answers: Answers) -> FailureDetails:
    """Return the details of run 1 with these answers to `get` and `get-output`."""

    def answer(request: PreparedRequest) -> Reply:
        address = urlsplit(request.url or "")
        query = parse_qs(address.query)
        token = query.get("page_token", query.get("run_id", [""]))[0]
        return answers[f"{address.path.rpartition('/')[2]} {token}"]

    client, _ = a_client(answer)
    return failed_tasks("1", RunClient(client, lambda: NOON), client)


def a_run(*tasks: dict[str, Any], **facts: Any) -> Reply:
    state = {"life_cycle_state": "TERMINATED", "result_state": "FAILED", "state_message": "m"}
    return Reply.json({"run_id": 1, "state": state, "tasks": list(tasks), **facts})


def test_every_failed_task_has_its_error_and_its_trace() -> None:
    found = details_of(
        {
            "get 1": a_run(
                a_task("load", 11),
                a_task("check", 12, "SUCCESS"),
                a_task("report", 13, "TIMEDOUT"),
                a_task("after", 14, "UPSTREAM_FAILED"),
                a_task("stopped", 15, "CANCELED"),
            ),
            "get-output 11": an_output(11),
            "get-output 13": an_output(13),
        }
    )
    assert found == FailureDetails(
        parts=(
            FailureDetail(part="load", error="E11", trace="T11"),
            FailureDetail(part="report", error="E13", trace="T13"),
        )
    )


def test_only_the_last_try_of_a_task_counts() -> None:
    found = details_of(
        {
            "get 1": a_run(
                a_task("load", 11, attempt_number=0),
                a_task("other", 12, attempt_number=0),
                a_task("load", 13, "SUCCESS", attempt_number=1),
                a_task("other", 14, attempt_number=1),
            ),
            "get-output 14": an_output(14),
        }
    )
    assert [(each.part, each.error) for each in found.parts] == [("other", "E14")]


def test_the_tasks_of_all_pages_are_read() -> None:
    found = details_of(
        {
            "get 1": a_run(a_task("a", 11, "SUCCESS"), next_page_token="p2"),
            "get p2": a_run(a_task("b", 12)),
            "get-output 12": an_output(12),
        }
    )
    assert [each.part for each in found.parts] == ["b"]


def test_a_run_without_tasks_is_one_part() -> None:
    found = details_of({"get 1": a_run(), "get-output 1": an_output(1)})
    assert found.parts == (FailureDetail(error="E1", trace="T1"),)


def test_the_log_of_a_script_takes_the_place_of_a_trace() -> None:
    output = Reply.json({"error": "exit code 1", "logs": "boom"})
    found = details_of({"get 1": a_run(a_task("py", 11)), "get-output 11": output})
    assert found.parts == (FailureDetail(part="py", error="exit code 1", trace="boom"),)


def test_more_failed_tasks_than_are_shown_are_counted_and_not_asked() -> None:
    tasks = [a_task(f"t{each}", 100 + each) for each in range(MAX_PARTS + 5)]
    answers = {f"get-output {100 + each}": an_output(each) for each in range(MAX_PARTS)}
    found = details_of({"get 1": a_run(*tasks), **answers})
    assert len(found.parts) == MAX_PARTS
    assert found.note == "5 more failed tasks are not shown."


@pytest.mark.parametrize(
    "output",
    [
        Reply.json({"error_code": "PERMISSION_DENIED", "message": "no"}, 403),
        Reply.json(
            {"error_code": "INVALID_PARAMETER_VALUE", "message": "Run 1 does not exist"}, 400
        ),
    ],
)
def test_a_task_without_a_readable_output_has_the_message_of_its_state(output: Reply) -> None:
    answers = {"get-output 11": output, "get-output 12": an_output(12)}
    found = details_of({"get 1": a_run(a_task("a", 11), a_task("b", 12)), **answers})
    assert found.parts[0].error.startswith("a m (Its output is missing: ")
    assert found.parts[1] == FailureDetail(part="b", error="E12", trace="T12")


def test_a_workspace_that_does_not_answer_raises() -> None:
    with pytest.raises(Unavailable):
        details_of({"get 1": a_run(a_task("a", 11)), "get-output 11": Reply(500)})
    with pytest.raises(PlatformRefused):
        details_of({"get 1": a_run(a_task("a", 11)), "get-output 11": Reply(401)})
    with pytest.raises(RunNotFound):
        details_of({"get 1": Reply.json({"message": "Run 1 does not exist"}, 400)})


@pytest.mark.parametrize("text", [None, 5, ["x"], {"a": 1}])
def test_an_output_of_the_wrong_type_is_no_text(text: Any) -> None:
    output = Reply.json({"error": text, "error_trace": text, "logs": text})
    found = details_of({"get 1": a_run(a_task("a", 11)), "get-output 11": output})
    assert found.parts == (FailureDetail(part="a", error="a m"),)


# Pipelines

UPDATE = Reply.json({"update": {"update_id": "u1", "state": "FAILED"}})


def an_event(update_id: str, message: str, **facts: Any) -> dict[str, Any]:
    origin = {"update_id": update_id, **facts.pop("origin", {})}
    return {"level": "ERROR", "message": message, "origin": origin, **facts}


def details_of_update(*pages: dict[str, Any]) -> FailureDetails:
    numbered = iter(pages)

    def answer(request: PreparedRequest) -> Reply:
        return Reply.json(next(numbered)) if "/events" in (request.url or "") else UPDATE

    client, _ = a_client(answer)
    job = a_job(job_type="DatabricksPipeline", external_id="p1")
    return DatabricksPipelineConnector(client).failure_details(job, "p1:u1")


def test_the_error_events_of_the_update_have_their_exceptions() -> None:
    stack = [{"declaring_class": "A", "method_name": "f", "file_name": "A.scala", "line_number": 3}]
    exceptions = [
        {"class_name": "RuntimeException", "message": "outer", "stack": stack},
        {"class_name": "ValueError", "message": "inner"},
    ]
    flow = an_event(
        "u1", "Flow failed.", origin={"flow_name": "sales"}, error={"exceptions": exceptions}
    )
    found = details_of_update(
        {"events": [an_event("u2", "another"), flow], "next_page_token": "2"},
        {"events": [an_event("u1", "Update failed.")]},
    )
    trace = "RuntimeException: outer\n\tat A.f(A.scala:3)\nCaused by: ValueError: inner"
    assert found.parts == (
        FailureDetail(part="sales", error="Flow failed.", trace=trace),
        FailureDetail(error="Update failed."),
    )


def test_an_update_without_error_events_has_no_parts() -> None:
    assert details_of_update({}).parts == ()
