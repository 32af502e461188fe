"""`polysync context`, and the choice of the app of a command."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.main import get_command

from polysync_core.cli.main import app
from tests.fakes.command_line import AppCommands
from tests.unit.cli.commands.environments.conftest import Command

DEV = "http://127.0.0.1:7071/api"
PROD = "https://polysync.example.com/api"


def hosts(commands: AppCommands) -> list[str]:
    return [request.url.host for request in commands.requests]


def test_the_first_context_is_used_and_the_file_is_private(
    polysync: Command, commands: AppCommands, folder: Path
) -> None:
    added = polysync("context", "add", "prod", "--url", "https://polysync.example.com")
    assert added.stdout == "Context prod is added and used.\n"

    polysync("runs")

    assert str(commands.requests[-1].url).startswith(f"{PROD}/task-runs")
    file = folder / "contexts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [each.name for each in folder.iterdir()] == ["contexts.json"]


def test_a_context_is_chosen_by_name_by_option_and_by_variable(
    polysync: Command, commands: AppCommands
) -> None:
    polysync("context", "add", "dev", "--url", DEV)
    polysync("context", "add", "prod", "--url", PROD)

    polysync("runs")
    polysync("runs", "--context", "prod")
    polysync("runs", env={"POLYSYNC_CONTEXT": "prod"})
    polysync("runs", env={"POLYSYNC_CONTEXT": "prod", "POLYSYNC_URL": DEV})
    polysync("runs", "--context", "prod", env={"POLYSYNC_URL": DEV})
    polysync("runs", "--url", DEV, env={"POLYSYNC_CONTEXT": "prod"})
    polysync("context", "use", "prod")
    polysync("runs")

    local, remote = "127.0.0.1", "polysync.example.com"
    assert hosts(commands) == [local, remote, remote, local, remote, local, remote]


def test_an_address_and_a_context_are_not_combined(polysync: Command, folder: Path) -> None:
    polysync("context", "add", "prod", "--url", PROD)
    result = polysync("runs", "--context", "prod", "--url", DEV)
    assert result.exit_code == 2
    unknown = polysync("runs", "--context", "prdo")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "the contexts are prod" in unknown.stderr


def test_contexts_are_listed_replaced_and_removed(polysync: Command) -> None:
    assert "polysync context add" in polysync("context", "list").stderr
    polysync("context", "add", "dev", "--url", DEV, "--var", "size:=3", "--target", "dev")
    assert "*" in polysync("context", "list").stdout
    listed = json.loads(polysync("context", "list", "--json").stdout)
    entry = {"url": DEV, "signIn": "Environment", "target": "dev", "variables": {"size": 3}}
    assert listed == {"current": "dev", "contexts": {"dev": entry}}
    assert polysync("context", "add", "dev", "--url", PROD).exit_code == 2
    assert polysync("context", "add", "dev", "--url", PROD, "--replace").exit_code == 0
    assert polysync("context", "remove", "dev").exit_code == 0
    assert polysync("context", "remove", "dev").exit_code == 1
    assert json.loads(polysync("context", "list", "--json").stdout)["current"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--url", "https://ann:pw@example.com/api"], "password"),
        (["--url", "nonsense"], "is not a URL"),
        (["--url", PROD, "--sign-in", "DeviceCode"], "--app-id"),
        (["--url", "http://example.com", "--sign-in", "azurecli", "--app-id", "x"], "https://"),
        (["--url", PROD, "--key-variable", "K"], "AccessKey"),
        (
            ["--url", PROD, "--sign-in", "AccessKey", "--key-variable", "K", "--key-command", "k"],
            "either",
        ),
        (["--url", PROD, "--var", "token=vault://kv/token"], "reference"),
        (["--url", PROD, "--var", "token=dapi0123456789abcdef0123456789abcdef"], "vault"),
    ],
)
def test_a_context_that_cannot_work_or_holds_a_secret_is_refused(
    polysync: Command, folder: Path, options: list[str], message: str
) -> None:
    result = polysync("context", "add", "x", *options)
    assert result.exit_code == 1
    assert message in result.stderr
    assert not folder.exists()


@pytest.mark.parametrize("name", ["", "A", "../x", "a b", "x" * 64])
def test_a_name_is_checked(polysync: Command, folder: Path, name: str) -> None:
    assert polysync("context", "add", name, "--url", PROD).exit_code == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"contexts": {"a": 1}}', '{"contexts": []}'])
def test_a_damaged_file_is_named(polysync: Command, folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "contexts.json").write_text(text)
    result = polysync("runs")
    assert result.exit_code == 1
    assert "contexts.json" in result.stderr


def test_every_command_with_an_address_takes_a_context() -> None:
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        options = {each.name for each in command.params}
        assert ("url" in options) == ("context" in options) or name in {"login", "logout"}
