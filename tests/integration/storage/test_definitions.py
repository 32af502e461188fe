"""Tests of the store of definitions with Azurite."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.changes.versions import Author, ChangeSource
from polysync_core.domain.definitions.document import Reference, read_definition, read_document
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.domain.errors import Conflict, Refused, StaleETag, Unavailable
from polysync_core.storage.definitions import TableDefinitions
from polysync_core.storage.rows import Row, RowRange
from polysync_core.storage.tables import Tables
from polysync_core.storage.versions import TableVersions
from tests.fakes.definitions import documents_of, editing_of, lakehouse
from tests.fakes.store_contract import StoreContract, a_calendar, save, save_lakehouse

pytestmark = pytest.mark.azurite

HOLIDAYS = Reference(Kind.CALENDAR, "holidays")
USER = {
    "name": "user",
    "job": "landing",
    "schedules": [{"name": "a", "cron": "@daily", "calendars": ["holidays"]}],
}


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(storage: Tables, clock: Clock) -> TableDefinitions:
    return TableDefinitions(storage, clock=clock)


class TestTableDefinitions(StoreContract):
    @pytest.fixture
    def store(self, storage: Tables) -> TableDefinitions:
        return TableDefinitions(storage)


def test_a_definition_with_a_pending_reference_cannot_be_deleted(
    store: TableDefinitions, clock: Clock
) -> None:
    """The writer has checked the target but not written yet, so a delete would dangle."""
    calendar = save(store, a_calendar())
    store.index_references(read_definition(Kind.TASK, USER))

    with pytest.raises(Conflict, match="tasks/user"):
        store.delete(calendar)

    clock.now += timedelta(minutes=2)
    again = store.get(*(HOLIDAYS.kind, HOLIDAYS.name))
    assert again is not None
    store.delete(again)
    assert store.get(HOLIDAYS.kind, HOLIDAYS.name) is None


def test_a_definition_that_is_being_deleted_is_hidden(
    storage: Tables, store: TableDefinitions, clock: Clock
) -> None:
    """An interrupted delete hides its row for only one minute."""
    save(store, a_calendar())
    rows = storage.table("Definitions")
    row = rows.get("calendars", "holidays")
    assert row is not None
    rows.merge(Row("calendars", "holidays", {"deletingSince": clock.now.isoformat()}, row.etag))

    assert store.get(HOLIDAYS.kind, HOLIDAYS.name) is None
    with pytest.raises(Unavailable):
        save(store, a_calendar())

    clock.now += timedelta(minutes=2)
    assert store.get(HOLIDAYS.kind, HOLIDAYS.name) is not None


def test_stale_reference_records_are_removed_when_they_are_read(
    storage: Tables, store: TableDefinitions, clock: Clock
) -> None:
    store.index_references(read_definition(Kind.TASK, USER))
    records = storage.table("References")
    assert len(list(records.rows(RowRange("calendars:holidays")))) == 1

    assert list(store.referrers(HOLIDAYS)) == []
    assert len(list(records.rows(RowRange("calendars:holidays")))) == 1
    clock.now += timedelta(minutes=2)
    assert list(store.referrers(HOLIDAYS)) == []
    assert list(records.rows(RowRange("calendars:holidays"))) == []


def test_a_refused_delete_leaves_the_definition_as_it_was(store: TableDefinitions) -> None:
    save_lakehouse(store)
    job = store.get(Kind.JOB, "landing")
    assert job is not None

    with pytest.raises(Conflict, match="tasks/landing-check") as caught:
        store.delete(job)

    assert [problem.path for problem in caught.value.problems] == ["tasks/landing-check"]
    again = store.get(Kind.JOB, "landing")
    assert again is not None
    assert (again.definition, again.updated_at) == (job.definition, job.updated_at)


def test_exactly_one_of_many_concurrent_writers_succeeds(store: TableDefinitions) -> None:
    first = save(store, a_calendar())

    def write(number: int) -> bool:
        try:
            save(store, a_calendar(date=f"2027-01-{number + 1:02}"), first)
        except StaleETag:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(write, range(8)))

    assert won.count(True) == 1
    stored = store.get(HOLIDAYS.kind, HOLIDAYS.name)
    assert stored is not None
    assert stored.definition == a_calendar(date=f"2027-01-{won.index(True) + 1:02}")


def test_a_concurrent_delete_and_reference_never_leave_a_dangling_reference(
    storage: Tables,
) -> None:
    store, rules = TableDefinitions(storage), Rules(development=True)
    documents_of(store, rules).apply(read_document(lakehouse(tasks=[])), engine=None)
    editing = editing_of(store, rules)

    def refer(number: int) -> bool:
        return _succeeds(
            lambda: editing.put(
                read_definition(Kind.TASK, USER | {"name": f"u{number}"}), engine=None
            )
        )

    def delete(_: int) -> bool:
        return _succeeds(lambda: editing.delete(HOLIDAYS, engine=None))

    with ThreadPoolExecutor(8) as threads:
        outcomes = [threads.submit((refer, delete)[n % 2], n) for n in range(12)]
        [each.result() for each in outcomes]

    tasks = editing.page(Kind.TASK, limit=100).items
    gone = not _succeeds(lambda: editing.get(HOLIDAYS.kind, HOLIDAYS.name))
    assert not (gone and tasks)


def _succeeds(call: Callable[[], object]) -> bool:
    try:
        call()
    except (Refused, Unavailable):
        return False
    return True


def test_versions_are_kept_continue_after_a_deletion_and_expire(
    storage: Tables, store: TableDefinitions, clock: Clock
) -> None:
    versions = TableVersions(storage)
    author = Author(name="ann", source=ChangeSource.DOCUMENT)
    stored = store.put(a_calendar(), replacing=None, author=author)
    changed = a_calendar().model_copy(update={"description": "changed"})
    stored = store.put(changed, replacing=stored)
    store.delete(stored)

    kept = versions.page(HOLIDAYS, limit=10).items
    assert [(each.number, each.author) for each in kept] == [(2, None), (1, author)]
    first = versions.get(HOLIDAYS, 1)
    assert first is not None
    assert first.definition == a_calendar()
    assert store.put(a_calendar(), replacing=None).version == 3
    clock.now += timedelta(days=1)
    assert versions.purge(clock.now, lambda: True) == 2
    assert versions.page(HOLIDAYS, limit=10).items == []
