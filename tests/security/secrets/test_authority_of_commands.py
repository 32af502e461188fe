"""The command line of an Operator reads no secret beyond those of the definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from polysync_core.cli.main import app as commands
from tests.fakes.listener import Answered, Asked, listening
from tests.security.secrets.authority import ADMINISTRATOR, OPERATOR, OTHER, OTHER_REFERENCE, App

type Run = Callable[..., Any]


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def polysync(app: App) -> Iterator[Run]:
    """Return a function that runs a command against the app, and returns its result."""

    def answer(asked: Asked) -> Answered:
        headers = {name: value for name, value in asked.headers.items() if name != "Host"}
        given = app.http.request(asked.method, asked.path, content=asked.body, headers=headers)
        return Answered(given.status_code, given.json(), {"ETag": given.headers.get("etag", "")})

    with listening(answer) as url:

        def run(*arguments: str, key: str = OPERATOR) -> Any:
            env = {"POLYSYNC_URL": f"{url}/api", "POLYSYNC_KEY": key, "POLYSYNC_TOKEN": None}
            return CliRunner().invoke(commands, arguments, env=env, catch_exceptions=False)

        yield run


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "task", "-p", f"key={OTHER_REFERENCE}"),
        ("run", "task", "-p", f"text={OTHER_REFERENCE}"),
        ("run", "task", "-p", "text=VAULT://kv/other"),
        ("run", "task", "-p", f'text:=" {OTHER_REFERENCE}"'),
        ("run", "task", "-p", f'data:={{"a": ["{OTHER_REFERENCE}"]}}'),
        ("run", "task", "-p", f'list=["{OTHER_REFERENCE}"]'),
        ("run", "task", "--json", "--follow", "-p", f"both={OTHER_REFERENCE}"),
        ("exec", "job", "-p", f"key={OTHER_REFERENCE}"),
        ("exec", "job", "-p", f'data:="{OTHER_REFERENCE}"'),
        ("test", "secret", OTHER_REFERENCE),
    ],
)
def test_a_command_of_an_operator_names_no_new_secret(
    app: App, polysync: Run, arguments: tuple[str, ...]
) -> None:
    result = polysync(*arguments)

    assert result.exit_code != 0
    assert OTHER not in result.output
    app.execute_all()
    assert app.platform.orders == []


def test_a_rerun_and_a_backfill_of_an_operator_name_no_new_secret(app: App, polysync: Run) -> None:
    started = polysync("run", "task", "-p", f"text={OTHER_REFERENCE}", key=ADMINISTRATOR)
    assert started.exit_code == 0
    app.execute_all()
    (run,) = app.http.get("/task-runs", headers={"x-functions-key": OPERATOR}).json()["items"]
    assert OTHER in app.sent
    app.platform.orders.clear()

    assert polysync("rerun", run["runId"]).exit_code != 0
    assert polysync("rerun", run["runId"], "--downstream").exit_code != 0
    assert polysync("backfill", "task", "--from", "2026-01-01", "--to", "2026-01-03").exit_code == 0
    app.execute_all()

    assert app.sent != []
    assert OTHER not in [*app.sent, app.texts]
