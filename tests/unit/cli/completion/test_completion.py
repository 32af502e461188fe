"""Shells complete commands, options, and the names of objects."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from polysync_core.cli.completion import names
from polysync_core.cli.completion.__main__ import main as refresh_names
from polysync_core.cli.main import app as commands
from polysync_core.domain.definitions.contention import ConcurrencyProfile, ConcurrencySettings
from polysync_core.domain.definitions.tasks import Task
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.fakes.command_line import URL, AppCommands

type Complete = Callable[..., list[str]]


@pytest.fixture
def app() -> FakeApp:
    cap = ConcurrencyProfile(
        name="cap",
        type="Concurrency",  # type: ignore[arg-type]
        settings=ConcurrencySettings(max_concurrent_tasks=2),
    )
    tasks = (Task(name=name, job="sales-load") for name in ("daily", "hourly"))
    return FakeApp(a_platform(), a_job(), cap, *tasks)


@pytest.fixture
def polysync(app: FakeApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppCommands:
    monkeypatch.setenv("POLYSYNC_CONFIG_DIR", str(tmp_path))
    return AppCommands(app, monkeypatch)


@pytest.fixture(autouse=True)
def _no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names.subprocess, "Popen", lambda *_args, **_options: None)


@pytest.fixture
def complete(polysync: AppCommands) -> Complete:
    """Return a function that completes the last word of a command line."""

    def completed(line: str, shell: str = "bash", **env: str | None) -> list[str]:
        words = line.split(" ")
        variables: dict[str, str | None] = {
            "_POLYSYNC_COMPLETE": f"complete_{shell}",
            "_TYPER_COMPLETE_ARGS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1],
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
            "POLYSYNC_URL": URL,
            **env,
        }
        result = CliRunner().invoke(
            commands, [], prog_name="polysync", env=variables, catch_exceptions=False
        )
        assert result.exit_code == 0
        assert result.stderr == ""
        return result.stdout.split()

    return completed


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("polysync run ", ["daily", "hourly"]),
        ("polysync run h", ["hourly"]),
        ("polysync exec ", ["sales-load"]),
        ("polysync import ", ["lakehouse"]),
        ("polysync usage ", ["cap"]),
        ("polysync runs --task d", ["daily"]),
        ("polysync runs --status Fa", ["Failed"]),
        ("polysync runs --trigger B", ["Backfill"]),
        ("polysync runs --platform ", ["lakehouse"]),
        ("polysync get pr", ["profiles"]),
        ("polysync get t ", ["daily", "hourly"]),
        ("polysync describe profile ", ["cap"]),
        ("polysync delete task h", ["hourly"]),
        ("polysync enable d", ["daily"]),
        ("polysync show @h", ["@hourly"]),
        ("polysync fol", ["follow"]),
        ("polysync runs --sin", ["--since"]),
        ("polysync run daily --context ", []),
        ("polysync get nonsense ", []),
    ],
)
def test_names_commands_options_and_statuses(
    complete: Complete, line: str, expected: list[str]
) -> None:
    assert complete(line) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell", "pwsh"])
def test_every_shell_gets_the_names(complete: Complete, shell: str) -> None:
    text = "\n".join(complete("polysync run ", shell))
    assert "daily" in text
    assert "hourly" in text


def test_the_newest_runs_are_completed(complete: Complete, polysync: AppCommands) -> None:
    run_id = polysync("run", "daily").stdout.split()[1]
    assert complete(f"polysync show {run_id[:3]}") == [run_id]


def test_contexts_are_completed_and_used(complete: Complete, polysync: AppCommands) -> None:
    polysync("context", "add", "prod", "--url", "https://polysync.example.com")
    assert complete("polysync runs --context p") == ["prod"]
    before = len(polysync.requests)
    assert complete("polysync run --context prod ") == ["daily", "hourly"]
    assert polysync.requests[before].url.host == "polysync.example.com"


def test_a_second_completion_within_seconds_makes_no_request(
    complete: Complete, polysync: AppCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete("polysync run ")
    before = len(polysync.requests)
    assert complete("polysync run ") == ["daily", "hourly"]
    assert len(polysync.requests) == before
    now = time.time()
    monkeypatch.setattr(names.time, "time", lambda: now + names.FRESH_SECONDS + 1)
    complete("polysync run ")
    assert len(polysync.requests) == before + 1


def test_an_absent_server_is_silent_and_is_not_asked_at_each_key(
    complete: Complete, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def fail(*_args: Any, **_options: Any) -> None:
        asked.append(1)
        raise names.CommandFailed("no answer")

    monkeypatch.setattr("polysync_core.cli.api.client.ApiClient.page", fail)
    assert complete("polysync run ") == []
    assert complete("polysync run ") == []
    assert len(asked) == 1


def test_the_last_known_names_serve_while_the_server_is_away(
    complete: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete("polysync run ")
    now = time.time()
    monkeypatch.setattr(names.time, "time", lambda: now + 3600)

    def fail(*_args: Any, **_options: Any) -> None:
        raise names.CommandFailed("no answer")

    monkeypatch.setattr("polysync_core.cli.api.client.ApiClient.page", fail)
    assert complete("polysync run ") == ["daily", "hourly"]


def test_a_damaged_cache_is_read_anew(complete: Complete, tmp_path: Path) -> None:
    complete("polysync run ")
    for file in (tmp_path / "completion").iterdir():
        file.write_text("[")
    assert complete("polysync run ") == ["daily", "hourly"]


def test_entra_is_asked_by_another_process(
    complete: Complete, polysync: AppCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    entra = ("--sign-in", "AzureCli", "--app-id", "x")
    polysync("context", "add", "prod", "--url", "https://polysync.example.com", *entra)
    started: list[list[str]] = []

    def start(command: list[str], **_options: Any) -> None:
        started.append(command[1:])

    monkeypatch.setattr(names.subprocess, "Popen", start)
    assert complete("polysync run --context prod ") == []
    assert started == [["-m", "polysync_core.cli.completion", "tasks", "--context", "prod"]]
    assert polysync.requests == []
    assert complete("polysync run --context prod ") == []
    assert len(started) == 1


def test_the_other_process_fills_the_cache(complete: Complete, polysync: AppCommands) -> None:
    polysync("context", "add", "prod", "--url", "https://polysync.example.com")
    refresh_names("tasks", URL)
    refresh_names("jobs", "--context", "prod")
    before = len(polysync.requests)
    assert complete("polysync run ") == ["daily", "hourly"]
    assert complete("polysync exec --context prod ") == ["sales-load"]
    assert len(polysync.requests) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "expected"),
    [("polysync run d", "daily"), ("polysync runs --status f", "failed"), ("polysync ru", "runs")],
)
def test_a_completion_imports_neither_the_http_client_nor_the_tables(
    complete: Complete,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    line: str,
    expected: str,
) -> None:
    """With names in the cache, a completion answers within 200 ms."""
    complete("polysync run ")
    monkeypatch.undo()
    env = {
        "_POLYSYNC_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
        "POLYSYNC_URL": URL,
        "POLYSYNC_CONFIG_DIR": str(tmp_path),
    }
    command = [sys.executable, "-X", "importtime", "-m", "polysync_core.cli"]

    answer = subprocess.run(command, env=env, capture_output=True, check=True, text=True)

    assert expected in answer.stdout.lower().split()
    imported = {entry.rpartition("|")[2].strip() for entry in answer.stderr.splitlines()}
    assert "polysync_core.cli.main" in imported
    assert not imported & {"httpx", "rich", "yaml", "polysync_core.cli.api.client"}
