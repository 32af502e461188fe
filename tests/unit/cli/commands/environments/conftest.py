"""Fixtures: a folder of contexts, and an app that the command line calls by its current context."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.fakes.command_line import AppCommands

type Command = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder for the user's configuration."""
    folder = tmp_path / "config"
    monkeypatch.setenv("POLYSYNC_CONFIG_DIR", str(folder))
    for name in ("POLYSYNC_URL", "POLYSYNC_CONTEXT", "POLYSYNC_TOKEN", "POLYSYNC_KEY"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def commands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AppCommands:
    return AppCommands(FakeApp(a_platform(), a_job()), monkeypatch)


@pytest.fixture
def polysync(commands: AppCommands) -> Command:
    """Return a function that runs a command without POLYSYNC_URL."""

    def invoke(*words: str, **options: object) -> Result:
        given = options.pop("env", {})
        env = {"POLYSYNC_URL": None, **(given if isinstance(given, dict) else {})}
        return commands(*words, env=env, **options)

    return invoke
