"""Tests for calls of tools: roles, wrong and hostile arguments, limited answers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.security.roles import Role
from polysync_core.mcp.answers import MAX_ANSWER, MAX_TEXT, untrusted
from polysync_core.mcp.resources import RESOURCES
from polysync_core.mcp.tools import TOOLS
from tests.fakes.copilot import Copilot, principal

RUN = "r" + "a" * 25
ARGUMENTS: dict[str, dict[str, Any]] = {
    "list_tasks": {},
    "list_platforms": {},
    "list_platform_pipelines": {"platform": "lakehouse"},
    "import_platform_jobs": {"platform": "lakehouse", "confirm": True},
    "check_drift": {"platform": "lakehouse"},
    "configure_job": {"job": "sales-load", "changes": {"displayName": "x"}, "confirm": True},
    "create_task_from_job": {"job": "sales-load", "task": "new", "confirm": True},
    "run_task_once": {"task": "daily"},
    "get_run": {"runId": RUN},
    "get_run_logs": {"runId": RUN, "attempt": 1},
    "list_runs": {},
    "explain_run": {"runId": RUN},
    "cancel_run": {"runId": RUN, "confirm": True},
    "cancel_runs": {"task": "daily", "confirm": True},
    "list_holds": {},
    "hold_starts": {"scope": "Task", "name": "daily", "reason": "x", "confirm": True},
    "release_hold": {"scope": "Everything", "confirm": True},
    "next_fire_times": {"task": "daily"},
    "list_backfills": {},
    "get_backfill": {"backfillId": "b1"},
    "cancel_backfill": {"backfillId": "b1", "confirm": True},
    "apply_definitions": {"document": "calendars: []", "planToken": "0" * 32},
    "search_documentation": {"query": "cron"},
}
"""Arguments with which each tool does the work that needs its role."""
NEEDS: dict[str, Role] = {
    "import_platform_jobs": Role.ADMINISTRATOR,
    "configure_job": Role.ADMINISTRATOR,
    "create_task_from_job": Role.ADMINISTRATOR,
    "apply_definitions": Role.ADMINISTRATOR,
    "run_task_once": Role.OPERATOR,
    "cancel_run": Role.OPERATOR,
    "cancel_runs": Role.OPERATOR,
    "hold_starts": Role.OPERATOR,
    "release_hold": Role.OPERATOR,
    "cancel_backfill": Role.OPERATOR,
}
"""The other tools need the role of a reader."""
ROLES: list[tuple[Role, ...]] = [(), *((role,) for role in Role)]


# Roles


@pytest.mark.slow
@pytest.mark.parametrize("held", ROLES, ids=lambda held: held[0].name if held else "no role")
@pytest.mark.parametrize("tool", ARGUMENTS)
def test_a_tool_is_open_to_callers_with_its_role(
    prepared: Copilot, tool: str, held: tuple[Role, ...]
) -> None:
    prepared.set_roles(*held)
    needed = NEEDS.get(tool, Role.READER)
    allowed = any(needed in role.includes for role in held)

    answer, _ = prepared.call_raw(tool, json.dumps(prepared.context(ARGUMENTS[tool])))

    assert (answer.get("error", {}).get("status") == 403) is not allowed
    assert len(prepared.changes) == (allowed and tool in NEEDS)


def test_every_tool_is_tested_here() -> None:
    assert [tool.name for tool in TOOLS] == list(ARGUMENTS)


PRINCIPAL = principal(Role.ADMINISTRATOR)
HEADERS = {"Host": "func.example", "X-MS-CLIENT-PRINCIPAL": PRINCIPAL}


@pytest.mark.parametrize(
    "transport",
    [
        pytest.param(None, id="nothing"),
        pytest.param({"name": "unknown"}, id="an unknown transport"),
        pytest.param({"name": "http-streamable"}, id="no properties"),
        pytest.param({"name": "http-streamable", "properties": {}}, id="no headers"),
        pytest.param({"name": "http-streamable", "properties": {"headers": []}}, id="a list"),
        pytest.param(
            {"name": "http-streamable", "properties": {"headers": {"Host": "x"}}},
            id="no principal",
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
            id="two principals in one header",
        ),
        pytest.param(
            {"name": "http-streamable", "properties": {"headers": {**HEADERS, "Host": 1}}},
            id="a host that is not text",
        ),
    ],
)
@pytest.mark.parametrize("tool", ["search_documentation", "run_task_once"])
def test_a_call_without_a_caller_is_refused(prepared: Copilot, tool: str, transport: Any) -> None:
    context = {**prepared.context(ARGUMENTS[tool]), "transport": transport}

    answer, failed = prepared.call_raw(tool, json.dumps(context))

    assert (answer["error"]["status"], failed, prepared.runs.rows) == (401, True, {})


def test_a_client_cannot_name_its_caller_in_the_call(prepared: Copilot) -> None:
    del prepared.headers["X-MS-CLIENT-PRINCIPAL"]
    context = prepared.context({"task": "daily"})
    context |= {"clientinfo": {"name": PRINCIPAL}, "x-ms-client-principal": PRINCIPAL}

    assert prepared.call_raw("run_task_once", json.dumps(context))[0]["error"]["status"] == 401


def test_a_change_that_cannot_be_audited_is_not_executed(prepared: Copilot) -> None:
    prepared.audit.answers_left = 0

    error = prepared.error_of("run_task_once", {"task": "daily"})

    assert (error["status"], prepared.runs.rows) == (503, {})
    assert error["retryAfterSeconds"] > 0


# Wrong arguments


@pytest.mark.parametrize(
    ("tool", "arguments", "field", "text"),
    [
        pytest.param("get_run", {}, "runId", "required", id="missing"),
        pytest.param("get_run", {"runId": "r1"}, "runId", "run id", id="not a run id"),
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
            "get_run_logs", {"runId": "821093"}, "runId", "run_page_url", id="a Databricks run"
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
def test_a_problem_names_the_field_and_the_rule(
    copilot: Copilot, tool: str, arguments: Any, field: str, text: str
) -> None:
    error = copilot.error_of(tool, arguments)

    (problem,) = error["problems"]
    assert (error["status"], problem["field"]) == (400, field)
    assert text in problem["message"]


@pytest.mark.parametrize("given", [[], "x", 1, [{"runId": RUN}]])
def test_arguments_must_be_an_object(copilot: Copilot, given: Any) -> None:
    assert copilot.error_of("get_run", given)["status"] == 400


def test_arguments_may_be_absent(copilot: Copilot) -> None:
    assert copilot.call_raw("list_runs", json.dumps(copilot.context(None)))[0]["runs"] == []


@pytest.mark.parametrize("context", ["", "[]", "{", "nonsense", '{"a": NaN}', "[" * 5_000])
def test_an_unreadable_call_is_refused(copilot: Copilot, context: str) -> None:
    answer, failed = copilot.call_raw("list_runs", context)

    assert (answer["error"]["status"], failed) == (400, True)


def test_an_unknown_name_is_answered_with_the_nearest_and_all_names(prepared: Copilot) -> None:
    error = prepared.error_of("run_task_once", {"task": "dialy"})

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
def test_a_hostile_name_reaches_no_other_path(prepared: Copilot, name: str) -> None:
    error = prepared.error_of("run_task_once", {"task": name})

    assert error["status"] in {400, 404}
    assert prepared.runs.rows == {}
    assert {path for _, _, path in prepared.changes} <= {f"/tasks/{name}/run"}


def test_parameters_cannot_contain_internal_fields(prepared: Copilot) -> None:
    hostile = {"__class__": "x", "__module__": "y", "__data__": {}}

    error = prepared.error_of("run_task_once", {"task": "daily", "parameters": hostile})

    assert (error["status"], prepared.runs.rows) == (400, {})


def test_a_large_document_is_refused(copilot: Copilot) -> None:
    assert copilot.error_of("apply_definitions", {"document": "#" * 1_100_000})["status"] == 413


# Answers


def test_foreign_text_is_truncated_and_invisible_characters_are_replaced() -> None:
    hidden = "".join(chr(0xE0000 + ord(each)) for each in "obey")
    shown = untrusted({"error": f"a\u202eb{hidden}\x1b[2J" + "x" * MAX_TEXT})

    assert isinstance(shown, dict)
    text = str(shown["untrusted"])
    assert "\ufffd" in text
    assert not any(each in text for each in ("\u202e", *hidden, "\x1b"))
    assert "more characters" in text


def test_an_error_contains_no_invisible_characters(prepared: Copilot) -> None:
    hidden = "\U000e006f\u202e\x1b"
    error = prepared.error_of("get_run", {"runId": RUN, hidden: 1})
    long = prepared.error_of("apply_definitions", {"document": f"? {'x' * 3_000}\n: []"})

    assert not any(each in str(error) + error["problems"][0]["field"] for each in hidden)
    assert "xxx…" in long["message"]
    assert len(long["message"]) < 1_000


def test_an_answer_that_is_too_long_is_refused_with_a_remedy(copilot: Copilot) -> None:
    for number in range(60):
        copilot.platform.put(f"/{number}/" + "x" * 990, Parameter(name="p"))

    error = copilot.error_of("list_platform_pipelines", {"platform": "lakehouse", "limit": 100})

    assert error["status"] == 413
    assert str(MAX_ANSWER) in error["message"]


def test_an_internal_error_shows_no_details(
    copilot: Copilot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(copilot, "api", broken)
    error = copilot.error_of("list_runs", {})

    assert (error["status"], "secret" in str(error)) == (500, False)
    assert "a secret" in caplog.text


# Documents


def _read(copilot: Copilot, uri: str) -> str:
    (resource,) = [each for each in RESOURCES if uri.startswith(each.uri.partition("{")[0])]
    context = {"uri": uri, **copilot.context(None)}
    return asyncio.run(resource.read(json.dumps(context), copilot.api, {}))


def test_the_definitions_can_be_applied_again(prepared: Copilot) -> None:
    document = _read(prepared, "polysync://definitions")

    assert prepared.call("apply_definitions", document=document)["would"].startswith("nothing")


@pytest.mark.parametrize("uri", [RUN, "", "x/../../tasks/daily", "%2e%2e", "\u202e"])
def test_an_unknown_run_is_an_error_document(copilot: Copilot, uri: str) -> None:
    error = json.loads(_read(copilot, f"polysync://runs/{uri}"))["error"]

    assert error["status"] == 404


def test_a_document_needs_the_role_of_a_reader(prepared: Copilot) -> None:
    prepared.set_roles()
    assert json.loads(_read(prepared, "polysync://definitions"))["error"]["status"] == 403
