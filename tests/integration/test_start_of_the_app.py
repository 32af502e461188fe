"""Tests that the Functions app refuses a wrong setting in one sentence at its start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STORAGE = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}
LONGEST_REPORT = 16
"""Lines: the log, the frames of the entry point and of two parts of the process, the exception."""


WRONG = [
    ({}, "POLYSYNC_STORAGE", "must name the storage account"),
    ({"POLYSYNC_STORAGE": "my-account"}, "POLYSYNC_STORAGE", "AccountKey=…"),
    (STORAGE | {"POLYSYNC_ENVIRONMENT": "prod"}, "POLYSYNC_ENVIRONMENT", "production or"),
    (STORAGE | {"POLYSYNC_ACCESS_KEYS": "x"}, "POLYSYNC_ACCESS_KEYS", "name:role:sha256"),
    (STORAGE | {"POLYSYNC_PRIVATE_HOSTS": "::1"}, "POLYSYNC_PRIVATE_HOSTS", "whole names"),
    (STORAGE | {"POLYSYNC_APPKIT": "{"}, "POLYSYNC_APPKIT", "JSON"),
    (
        STORAGE | {"APPLICATIONINSIGHTS_CONNECTION_STRING": "0b1f"},
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "InstrumentationKey=…",
    ),
    (
        STORAGE | {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "an address such as",
    ),
]
STARTS = """
import json, os, sys
import polysync_core.composition  # once for all: it reads no setting before it is called
for number, settings in enumerate(json.load(sys.stdin)):
    if (child := os.fork()) == 0:
        os.dup2(os.open(f"{sys.argv[1]}/{number}", os.O_WRONLY | os.O_CREAT), 2)
        os.environ.clear()
        os.environ.update(settings)
        import function_app
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def start(program: str, *arguments: str, given: object = None, **settings: str) -> Any:
    """Run a program that imports the app as the Functions worker does."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env=inherited | settings,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """The lines that the app writes at each start with a wrong setting."""
    folder = tmp_path_factory.mktemp("starts")
    ended = start(STARTS, str(folder), given=[settings for settings, *_ in WRONG])
    assert ended.stdout.split() == ["1"] * len(WRONG), ended.stderr
    return [(folder / str(number)).read_text().splitlines() for number in range(len(WRONG))]


@pytest.mark.slow
def test_right_settings_start_the_app_silently() -> None:
    assert start("import function_app", **STORAGE).stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(WRONG)), ids=[name for _, name, _ in WRONG])
def test_a_wrong_setting_is_named_in_one_sentence(reports: list[list[str]], number: int) -> None:
    (_, name, remedy), lines = WRONG[number], reports[number]

    assert len(lines) <= LONGEST_REPORT, "\n".join(lines)
    first, last = lines[0], lines[-1]
    assert first.startswith("A setting of the app is wrong: ")
    assert last.startswith("polysync_core.setting_values.SettingError: ")
    assert first.removeprefix("A setting of the app is wrong: ") == last.partition(": ")[2]
    assert name in first
    assert remedy in first
    assert not any("During handling" in line or "direct cause" in line for line in lines)
