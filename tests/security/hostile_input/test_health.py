"""The app answers other callers within a second while it reads hostile input."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.widgets import widgets_of
from polysync_core.platforms.connector import ArtefactSchema
from tests.fakes.app import FakeApp
from tests.fakes.platform import FakePlatform
from tests.security.hostile_input.health import LONGEST_WAIT, send_watched
from tests.security.hostile_input.test_error_bounds import DEFINITIONS

CELL = "\n# COMMAND ----------\n"
NOTEBOOKS = {
    "empty lines": ("r", "\n" * 1_000_000 + "x"),
    "one long cell": ("py", "x\n" * 1_200_000),
    "many statements": ("py", ("x;" * 25_000 + CELL) * 6),
    "nested lists": ("py", ("[[[[x]]]]\n" * 5_000 + CELL) * 6),
    "signs": ("py", ("-" * 50_000 + "x" + CELL) * 40),
    "open brackets": ("py", ("(" * 50_000 + CELL) * 40),
    "comprehensions": ("py", ("[x for x in " * 3_000 + CELL) * 40),
    "deep blocks": ("py", ("".join(f"{' ' * n}if x:\n" for n in range(95)) + CELL) * 100),
    "magic cells": ("py", f"# MAGIC %sql{CELL}" * 20_000),
    "widgets of SQL": ("sql", "CREATE WIDGET TEXT a DEFAULT '" * 40_000),
    "widgets of Scala": ("scala", 'dbutils.widgets.text("a", ' * 40_000),
}
BODIES: dict[str, tuple[str, str, str, str]] = {
    "YAML aliases": ("PUT", "definitions", "yaml", "a: &a [1]\nb: [" + "*a," * 100_000 + "1]"),
    "YAML depth": ("PUT", "definitions", "yaml", "tasks: " + "[" * 100_000),
    "YAML tasks": ("PUT", "definitions", "yaml", "tasks:\n" + "- {name: a, job: j}\n" * 20_000),
    "digits": ("PUT", "tasks/x", "json", '{"job": "j", "priority": ' + "9" * 1_000_000 + "}"),
    "JSON depth": ("PUT", "tasks/x", "json", '{"job": "j", "tags": ' + "[" * 500_000),
    "equal keys": ("PUT", "tasks/x", "json", '{"a": 1' + ', "a": 1' * 100_000 + "}"),
    "marks": ("PUT", "tasks/x", "json", json.dumps({"job": "\u202e" * 150_000})),
    "objects": (
        "PUT",
        "tasks/x",
        "json",
        json.dumps({"job": "j", "parameters": {"p1": [{}] * 200_000}}),
    ),
    "a route": (
        "PUT",
        "jobs/x",
        "json",
        json.dumps(
            {"platform": "p", "jobType": "AzureHttpFunction", "externalId": "{a" + ":" * 100_000}
        ),
    ),
    "a variable": (
        "POST",
        "tasks/t/run",
        "json",
        json.dumps({"parameters": {"p1": "${run.scheduledTime:" + "%Y" * 300_000}}),
    ),
    "a reference": (
        "POST",
        "secrets/test",
        "json",
        json.dumps({"reference": "vault://" + "a-" * 200_000}),
    ),
    "a chain of tasks": (
        "PUT",
        "definitions?dryRun=true",
        "json",
        json.dumps(
            {
                "tasks": [
                    {"name": f"a{n}", "job": "j", "dependencies": [{"task": f"a{n + 1}"}]}
                    for n in range(2_000)
                ]
            }
        ),
    ),
}


class NotebookPlatform(FakePlatform):
    """A platform with one notebook."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__()
        self.notebook = ExportedNotebook(text, kind)
        self.read = 0

    def describe(self, external_id: str) -> ArtefactSchema:
        self.read += 1
        return widgets_of(self.notebook)


def an_app() -> FakeApp:
    app = FakeApp()
    for path, body in DEFINITIONS.items():
        assert app.http.put(path, json=body).status_code == 201
    return app


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_health_is_answered_while_a_notebook_is_read(name: str) -> None:
    app = an_app()
    platform: Any = NotebookPlatform(*NOTEBOOKS[name])
    app.platform = platform

    watched = send_watched(app, "POST", "/api/jobs/j/sync-parameters", content=b"")

    assert (watched.answer.status_code, platform.read) == (200, 1)
    assert watched.longest_wait < LONGEST_WAIT


@pytest.mark.slow
@pytest.mark.parametrize("name", BODIES)
def test_the_health_is_answered_while_a_body_is_read(name: str) -> None:
    method, path, kind, text = BODIES[name]

    watched = send_watched(
        an_app(), method, f"/api/{path}", content=text.encode(), kind=f"application/{kind}"
    )

    assert watched.answer.status_code in {400, 413, 422}
    assert watched.longest_wait < LONGEST_WAIT


def test_the_watch_sees_a_call_that_holds_the_interpreter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = an_app()
    platform: Any = NotebookPlatform("py", "x")
    app.platform = platform
    monkeypatch.setattr(platform, "describe", lambda _: sorted(range(3_000_000), key=str) and None)

    watched = send_watched(app, "POST", "/api/jobs/j/sync-parameters", content=b"")

    assert watched.answer.status_code == 500
    assert watched.longest_wait > 0.1
