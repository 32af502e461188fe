"""Calls as the extension hands them over: who may, wrong and hostile arguments, bounded answers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.roles import Role
from polysync_core.mcp.answers import LONGEST_ANSWER, LONGEST_TEXT, untrusted
from polysync_core.mcp.resources import RESOURCES
from polysync_core.mcp.tools import TOOLS
from tests.fakes.copilot import Copilot, principal

RUN = "r" + "a" * 25
ARGUMENTS: dict[str, dict[str, Any]] = {
    "list_platform_pipelines": {"platform": "lakehouse"},
    "import_platform_jobs": {"platform": "lakehouse", "confirm": True},
    "configure_job": {"job": "sales-load", "changes": {"displayName": "x"}, "confirm": True},
    "create_task_from_job": {"job": "sales-load", "task": "new", "confirm": True},
    "run_task_once": {"task": "daily"},
    "get_run": {"runId": RUN},
    "list_runs": {},
    "explain_run": {"runId": RUN},
    "cancel_run": {"runId": RUN, "confirm": True},
    "next_fire_times": {"task": "daily"},
    "apply_definitions": {"document": "calendars: []", "planToken": "0" * 32},
    "search_documentation": {"query": "cron"},
}
"""What makes each tool do what it needs its role for."""
NEEDS: dict[str, Role] = {
    "import_platform_jobs": Role.ADMINISTRATOR,
    "configure_job": Role.ADMINISTRATOR,
    "create_task_from_job": Role.ADMINISTRATOR,
    "apply_definitions": Role.ADMINISTRATOR,
    "run_task_once": Role.OPERATOR,
    "cancel_run": Role.OPERATOR,
}
"""The others need that of a reader."""
ROLES: list[tuple[Role, ...]] = [(), *((role,) for role in Role)]


# Who may


@pytest.mark.parametrize("held", ROLES, ids=lambda held: held[0].name if held else "no role")
@pytest.mark.parametrize("tool", ARGUMENTS)
def test_a_tool_is_for_those_who_have_its_role(
    settled: Copilot, tool: str, held: tuple[Role, ...]
) -> None:
    settled.be(*held)
    needed = NEEDS.get(tool, Role.READER)
    may = any(needed in role.includes for role in held)

    answer, _ = settled.call(tool, json.dumps(settled.context(ARGUMENTS[tool])))

    assert (answer.get("error", {}).get("status") == 403) is not may
    assert len(settled.changes) == (may and tool in NEEDS)


def test_every_tool_is_called_here() -> None:
    assert [tool.name for tool in TOOLS] == list(ARGUMENTS)


PRINCIPAL = principal(Role.ADMINISTRATOR)
HEADERS = {"Host": "func.example", "X-MS-CLIENT-PRINCIPAL": PRINCIPAL}


@pytest.mark.parametrize(
    "transport",
    [
        pytest.param(None, id="nothing"),
        pytest.param({"name": "unknown"}, id="no request"),
        pytest.param({"name": "http-streamable"}, id="no properties"),
        pytest.param({"name": "http-streamable", "properties": {}}, id="no headers"),
        pytest.param({"name": "http-streamable", "properties": {"headers": []}}, id="a list"),
        pytest.param(
            {"name": "http-streamable", "properties": {"headers": {"Host": "x"}}},
            id="nobody signed in",
        ),
        pytest.param(
            {
                "name": "http-streamable",
                "properties": {"headers": {"X-MS-CLIENT-PRINCIPAL": PRINCIPAL}},
            },
            id="a request without a host",
        ),
        pytest.param(
            {"name": "http-sse", "properties": {"headers": HEADERS}}, id="the older transport"
        ),
        pytest.param(
            {
                "name": "http-streamable",
                "properties": {
                    "headers": {**HEADERS, "x-ms-client-principal": principal("Polysync.Reader")}
                },
            },
            id="two principals",
        ),
        pytest.param(
            {
                "name": "http-streamable",
                "properties": {
                    "headers": {"Host": "x", "X-MS-CLIENT-PRINCIPAL": f"{PRINCIPAL},{PRINCIPAL}"}
                },
            },
            id="one header with two",
        ),
        pytest.param(
            {"name": "http-streamable", "properties": {"headers": {**HEADERS, "Host": 1}}},
            id="a host that is no text",
        ),
    ],
)
@pytest.mark.parametrize("tool", ["search_documentation", "run_task_once"])
def test_a_call_of_nobody_is_refused(settled: Copilot, tool: str, transport: Any) -> None:
    context = {**settled.context(ARGUMENTS[tool]), "transport": transport}

    answer, failed = settled.call(tool, json.dumps(context))

    assert (answer["error"]["status"], failed, settled.runs.rows) == (401, True, {})


def test_what_a_client_says_of_itself_names_nobody(settled: Copilot) -> None:
    del settled.headers["X-MS-CLIENT-PRINCIPAL"]
    context = settled.context({"task": "daily"})
    context |= {"clientinfo": {"name": PRINCIPAL}, "x-ms-client-principal": PRINCIPAL}

    assert settled.call("run_task_once", json.dumps(context))[0]["error"]["status"] == 401


def test_a_change_that_cannot_be_written_down_is_not_made(settled: Copilot) -> None:
    settled.audit.answers_left = 0

    error = settled.refused("run_task_once", {"task": "daily"})

    assert (error["status"], settled.runs.rows) == (503, {})
    assert error["retryAfterSeconds"] > 0


# Wrong arguments


@pytest.mark.parametrize(
    ("tool", "arguments", "field", "said"),
    [
        pytest.param("get_run", {}, "runId", "required", id="missing"),
        pytest.param("get_run", {"runId": "r1"}, "runId", "26 letters", id="no id"),
        pytest.param("list_runs", {"limit": "5"}, "limit", "whole number", id="text"),
        pytest.param("list_runs", {"limit": True}, "limit", "whole number", id="true as 1"),
        pytest.param("list_runs", {"limit": 0}, "limit", "1", id="too small"),
        pytest.param("list_runs", {"status": "Runing"}, "status", "'Running'", id="misspelt"),
        pytest.param("list_runs", {"tusk": "x"}, "tusk", "'task'", id="an unknown argument"),
        pytest.param("cancel_run", {"runId": RUN, "confirm": 1}, "confirm", "true", id="1 as true"),
        pytest.param(
            "cancel_run", {"runId": RUN, "confirm": "true"}, "confirm", "true", id="a word as true"
        ),
        pytest.param(
            "create_task_from_job", {"job": "j", "task": "A b"}, "task", "a-z", id="a bad name"
        ),
        pytest.param(
            "apply_definitions", {"document": {"tasks": []}}, "document", "text", id="an object"
        ),
        pytest.param(
            "import_platform_jobs",
            {"platform": "lakehouse", "externalIds": []},
            "externalIds",
            "1",
            id="an empty list",
        ),
    ],
)
def test_what_is_wrong_is_told_with_what_is_allowed(
    copilot: Copilot, tool: str, arguments: Any, field: str, said: str
) -> None:
    error = copilot.refused(tool, arguments)

    (problem,) = error["problems"]
    assert (error["status"], problem["field"]) == (400, field)
    assert said in problem["message"]


@pytest.mark.parametrize("given", [[], "x", 1, [{"runId": RUN}]])
def test_arguments_that_are_no_object_are_refused(copilot: Copilot, given: Any) -> None:
    assert copilot.refused("get_run", given)["status"] == 400


def test_no_arguments_are_as_none(copilot: Copilot) -> None:
    assert copilot.call("list_runs", json.dumps(copilot.context(None)))[0]["runs"] == []


@pytest.mark.parametrize("context", ["", "[]", "{", "nonsense", '{"a": NaN}', "[" * 5_000])
def test_a_call_that_cannot_be_read_is_refused(copilot: Copilot, context: str) -> None:
    answer, failed = copilot.call("list_runs", context)

    assert (answer["error"]["status"], failed) == (400, True)


def test_a_name_that_there_is_not_comes_with_the_nearest_and_all(settled: Copilot) -> None:
    error = settled.refused("run_task_once", {"task": "dialy"})

    assert error["status"] == 404
    assert error["problems"] == [
        {
            "field": "task",
            "message": "there is no 'dialy'",
            "nearest": ["daily"],
            "allowed": ["daily"],
        }
    ]


# Hostile arguments


@pytest.mark.parametrize(
    "name",
    [
        "daily/pause",
        "../tasks/daily",
        "daily?x=1",
        "daily#",
        "daily%2Fpause",
        "daily\r\nX-MS-CLIENT-PRINCIPAL: x",
        "daily\x00",
        "\u202edaily",
        "\ud800",
        "x" * 201,
        "",
        "${run.id}",
        "vault://local/DATABRICKS_TOKEN",
        "'; drop table tasks; --",
    ],
)
def test_no_name_reaches_more_than_what_is_named(settled: Copilot, name: str) -> None:
    error = settled.refused("run_task_once", {"task": name})

    assert error["status"] in {400, 404}
    assert settled.runs.rows == {}
    assert {path for _, _, path in settled.changes} <= {f"/tasks/{name}/run"}


def test_arguments_cannot_smuggle_what_only_the_api_may_say(settled: Copilot) -> None:
    hostile = {"__class__": "x", "__module__": "y", "__data__": {}}

    error = settled.refused("run_task_once", {"task": "daily", "parameters": hostile})

    assert (error["status"], settled.runs.rows) == (400, {})


def test_a_document_that_is_too_large_is_refused(copilot: Copilot) -> None:
    assert copilot.refused("apply_definitions", {"document": "#" * 1_100_000})["status"] == 413


# What is answered


def test_foreign_text_is_cut_and_shows_all_that_a_model_would_read() -> None:
    hidden = "".join(chr(0xE0000 + ord(each)) for each in "obey")
    shown = untrusted({"error": f"a\u202eb{hidden}\x1b[2J" + "x" * LONGEST_TEXT})

    assert isinstance(shown, dict)
    text = str(shown["untrusted"])
    assert "\ufffd" in text
    assert not any(each in text for each in ("\u202e", *hidden, "\x1b"))
    assert "more characters" in text


def test_an_error_holds_no_more_than_what_people_see(settled: Copilot) -> None:
    hidden = "\U000e006f\u202e\x1b"
    error = settled.refused("get_run", {"runId": RUN, hidden: 1})
    long = settled.refused("apply_definitions", {"document": f"? {'x' * 3_000}\n: []"})

    assert not any(each in str(error) + error["problems"][0]["field"] for each in hidden)
    assert "more characters" in long["message"]


def test_an_answer_that_is_too_long_says_how_to_get_less(copilot: Copilot) -> None:
    for number in range(60):
        copilot.world.shelf.put(f"/{number}/" + "x" * 990, Parameter(name="p"))

    error = copilot.refused("list_platform_pipelines", {"platform": "lakehouse", "limit": 100})

    assert error["status"] == 413
    assert str(LONGEST_ANSWER) in error["message"]


def test_what_must_not_happen_tells_nothing(
    copilot: Copilot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(copilot, "app", broken)
    error = copilot.refused("list_runs", {})

    assert (error["status"], "secret" in str(error)) == (500, False)
    assert "a secret" in caplog.text


# Documents


def _read(copilot: Copilot, uri: str) -> str:
    (resource,) = [each for each in RESOURCES if uri.startswith(each.uri.partition("{")[0])]
    context = {"uri": uri, **copilot.context(None)}
    return asyncio.run(resource.read(json.dumps(context), copilot.app, {}))


def test_the_definitions_are_the_document_that_can_be_applied(settled: Copilot) -> None:
    document = _read(settled, "polysync://definitions")

    assert settled.ask("apply_definitions", document=document)["would"].startswith("nothing")


@pytest.mark.parametrize("uri", [RUN, "", "x/../../tasks/daily", "%2e%2e", "\u202e"])
def test_a_run_that_there_is_not_is_an_error_in_its_place(copilot: Copilot, uri: str) -> None:
    error = json.loads(_read(copilot, f"polysync://runs/{uri}"))["error"]

    assert error["status"] == 404


def test_a_document_is_for_readers(settled: Copilot) -> None:
    settled.be()
    assert json.loads(_read(settled, "polysync://definitions"))["error"]["status"] == 403
