"""Tests of the start of the command line: imports, help, version and usage."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from polysync_core.cli.main import app

LIGHT = {
    "polysync_core.domain",
    "polysync_core.domain.display_text",
    "polysync_core.domain.json_types",
    "polysync_core.domain.runs",
    "polysync_core.domain.runs.failures",
    "polysync_core.domain.runs.failures.causes",
    "polysync_core.domain.runs.status",
}
SCRIPT = """
import sys, polysync_core.cli.main
print(*(name for name in sys.modules
    if name.split(".")[0] in ("rich", "httpx", "yaml", "pydantic")
    or name.startswith("polysync_core.") and not name.startswith("polysync_core.cli")))
"""


def test_the_start_imports_no_heavy_module_and_only_light_modules_of_the_domain():
    """Completion and `--help` must answer at once, on a machine that has only the client."""
    command = [sys.executable, "-c", SCRIPT]
    answer = subprocess.run(command, capture_output=True, check=True, text=True)

    assert set(answer.stdout.split()) <= LIGHT


def test_help_and_version_have_their_usual_options() -> None:
    runner = CliRunner()
    short, long = (runner.invoke(app, [option]).stdout for option in ("-h", "--help"))

    assert short == long
    assert all(word in short for word in ("Definitions", "Runs", "Schedules", "POLYSYNC_KEY"))
    assert runner.invoke(app, ["runs", "-h"]).exit_code == 0
    assert runner.invoke(app, ["--version"]).stdout.startswith("polysync ")


def test_arguments_have_no_braces_and_flags_no_type() -> None:
    for command in ("run", "graph", "import", "test", "show"):
        text = CliRunner().invoke(app, [command, "-h"]).stdout
        assert not any(sign in text for sign in ("{", "[[", "<bool>"))
    assert (
        "polysync run [OPTIONS] TASK"
        in CliRunner().invoke(app, ["run", "-h"], prog_name="polysync").stdout
    )
    assert "<bool>" not in CliRunner().invoke(app, ["-h"]).stdout


@pytest.mark.slow
def test_a_command_is_built_alone_and_its_errors_stay_the_same() -> None:
    """Building all commands takes as long as a request."""
    script = (
        "import sys, polysync_core.cli.main as main;"
        "sys.argv = ['polysync', *sys.argv[1:]];"
        "import atexit; atexit.register(lambda: print(len(main.app.registered_commands)));"
        "main.app()"
    )

    def run(*words: str) -> tuple[int, str, int]:
        command = [sys.executable, "-c", script, *words]
        found = subprocess.run(command, capture_output=True, check=False, text=True)
        return found.returncode, found.stderr, int(found.stdout.split()[-1])

    assert run("runs", "watch", "rabcd") == (
        2,
        "Error: Got unexpected extra argument(s) (rabcd)\nDid you mean:  polysync follow rabcd\n",
        1,
    )
    assert run("help", "runs")[2] > 50
    assert "'run', 'runs'" in run("runz")[1]
    assert "'list'" in run("context", "lst")[1]


def test_an_error_of_usage_has_no_words_of_the_validation_library() -> None:
    result = CliRunner().invoke(app, ["test", "job", "x"])

    assert result.exit_code == 2
    assert "'job' is not one of" in result.stderr
    assert "Value error" not in result.stderr
