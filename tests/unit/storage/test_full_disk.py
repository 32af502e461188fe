"""An app whose disk is full for a while: accepted runs survive, and the app works again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from polysync_core.adapters import Ports
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.identity import RunId
from polysync_core.storage.rows import Row
from polysync_core.storage.sqlite.database import Database
from polysync_core.storage.sqlite.tables import SqliteTables
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job
from tests.fakes.platform import RUNNING, SUCCESS
from tests.unit.api.run_api import PLATFORM

_FULL = "polysync.db cannot be written, because the disk is full: free some space."


class SqliteApp(FakeApp):
    """An app that stores in a SQLite file, whose size can be limited."""

    def __init__(self, path: Path, *definitions: Definition) -> None:
        self.database = Database(path)
        super().__init__(*definitions)

    def ports(self) -> Ports:
        tables: Any = SimpleNamespace(storage=lambda: SqliteTables(self.database))
        self.tables = tables
        return super().ports()

    def fill_the_disk(self) -> None:
        """Let the file grow no more, and use up its free pages."""
        (pages,) = self.database.read("PRAGMA page_count")[0]
        self._allow(pages)
        table = SqliteTables(self.database).table("filling")
        for size in (2_000, 1):
            with pytest.raises(Unavailable):
                for number in count():
                    table.insert(Row(f"p{size}", f"{number:05}", {"text": "x" * size}))

    def free_space(self) -> None:
        """Let the file grow again."""
        self._allow(2**30)

    def _allow(self, pages: int) -> None:
        self.database._writer.execute(f"PRAGMA max_page_count={pages}").fetchall()

    def status(self, run_id: str) -> str:
        """Return the status of a run."""
        return self.http.get(f"/task-runs/{run_id}").json()["status"]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[SqliteApp]:
    app = SqliteApp(tmp_path / "polysync.db", PLATFORM, a_job(), Task(name="nap", job=a_job().name))
    with app.http:
        yield app
    app.database.close()


def test_requests_name_the_full_disk_and_succeed_when_there_is_space_again(app: SqliteApp) -> None:
    accepted = app.http.post("/tasks/nap/run").json()["runId"]
    app.fill_the_disk()

    refused = app.http.post("/tasks/nap/run", headers={"Idempotency-Key": "k"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.json()["detail"] == _FULL
    assert app.status(accepted) == "Queued"

    app.free_space()
    again = app.http.post("/tasks/nap/run", headers={"Idempotency-Key": "k"})
    assert again.status_code == 202
    listed = app.http.get("/task-runs").json()["items"]
    assert {each["runId"] for each in listed} == {accepted, again.json()["runId"]}


def test_a_running_attempt_goes_on_when_there_is_space_again(app: SqliteApp) -> None:
    run_id = app.http.post("/tasks/nap/run").json()["runId"]
    steps = app.services.attempt_steps
    steps.submit(RunId(run_id), 1, AttemptMemo())
    app.platform.reports = [RUNNING, SUCCESS, SUCCESS]
    app.fill_the_disk()

    steps.poll(RunId(run_id), 1, AttemptMemo())
    with pytest.raises(Unavailable, match="the disk is full"):
        steps.poll(RunId(run_id), 1, AttemptMemo())
    assert app.status(run_id) == "Running"

    app.free_space()
    steps.poll(RunId(run_id), 1, AttemptMemo())
    assert app.status(run_id) == "Succeeded"
    assert len(app.platform.orders) == 1
