"""Forgetting what is old, in Table Storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from polysync_core.domain.audit import AuditEntry
from polysync_core.domain.poison import PoisonMessage
from polysync_core.domain.runs.identity import new_run_id
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.stored import ActiveRun, Listing
from polysync_core.storage.audit import TableAudit
from polysync_core.storage.azure.rows import Row, RowRange
from polysync_core.storage.azure.tables import TableStorage
from polysync_core.storage.gates import TableGates
from polysync_core.storage.old_runs import OldRuns
from polysync_core.storage.poison import TablePoison
from polysync_core.storage.purging import delete_batch
from polysync_core.storage.runs import TableRuns
from tests.fakes.builders import NOON, a_run
from tests.integration.storage.test_gates import token

pytestmark = pytest.mark.azurite

OLD = datetime(2025, 10, 15, 12, tzinfo=UTC)
BEFORE = datetime(2025, 12, 5, tzinfo=UTC)
"""Up to here all is to be forgotten."""
DAY = timedelta(days=1)


def always() -> bool:
    return True


def for_rounds(count: int) -> Callable[[], bool]:
    """Have time for so many questions."""
    left = iter(range(count))
    return lambda: next(left, None) is not None


class Shelf:
    """The stored runs and the one who forgets them."""

    def __init__(self, storage: TableStorage) -> None:
        self.storage = storage
        self.runs = TableRuns(storage)

    def forget(self, more: Callable[[], bool] = always) -> int:
        # Each day another process does it.
        return OldRuns(self.storage, TableRuns(self.storage)).purge(BEFORE, more)

    def add(
        self,
        queued_at: datetime = OLD,
        *,
        status: RunStatus = RunStatus.SUCCEEDED,
        finished_at: datetime | None = None,
        settled: bool = True,
        shard: str = "main",
        task: str = "sales-load-daily",
    ) -> TaskRun:
        run_id = new_run_id()
        run = a_run(
            run_id=run_id,
            graph_run_id=run_id,
            queued_at=queued_at,
            status=status,
            finished_at=finished_at or queued_at,
            shard=shard,
            task=task,
        )
        self.runs.index_active(run)
        assert self.runs.insert(run) is not None
        if settled:
            self.runs.deactivate(run)
        return run

    def listed(self) -> list[TaskRun]:
        return list(self.runs.page(Listing(limit=100)).items)

    def months(self) -> int:
        return len(list(self.storage.table("RunIndex").rows(RowRange("parts"))))


@pytest.fixture
def shelf(storage: TableStorage) -> Shelf:
    return Shelf(storage)


def test_runs_of_a_month_that_has_passed_go_with_all_their_lists(shelf: Shelf) -> None:
    gone = [shelf.add(OLD + number * DAY) for number in range(3)]
    other_shard = shelf.add(shard="other")
    kept = shelf.add(NOON)
    assert shelf.forget() == 4
    assert shelf.listed() == [kept]
    assert list(shelf.runs.get_many(run.run_id for run in [*gone, other_shard])) == []
    assert shelf.months() == 1
    assert shelf.storage.table("RunIndex202510").next_partition("") is None
    assert shelf.forget() == 0


def test_runs_of_jobs_without_a_task_go_as_well(shelf: Shelf) -> None:
    gone, kept = shelf.add(task=None), shelf.add(NOON, task=None)
    shelf.add(task=None, status=RunStatus.RUNNING, settled=False, shard="other")
    assert shelf.forget() == 1
    assert shelf.runs.get(gone.run_id) is None
    listed = list(shelf.runs.page(Listing(job=kept.job.name, limit=9)).items)
    assert len(listed) == 2
    assert shelf.months() == 3, "the month is kept for what is active in it"


def test_the_month_in_which_the_period_ends_is_left_alone(shelf: Shelf) -> None:
    kept = shelf.add(BEFORE - DAY)
    assert shelf.forget() == 0
    assert shelf.listed() == [kept]


def test_what_is_active_or_entry_or_ended_since_stays_with_its_month(shelf: Shelf) -> None:
    running = shelf.add(status=RunStatus.RUNNING, settled=False)
    untold = shelf.add(settled=False)
    long = shelf.add(finished_at=BEFORE + DAY)
    shelf.add()
    assert shelf.forget() == 1
    assert {run.run_id for run in shelf.listed()} == {
        each.run_id for each in (running, untold, long)
    }
    assert {entry.run_id for entry in shelf.runs.active_runs()} == {running.run_id, untold.run_id}

    shelf.runs.deactivate(untold)
    shelf.runs.deactivate(replace(running, status=RunStatus.FAILED))
    stored = shelf.runs.get(running.run_id)
    assert stored is not None
    shelf.runs.save(stored, replace(running, status=RunStatus.FAILED))
    assert shelf.forget() == 2
    assert shelf.listed() == [long]


def test_a_walk_that_ends_early_is_gone_on_with(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polysync_core.storage.old_runs.MAX_OPERATIONS", 2)
    for number in range(5):
        shelf.add(OLD + number * DAY)
    assert shelf.forget(for_rounds(1)) == 2
    assert len(shelf.listed()) == 3
    assert shelf.forget() == 3
    assert shelf.months() == 0


def test_a_crash_between_row_and_listing_is_made_good(shelf: Shelf) -> None:
    run = shelf.add()
    stored = shelf.runs.get(run.run_id)
    assert stored is not None
    shelf.runs.delete(stored)
    assert shelf.forget() == 0
    assert shelf.months() == 0


def test_a_second_announcement_does_not_take_the_run_with_it(shelf: Shelf) -> None:
    run = shelf.add(NOON)
    first = replace(run, queued_at=OLD)
    shelf.runs.index_active(first)
    shelf.runs.deactivate(first)
    assert shelf.forget() == 0
    assert shelf.listed() == [run]
    assert shelf.months() == 1


def test_an_announcement_that_waits_for_its_run_keeps_its_month(shelf: Shelf) -> None:
    run = a_run(queued_at=OLD)
    shelf.runs.index_active(run)
    assert shelf.forget() == 0
    assert shelf.months() == 1
    entry = next(iter(shelf.runs.active_runs()))
    assert isinstance(entry, ActiveRun)
    shelf.runs.remove_from_index(entry)
    shelf.forget()
    assert shelf.months() == 0


def test_a_run_that_cannot_be_read_stays(shelf: Shelf) -> None:
    run = shelf.add()
    shelf.storage.table("Runs").upsert(Row(run.run_id, run.run_id, {"document": "{}"}))
    assert shelf.forget() == 0
    assert shelf.months() == 1
    assert shelf.storage.table("Runs").get(run.run_id, run.run_id) is not None


def test_marks_of_old_outcomes_go_and_tokens_stay(storage: TableStorage) -> None:
    gates = TableGates(storage)
    for task in ("a", "b"):
        for number in (0, 1, 3600):
            gates.deliver(task, token(number))
    before = gates.read("b")

    assert gates.delete_deduplication_rows(NOON + timedelta(minutes=1), always) == 4

    assert gates.read("b") == before
    for number in (0, 1, 3600):
        gates.deliver("b", token(number))
    assert gates.read("b") == before, "a token that is there is not put in again"
    assert gates.delete_deduplication_rows(NOON + timedelta(minutes=1), for_rounds(0)) == 0


def test_whole_days_of_the_audit_go(storage: TableStorage) -> None:
    audit = TableAudit(storage)
    entry = AuditEntry(
        id="1" * 32, at=BEFORE, actor="a", object_id=None, method="PUT", path="/", status=200
    )
    for days in range(-3, 2):
        audit.put(replace(entry, at=BEFORE + days * DAY + timedelta(hours=1)))

    assert audit.purge(BEFORE + timedelta(hours=7), always) == 3

    kept = [len(audit.page((BEFORE + days * DAY).date(), limit=9).items) for days in range(-3, 2)]
    assert kept == [0, 0, 0, 1, 1]


def test_old_messages_go(storage: TableStorage) -> None:
    poison = TablePoison(storage)
    for days in range(4):
        message = PoisonMessage(
            id=str(days), queue="q", at=NOON + days * DAY, reason="bad", payload="x"
        )
        poison.put(message)

    assert poison.purge(NOON + 2 * DAY, always) == 2

    assert [each.id for each in poison.page(limit=9).items] == ["3", "2"]


def test_there_may_be_nothing_yet(storage: TableStorage) -> None:
    assert OldRuns(storage, TableRuns(storage)).purge(BEFORE, always) == 0
    assert TableGates(storage).delete_deduplication_rows(BEFORE, always) == 0
    assert TableAudit(storage).forget(BEFORE, always) == 0
    assert TablePoison(storage).forget(BEFORE, always) == 0


def test_rows_that_somebody_else_deleted_keep_no_others(storage: TableStorage) -> None:
    table = storage.table("Some")
    rows = [Row("p", f"{number:03}", {}) for number in range(250)]
    for row in rows[:5]:
        table.insert(row)
    table.delete("p", "001")
    delete_batch(table, rows)
    assert list(table.rows(RowRange("p"))) == []
