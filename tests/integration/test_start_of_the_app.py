"""Tests that the Functions app refuses a wrong setting in one sentence at its start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORAGE = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}
LONGEST_REPORT = 12
"""Lines: the log, the frames of the entry point and of the composition, and the exception."""


def start(settings: dict[str, str]) -> list[str]:
    """Import the app as the Functions worker does, and return the lines of its errors."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    imported = subprocess.run(
        [sys.executable, "-c", "import function_app"],
        cwd=ROOT,
        env=inherited | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (imported.returncode != 0) == bool(imported.stderr), imported.stderr
    return imported.stderr.splitlines()


@pytest.mark.slow
def test_right_settings_start_the_app_silently() -> None:
    assert start(STORAGE) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "name", "remedy"),
    [
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
    ],
    ids=str,
)
def test_a_wrong_setting_is_named_in_one_sentence(
    settings: dict[str, str], name: str, remedy: str
) -> None:
    lines = start(settings)

    assert len(lines) <= LONGEST_REPORT, "\n".join(lines)
    first, last = lines[0], lines[-1]
    assert first.startswith("A setting of the app is wrong: ")
    assert last.startswith("polysync_core.settings.SettingError: ")
    assert first.removeprefix("A setting of the app is wrong: ") == last.partition(": ")[2]
    assert name in first
    assert remedy in first
    assert not any("During handling" in line or "direct cause" in line for line in lines)
