"""The deletion of old data, in Table Storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from polysync_core.domain.poison import PoisonMessage
from polysync_core.domain.runs.identity import new_run_id
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.stored import ActiveRun
from polysync_core.domain.security.audit import AuditEntry
from polysync_core.storage.dependencies.gates import TableGates
from polysync_core.storage.operations.audit import TableAudit
from polysync_core.storage.operations.poison import TablePoison
from polysync_core.storage.operations.purging import delete_batch
from polysync_core.storage.rows import Row, RowRange
from polysync_core.storage.runs.purge import ExpiredRuns
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.tables import Tables
from tests.fakes.builders import NOON, a_run
from tests.integration.storage.test_gates import token

pytestmark = pytest.mark.azurite

OLD = datetime(2025, 10, 15, 12, tzinfo=UTC)
BEFORE = datetime(2025, 12, 5, tzinfo=UTC)
"""Older data must be deleted."""
DAY = timedelta(days=1)


def always() -> bool:
    return True


def for_rounds(count: int) -> Callable[[], bool]:
    """Return a condition that is true for this number of calls."""
    left = iter(range(count))
    return lambda: next(left, None) is not None


class RunArchive:
    """The stored runs, and their deletion."""

    def __init__(self, storage: Tables) -> None:
        self.storage = storage
        self.runs = TableRuns(storage)

    def purge(self, more: Callable[[], bool] = always) -> int:
        # A new store each time, because each day another process deletes.
        return ExpiredRuns(self.storage, TableRuns(self.storage)).purge(BEFORE, more)

    def add(
        self,
        queued_at: datetime = OLD,
        *,
        status: RunStatus = RunStatus.SUCCEEDED,
        finished_at: datetime | None = None,
        deactivated: bool = True,
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
        if deactivated:
            self.runs.deactivate(run)
        return run

    def listed(self) -> list[TaskRun]:
        return list(self.runs.page(Listing(limit=100)).items)

    def months(self) -> int:
        return len(list(self.storage.table("RunIndex").rows(RowRange("parts"))))


@pytest.fixture
def archive(storage: Tables) -> RunArchive:
    return RunArchive(storage)


def test_the_runs_of_an_old_month_are_deleted_with_their_index(archive: RunArchive) -> None:
    gone = [archive.add(OLD + number * DAY) for number in range(3)]
    other_shard = archive.add(shard="other")
    kept = archive.add(NOON)
    assert archive.purge() == 4
    assert archive.listed() == [kept]
    assert list(archive.runs.get_many(run.run_id for run in [*gone, other_shard])) == []
    assert archive.months() == 1
    assert archive.storage.table("RunIndex202510").next_partition("") is None
    assert archive.purge() == 0


def test_old_job_runs_are_deleted_too(archive: RunArchive) -> None:
    gone, kept = archive.add(task=None), archive.add(NOON, task=None)
    archive.add(task=None, status=RunStatus.RUNNING, deactivated=False, shard="other")
    assert archive.purge() == 1
    assert archive.runs.get(gone.run_id) is None
    listed = list(archive.runs.page(Listing(job=kept.job.name, without_task=True, limit=9)).items)
    assert len(listed) == 2
    assert archive.months() == 3, "an active run keeps its month"


def test_the_month_in_which_the_retention_period_begins_is_kept(archive: RunArchive) -> None:
    kept = archive.add(BEFORE - DAY)
    assert archive.purge() == 0
    assert archive.listed() == [kept]


def test_active_and_recently_ended_runs_keep_their_month(archive: RunArchive) -> None:
    running = archive.add(status=RunStatus.RUNNING, deactivated=False)
    active_entry = archive.add(deactivated=False)
    long = archive.add(finished_at=BEFORE + DAY)
    archive.add()
    assert archive.purge() == 1
    assert {run.run_id for run in archive.listed()} == {
        each.run_id for each in (running, active_entry, long)
    }
    assert {entry.run_id for entry in archive.runs.active_runs()} == {
        running.run_id,
        active_entry.run_id,
    }

    archive.runs.deactivate(active_entry)
    archive.runs.deactivate(replace(running, status=RunStatus.FAILED))
    stored = archive.runs.get(running.run_id)
    assert stored is not None
    archive.runs.save(stored, replace(running, status=RunStatus.FAILED))
    assert archive.purge() == 2
    assert archive.listed() == [long]


def test_an_interrupted_deletion_is_continued(
    archive: RunArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polysync_core.storage.runs.purge.MAX_OPERATIONS", 2)
    for number in range(5):
        archive.add(OLD + number * DAY)
    assert archive.purge(for_rounds(1)) == 2
    assert len(archive.listed()) == 3
    assert archive.purge() == 3
    assert archive.months() == 0


def test_a_crash_between_row_and_index_is_repaired(archive: RunArchive) -> None:
    run = archive.add()
    stored = archive.runs.get(run.run_id)
    assert stored is not None
    archive.runs.delete(stored)
    assert archive.purge() == 0
    assert archive.months() == 0


def test_a_second_index_entry_does_not_delete_the_run(archive: RunArchive) -> None:
    run = archive.add(NOON)
    first = replace(run, queued_at=OLD)
    archive.runs.index_active(first)
    archive.runs.deactivate(first)
    assert archive.purge() == 0
    assert archive.listed() == [run]
    assert archive.months() == 1


def test_an_index_entry_without_its_run_keeps_its_month(archive: RunArchive) -> None:
    run = a_run(queued_at=OLD)
    archive.runs.index_active(run)
    assert archive.purge() == 0
    assert archive.months() == 1
    entry = next(iter(archive.runs.active_runs()))
    assert isinstance(entry, ActiveRun)
    archive.runs.remove_from_index(entry)
    archive.purge()
    assert archive.months() == 0


def test_an_unreadable_run_is_kept(archive: RunArchive) -> None:
    run = archive.add()
    archive.storage.table("Runs").upsert(Row(run.run_id, run.run_id, {"document": "{}"}))
    assert archive.purge() == 0
    assert archive.months() == 1
    assert archive.storage.table("Runs").get(run.run_id, run.run_id) is not None


def test_old_deduplication_rows_are_deleted_and_tokens_are_kept(storage: Tables) -> None:
    gates = TableGates(storage)
    for task in ("a", "b"):
        for number in (0, 1, 3600):
            gates.deliver(task, token(number))
    before = gates.read("b")

    assert gates.delete_deduplication_rows(NOON + timedelta(minutes=1), always) == 4

    assert gates.read("b") == before
    for number in (0, 1, 3600):
        gates.deliver("b", token(number))
    assert gates.read("b") == before, "a stored token is not stored again"
    assert gates.delete_deduplication_rows(NOON + timedelta(minutes=1), for_rounds(0)) == 0


def test_old_audit_entries_are_deleted_by_day(storage: Tables) -> None:
    audit = TableAudit(storage)
    entry = AuditEntry(
        id="1" * 32, at=BEFORE, actor="a", object_id=None, method="PUT", path="/", status=200
    )
    for days in range(-3, 2):
        audit.put(replace(entry, at=BEFORE + days * DAY + timedelta(hours=1)))

    assert audit.purge(BEFORE + timedelta(hours=7), always) == 3

    kept = [len(audit.page((BEFORE + days * DAY).date(), limit=9).items) for days in range(-3, 2)]
    assert kept == [0, 0, 0, 1, 1]


def test_old_poison_messages_are_deleted(storage: Tables) -> None:
    poison = TablePoison(storage)
    for days in range(4):
        message = PoisonMessage(
            id=str(days), queue="q", at=NOON + days * DAY, reason="bad", payload="x"
        )
        poison.put(message)

    assert poison.purge(NOON + 2 * DAY, always) == 2

    assert [each.id for each in poison.page(limit=9).items] == ["3", "2"]


def test_a_deletion_without_any_table_does_nothing(storage: Tables) -> None:
    assert ExpiredRuns(storage, TableRuns(storage)).purge(BEFORE, always) == 0
    assert TableGates(storage).delete_deduplication_rows(BEFORE, always) == 0
    assert TableAudit(storage).purge(BEFORE, always) == 0
    assert TablePoison(storage).purge(BEFORE, always) == 0


def test_rows_that_are_deleted_already_do_not_stop_the_deletion_of_others(
    storage: Tables,
) -> None:
    table = storage.table("Some")
    rows = [Row("p", f"{number:03}", {}) for number in range(250)]
    for row in rows[:5]:
        table.insert(row)
    table.delete("p", "001")
    delete_batch(table, rows)
    assert list(table.rows(RowRange("p"))) == []
