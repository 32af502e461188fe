"""`polysync edit` and `polysync create-task`."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from typer.testing import Result

from tests.fakes.app import FakeApp
from tests.fakes.command_line import AppCommands


class Editor:
    """Edits by replacing a text, as an editor that a person uses."""

    def __init__(self, polysync: AppCommands, folder: Path) -> None:
        self._polysync = polysync
        self._script = folder / "editor.py"

    def __call__(self, before: str, after: str, *options: str, **more: object) -> Result:
        self._script.write_text(
            "import sys, pathlib\n"
            "file = pathlib.Path(sys.argv[1])\n"
            f"file.write_text(file.read_text().replace({before!r}, {after!r}))\n"
        )
        command = f"{shlex.quote(sys.executable)} {shlex.quote(str(self._script))}"
        env = {"EDITOR": command, "VISUAL": None}
        words = ("edit", "task", "sales-load-daily", *options)
        return self._polysync(*words, env=env, **more)


@pytest.fixture
def edit(polysync: AppCommands, tmp_path: Path) -> Editor:
    return Editor(polysync, tmp_path)


def priority(app: FakeApp) -> int:
    found = app.http.get("/tasks/sales-load-daily").json()["priority"]
    assert isinstance(found, int)
    return found


def kept_file(result: Result) -> Path:
    return Path(re.findall(r"kept in (\S+)\.\n", result.stderr)[0])


def test_an_edit_shows_its_plan_asks_and_saves(edit: Editor, app: FakeApp) -> None:
    result = edit("job: sales-load", "job: sales-load\n  priority: 7", input="y\n")
    assert result.exit_code == 0, result.output
    assert "+ priority: 7" in result.stdout
    assert priority(app) == 7


def test_a_refused_text_is_kept(edit: Editor, app: FakeApp) -> None:
    result = edit("job: sales-load", "job: sales-load\n  priority: high", "--yes")
    assert result.exit_code == 1
    assert "priority" in result.stderr
    file = kept_file(result)
    assert "priority: high" in file.read_text()
    file.unlink()
    assert priority(app) == 100


def test_an_edit_that_is_not_confirmed_is_kept(edit: Editor, app: FakeApp) -> None:
    result = edit("job: sales-load", "job: sales-load\n  priority: 7", input="n\n")
    assert result.exit_code == 1
    kept_file(result).unlink()
    assert priority(app) == 100


def test_nothing_is_saved_without_a_change(edit: Editor) -> None:
    result = edit("a text that does not occur", "")
    assert (result.exit_code, result.stderr) == (0, "Nothing is changed.\n")


def test_a_name_is_not_edited(edit: Editor) -> None:
    result = edit("name: sales-load-daily", "name: sales-load-nightly", "--yes")
    assert result.exit_code == 1
    assert "a name cannot be edited" in result.stderr
    kept_file(result).unlink()


def test_an_editor_that_does_not_start_is_named(polysync: AppCommands) -> None:
    env = {"EDITOR": "no-such-editor", "VISUAL": None}
    result = polysync("edit", "job", "other", env=env)
    assert result.exit_code == 1
    assert "EDITOR" in result.stderr
    kept_file(result).unlink()


def test_a_task_is_created_from_its_job(polysync: AppCommands, app: FakeApp) -> None:
    result = polysync("create-task", "other", "other-nightly")
    assert result.stdout == "Task other-nightly of job other is created.\n"
    assert app.http.get("/tasks/other-nightly").json()["job"] == "other"
    again = polysync("create-task", "other", "other-nightly")
    assert again.exit_code == 1
    assert json.loads(polysync("create-task", "other", "b", "--json").stdout)["name"] == "b"
