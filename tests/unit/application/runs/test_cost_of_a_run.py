"""Counts the storage operations and queue messages of one whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.identity import RunId
from polysync_core.settings import Settings
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.builders import a_job
from tests.fakes.platform import RUNNING, SUCCESS
from tests.fakes.tables import Call
from tests.unit.application.runs.attempt_bench import PLATFORM


class CountedApp(FakeApp):
    """An app whose storage counts its requests by table and method."""

    def __init__(self, settings: Settings | None = None) -> None:
        nap = Task(name="nap", job=a_job().name)
        super().__init__(PLATFORM, a_job(), nap, settings=settings)
        # A first run fills the caches and creates the tables.
        self.requests: Counter[str] = Counter()
        self.platform.reports = [SUCCESS]
        self.run()
        self.tables.intercept = self._count

    def run(self, *, polls: int = 1) -> None:
        """Request a run by HTTP, submit it, and poll it to its end."""
        run_id = RunId(self.http.post("/tasks/nap/run", json={}).json()["runId"])
        self.submit(run_id)
        self.platform.reports = [*[RUNNING] * (polls - 1), SUCCESS]
        for _ in range(polls):
            self.poll(run_id)

    def submit(self, run_id: RunId) -> None:
        self.services.attempt_steps.submit(run_id, 1, AttemptMemo())

    def poll(self, run_id: RunId) -> None:
        self.services.attempt_steps.poll(run_id, 1, AttemptMemo())

    def count(self, do: Callable[[], Any]) -> Counter[str]:
        """Return the storage requests of an action."""
        self.requests = Counter()
        do()
        return self.requests

    def _count(self, call: Call, do: Callable[[], Any]) -> Any:
        self.requests[str(call)] += 1
        return do()


@pytest.fixture
def app() -> CountedApp:
    return CountedApp()


ACCEPTANCE = {
    "upsert_entity on Audit": 1,
    "get_entity on Definitions": 2,
    "send_batch on RunIndex202603": 1,
    "create_entity on Runs": 1,
}
"""The audit entry, the reads of Task and Job, the index entries and the row."""
SUBMIT = {"update_entity on Runs": 2}
"""The write before the request, and the write of its answer."""
END = {"update_entity on Runs": 1, "send_batch on RunIndex202603": 1}


def test_a_run_whose_steps_are_in_one_process(app: CountedApp) -> None:
    assert app.count(app.run) == Counter(ACCEPTANCE) + Counter(SUBMIT) + Counter(END)
    assert app.count(app.run).total() == 9


def test_a_poll_that_finds_the_run_under_way_costs_one_read(app: CountedApp) -> None:
    once, often = app.count(app.run), app.count(lambda: app.run(polls=5))
    assert often - once == {"get_entity on Runs": 4}


def test_each_step_in_a_process_of_its_own_costs_one_read_more(app: CountedApp) -> None:
    def runs(step: Callable[[], object]) -> dict[str, int]:
        app.restart()
        return {name: count for name, count in app.count(step).items() if name.endswith(" Runs")}

    run_id = RunId(app.http.post("/tasks/nap/run", json={}).json()["runId"])
    app.platform.reports = [SUCCESS]
    read = {"get_entity on Runs": 1}
    assert runs(lambda: app.submit(run_id)) == read | {"update_entity on Runs": 2}
    assert runs(lambda: app.poll(run_id)) == read | {"update_entity on Runs": 1}


def test_no_message_is_sent_for_a_run_without_consumers(app: CountedApp) -> None:
    app.run(polls=3)
    assert {name for name, queue in app.queues.items() if queue.sent} == set()


def test_a_message_for_each_event_is_sent_to_a_consumer() -> None:
    app = CountedApp(settings_of(POLYSYNC_RUN_EVENTS_QUEUE="run-events"))
    sent = app.queue("run-events").sent
    sent.clear()
    app.run(polls=3)
    assert len(sent) == 3
