"""`polysync audit`, `dead-letters`, `version` and `help`."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest

from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.fakes.command_line import AppCommands
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

MESSAGE = {
    "at": "2026-03-01T12:00:00Z",
    "queue": "run-requests",
    "messageId": "1",
    "reason": "The message is not JSON.",
    "payload": "{" * 500,
}


@pytest.fixture
def app_commands(monkeypatch: pytest.MonkeyPatch) -> AppCommands:
    return AppCommands(FakeApp(a_platform(), a_job()), monkeypatch)


def test_the_audit_lists_the_changes_of_a_day(app_commands: AppCommands) -> None:
    app_commands("create-task", "sales-load", "daily")
    result = app_commands("audit", "--day", "2026-03-01")
    assert result.exit_code == 0, result.output
    assert "/jobs/sales-load/tasks" in result.stdout
    assert json.loads(app_commands("audit", "--json").stdout)["items"]
    assert "No changes." in app_commands("audit", "--day", "2026-02-01").stderr
    assert app_commands("audit", "--day", "yesterday").exit_code == 1


def test_abandoned_messages_are_listed(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/poison-messages", Answer({"items": [MESSAGE], "continuationToken": None}))
    result = polysync("dead-letters")
    assert "The message is not JSON." in result.stdout
    assert "…" in result.stdout
    assert json.loads(polysync("dead-letters", "--json").stdout)["items"] == [MESSAGE]


def test_no_abandoned_message_says_so(app_commands: AppCommands) -> None:
    assert app_commands("dead-letters").stderr == "No message was abandoned.\n"


def test_both_versions_are_shown(app_commands: AppCommands) -> None:
    own = version("polysync")
    lines = app_commands("version").stdout.splitlines()
    assert lines[0] == f"polysync {own}"
    assert lines[1].startswith("API ")
    assert json.loads(app_commands("version", "--client", "--json").stdout)["client"] == own


def test_the_version_is_shown_while_the_api_is_away(polysync: Invoke) -> None:
    result = polysync("version", env={"POLYSYNC_URL": "http://127.0.0.1:1/api"})
    assert result.exit_code == 0
    assert "does not answer" in result.stderr


def test_help_explains_a_command(polysync: Invoke) -> None:
    assert "Usage" in polysync("help").stdout
    assert "polysync run [OPTIONS] TASK" in polysync("help", "run", prog_name="polysync").stdout
    assert "ENVIRONMENT" in polysync("help", "azure", "check").stdout
    assert polysync("help", "nope").exit_code == 2
