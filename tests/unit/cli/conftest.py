"""Fixtures: the command line against a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from polysync_core.cli.main import app
from tests.fakes.command_line import shared_commands
from tests.unit.cli.fake_api import FakeApi

type Invoke = Callable[..., Result]


@pytest.fixture(autouse=True, scope="session")
def _one_command() -> Iterator[None]:
    with shared_commands():
        yield


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


@pytest.fixture
def polysync(api: FakeApi) -> Invoke:
    """Return a function that runs a command against the fake API."""

    def invoke(*arguments: str, **options: Any) -> Result:
        env = {
            "POLYSYNC_URL": api.url,
            "POLYSYNC_KEY": None,
            "POLYSYNC_TOKEN": None,
            **options.pop("env", {}),
        }
        return CliRunner().invoke(app, arguments, env=env, catch_exceptions=False, **options)

    return invoke


@pytest.fixture
def a_run() -> Callable[..., dict[str, Any]]:
    return build_run


def build_run(status: str = "Succeeded", **changes: Any) -> dict[str, Any]:
    """Return a run in the form of the API."""
    finished = status in {"Succeeded", "Failed", "Cancelled", "Skipped"}
    attempt = {
        "number": 1,
        "status": status,
        "externalRunId": "4711",
        "monitorUrl": "http://127.0.0.1:8787/#job/1/run/4711",
        "providerStatus": "Running",
        "submittedAt": "2026-01-01T06:00:01Z",
        "startedAt": "2026-01-01T06:00:02Z",
        "finishedAt": "2026-01-01T06:01:05.5Z" if finished else None,
        "cause": "Artefact" if status == "Failed" else None,
        "error": "ZeroDivisionError [red]division[/red]" if status == "Failed" else None,
        "parameters": {"run_date": "2026-01-01", "token": "vault://local/TOKEN"},
        "parametersNotKept": [],
    }
    run = {
        "runId": "r-1",
        "task": "sales-load-daily",
        "job": "sales-load",
        "platform": "lakehouse",
        "status": status,
        "reason": None,
        "triggerType": "Manual",
        "graphRunId": "g-1",
        "scheduledTime": None,
        "timeZone": "UTC",
        "queuedAt": "2026-01-01T06:00:00Z",
        "startedAt": "2026-01-01T06:00:01Z",
        "finishedAt": "2026-01-01T06:01:06Z" if finished else None,
        "nextAttemptAt": None,
        "rerunOf": None,
        "cancelRequested": False,
        "priority": 100,
        "parameters": {"run_date": "2026-01-01", "token": "vault://local/TOKEN"},
        "outputs": {"rows": 5000} if status == "Succeeded" else {},
        "parents": [],
        "mappedInputs": {},
        "attempts": [] if status == "Queued" else [attempt],
    }
    return run | changes


def event(number: int, run: dict[str, Any]) -> bytes:
    """Return a server-sent event with a run."""
    return f"event: status\nid: {number}\ndata: {json.dumps(run)}\n\n".encode()
