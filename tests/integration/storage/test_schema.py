"""The schema version of the tables: a newer one is refused, an older one is raised."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from polysync_core.domain.errors import Unavailable
from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.schema import SchemaCheck
from polysync_core.storage.azure.tables import AzureTables
from polysync_core.storage.rows import Row
from tests.fakes.tables import TableService

type Open = Callable[[int], AzureTables]


@pytest.fixture
def version(azurite: StorageConnection) -> Iterator[Open]:
    """Return a function that opens the same tables, as a version of the product does."""
    prefix = f"t{uuid.uuid4().hex[:12]}"
    opened: list[AzureTables] = []

    def open_tables(schema_version: int) -> AzureTables:
        opened.append(AzureTables(azurite, prefix=prefix, schema_version=schema_version))
        return opened[-1]

    yield open_tables
    for each in opened:
        each.close()


def test_a_former_version_neither_reads_nor_writes_newer_tables(version: Open) -> None:
    version(1).table("Runs").insert(Row("p", "first", {"n": 1}))
    newer = version(2).table("Runs")
    found = newer.get("p", "first")
    assert found is not None

    former = version(1).table("Runs")
    for call in (
        lambda: former.get("p", "first"),
        lambda: former.insert(Row("p", "second", {"n": 2})),
        lambda: former.delete("p", "first"),
        lambda: former.next_partition(""),
    ):
        with pytest.raises(Unavailable, match=r"schema version 2.* up to 1: deploy the version"):
            call()
    assert newer.get("p", "first") == found
    assert newer.get("p", "second") is None


def test_the_same_version_reads_and_writes_after_a_restart(version: Open) -> None:
    version(1).table("Runs").insert(Row("p", "first", {"n": 1}))
    assert version(1).table("Runs").get("p", "first") is not None


def test_processes_that_start_together_agree_on_an_empty_store() -> None:
    tables = TableService().storage()
    checks = [SchemaCheck(tables.table("Schema"), version=1) for _ in range(8)]
    with ThreadPoolExecutor(len(checks)) as threads:
        list(threads.map(SchemaCheck.require, checks))
    with pytest.raises(Unavailable):
        SchemaCheck(tables.table("Schema"), version=0).require()


def test_the_version_is_read_once_in_the_life_of_a_process() -> None:
    service = TableService()
    tables = service.storage()
    calls: list[str] = []
    service.intercept = lambda call, do: (calls.append(call.method), do())[1]
    check = SchemaCheck(tables.table("Schema"), version=1)
    check.require()
    before = len(calls)
    check.require()
    assert len(calls) == before > 0


@pytest.mark.parametrize("value", ["1", 2, -1.5])
def test_a_value_that_is_no_known_version_is_refused(value: str | float) -> None:
    tables = TableService().storage()
    tables.table("Schema").insert(Row("schema", "schema", {"version": value}))
    with pytest.raises(Unavailable, match="schema version"):
        SchemaCheck(tables.table("Schema"), version=1).require()
