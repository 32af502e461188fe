"""A copilot of an Operator reads no secret with any tool."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from polysync_core.api.engine import SCOPE_KEY
from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.security.roles import Role
from polysync_core.mcp.tools import TOOLS
from tests.fakes.copilot import ArtefactPlatform, principal
from tests.security.secrets.authority import OTHER, OTHER_REFERENCE, PLAIN, WAYS, App

type Arguments = dict[str, Any]

DOCUMENT = json.dumps(
    {"tasks": [{"name": "mine", "job": "job", "parameters": {"key": OTHER_REFERENCE}}]}
)
EDITS: dict[str, tuple[str, Arguments]] = {
    "a Task with the reference": (
        "create_task_from_job",
        {"job": "job", "task": "mine", "parameters": {"key": OTHER_REFERENCE}},
    ),
    "a default": (
        "configure_job",
        {"job": "job", "parameterDefaults": {"text": OTHER_REFERENCE}},
    ),
    "the parameters of a Job": (
        "configure_job",
        {"job": "job", "changes": {"parameters": [{"name": "a", "default": OTHER_REFERENCE}]}},
    ),
    "a document": ("apply_definitions", {"document": DOCUMENT}),
    "an import": ("import_platform_jobs", {"platform": "lakehouse", "confirm": True}),
}
CONFIRMED: dict[str, Arguments] = {
    "apply_definitions": {"planToken": "0" * 32},
    "create_task_from_job": {"confirm": True},
    "configure_job": {"confirm": True},
    "import_platform_jobs": {},
}


@pytest.fixture
def app() -> App:
    return App()


def call(app: App, role: Role, tool: str, arguments: Arguments) -> dict[str, Any]:
    """Return the content of a tool's answer."""
    headers = {"Host": "func.example", "X-MS-CLIENT-PRINCIPAL": principal(role)}
    transport = {"name": "http-streamable", "properties": {"headers": headers}}
    context = {"name": "", "arguments": arguments, "sessionid": "s", "transport": transport}
    (found,) = [each for each in TOOLS if each.name == tool]
    answer = asyncio.run(found.call(json.dumps(context), app.api, {SCOPE_KEY: app.engine}))
    return json.loads(json.loads(json.loads(answer)["content"])["content"][0]["text"])


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMINISTRATOR])
@pytest.mark.parametrize("way", WAYS)
def test_no_copilot_starts_a_task_with_a_secret(app: App, way: str, role: Role) -> None:
    answer = call(app, role, "run_task_once", {"task": "task", "parameters": WAYS[way]})

    assert answer["error"]["status"] in {400, 422}
    assert all(each["field"].startswith("parameters.") for each in answer["error"]["problems"])
    assert OTHER not in str(answer)
    assert list(app.services.ports.runs.active_runs()) == []


def test_a_copilot_names_not_even_the_secret_of_the_task(app: App) -> None:
    given = {"task": "task", "parameters": {"key": "vault://kv/given"}}
    assert "error" in call(app, Role.OPERATOR, "run_task_once", given)
    assert "runId" in call(app, Role.OPERATOR, "run_task_once", {"task": "task"})


@pytest.mark.parametrize("name", PLAIN)
def test_a_copilot_sends_a_text_that_is_no_reference(app: App, name: str) -> None:
    given = {"task": "task", "parameters": {"text": PLAIN[name]}}
    assert "runId" in call(app, Role.OPERATOR, "run_task_once", given)
    app.execute_all()

    assert len(app.platform.orders) == 1
    assert OTHER not in [*app.sent, app.texts]


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize("edit", EDITS)
def test_a_copilot_of_an_operator_edits_no_definition(app: App, edit: str, confirmed: bool) -> None:
    tool, arguments = EDITS[edit]
    before = app.services.definitions.job("job"), app.services.definitions.task("task")

    answer = call(app, Role.OPERATOR, tool, arguments | (CONFIRMED[tool] if confirmed else {}))

    assert answer["error"]["status"] == 403
    assert OTHER not in str(answer)
    assert before == (app.services.definitions.job("job"), app.services.definitions.task("task"))


@pytest.mark.parametrize(
    "default",
    [OTHER_REFERENCE, f" {OTHER_REFERENCE}", "VAULT://kv/other", f'["{OTHER_REFERENCE}"]'],
)
def test_the_default_of_an_artefact_names_no_secret(app: App, default: str) -> None:
    app.platform, reports = ArtefactPlatform(), app.platform.reports
    app.platform.reports = reports
    app.platform.put("/etl/planted", Parameter(name="a", default=default))

    call(
        app, Role.ADMINISTRATOR, "import_platform_jobs", {"platform": "lakehouse", "confirm": True}
    )
    app.post("/jobs/planted/run")
    app.execute_all()

    assert len(app.platform.orders) == 1
    assert OTHER not in [*app.sent, app.texts]
