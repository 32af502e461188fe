"""An app with a graph of Tasks and some runs, for console pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.run import RunStatus, TaskRun
from tests.fakes.app import FakeApp
from tests.fakes.builders import NOON, a_job, a_platform, a_run, run_id

ROOT = run_id("root")


def a_task(name: str, *upstream: str, **facts: Any) -> Task:
    edges = [{"task": each} for each in upstream]
    return Task(**{"name": name, "job": "sales-load", "dependencies": edges, **facts})


class GraphPages:
    """landing -> bronze -> gold, with a mapped output, and alert if bronze failed."""

    def __init__(self, **facts: Any) -> None:
        mapped = {"task": "bronze", "mappings": [{"output": "rows", "input": "expected"}]}
        alert = {"task": "bronze", "condition": "OnFailure"}
        self.app = FakeApp(
            a_platform(),
            a_job(),
            a_task("landing", schedules=[{"name": "daily", "cron": "0 12 * * *"}]),
            a_task("bronze", "landing", tags={"layer": "bronze"}),
            a_task("gold", dependencies=[mapped], tags={"layer": "gold"}),
            a_task("alert", dependencies=[alert], tags={"layer": "bronze"}),
            **facts,
        )

    def ran(self, task: str, status: RunStatus = RunStatus.SUCCEEDED, **facts: Any) -> TaskRun:
        error = facts.pop("error", None)
        attempt = Attempt(number=1, status=status, error=error, monitor_url="https://e.org/run/1")
        known: dict[str, Any] = {
            "run_id": run_id(f"{task}/{facts.get('queued_at', '')}"),
            "queued_at": NOON,
            "graph_run_id": ROOT,
            "started_at": NOON + timedelta(seconds=1),
            "finished_at": NOON + timedelta(seconds=8) if status.is_terminal else None,
            "attempts": (attempt,),
        }
        run = a_run(task=task, status=status, **(known | facts))
        runs = self.app.services.ports.runs
        runs.index_active(run)
        runs.insert(run)
        if status.is_terminal:
            runs.deactivate(run)
        return run

    def page(self, path: str, **query: str) -> LexborHTMLParser:
        answer = self.app.browser.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return LexborHTMLParser(answer.text)


def text(tree: LexborHTMLParser, selector: str) -> str:
    """Return the text of the first match with single spaces."""
    found = tree.css_first(selector)
    assert found is not None, selector
    return " ".join(found.text(separator=" ").split())
