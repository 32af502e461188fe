"""The night of the example lakehouse runs as its description says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.document import read_document
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.strict_documents import read_yaml
from tests.fakes.definitions import FakeDefinitions, documents_of
from tests.fakes.scheduled import Scheduled
from tests.unit.examples.test_definitions import EXAMPLES, RULES

ONE = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def documents() -> list[Any]:
    folder = EXAMPLES / "lakehouse"
    files = ("definitions.yaml", "definitions-night.yaml")
    return [read_yaml((folder / name).read_bytes()) for name in files]


class Night(Scheduled):
    """The definitions of both documents, and the hours up to one o'clock."""

    def __init__(self) -> None:
        super().__init__()
        self.clock.now = ONE - 4 * HOUR
        for document in documents():
            self.app.define(*read_document(document).items)
        for task in ("hourly-orders", "daily-rates", "nightly-sales"):
            self.services.schedule_sync.sync(task)
        while self.clock.now < ONE:
            self.tick(minutes=30)

    def carry_all(self, task: str, status: RunStatus = RunStatus.SUCCEEDED) -> None:
        for run in self.made(RunStatus.QUEUED, task):
            self.carry(run, status, eur_rate=0.93)

    def only(self, task: str) -> TaskRun:
        (run,) = self.made(task=task)
        return run


def test_the_document_can_be_applied_without_a_warning() -> None:
    stored = FakeDefinitions()
    for document in documents():
        plan = documents_of(stored, RULES).apply(read_document(document), engine=None)
    assert list(plan.warnings) == []


def test_a_good_night_publishes_the_report_in_the_newest_rate() -> None:
    night = Night()
    night.carry_all("daily-rates")
    night.carry_all("hourly-orders")
    assert len(night.only("nightly-sales").parents) == 4
    night.carry_all("nightly-sales")
    assert night.only("nightly-report").parameters["eur_rate"] == 0.93
    night.carry_all("nightly-report")
    assert night.only("old-report").status is RunStatus.SKIPPED
    night.carry_all("nightly-totals")
    night.carry_all("nightly-tidy")
    assert night.only("nightly-tidy").status is RunStatus.SUCCEEDED


@pytest.mark.parametrize("missing", [False, True])
def test_a_bad_night_publishes_the_old_report_and_tidies(missing: bool) -> None:
    night = Night()
    night.carry_all("daily-rates")
    if missing:
        night.clock.advance(hours=2)
        night.services.dependent_notifier.execute_wait_limits(night.engine)
        night.notify(night.only("nightly-sales").run_id)
    else:
        night.carry_all("hourly-orders")
        night.carry_all("nightly-sales", RunStatus.FAILED)
    assert night.only("nightly-report").status is RunStatus.SKIPPED
    night.carry_all("old-report")
    night.carry_all("nightly-totals", RunStatus.FAILED)
    assert night.only("nightly-tidy").status is RunStatus.QUEUED
