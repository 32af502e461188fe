"""The contract of `Table`, with the emulator, with the fake and with SQLite."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from polysync_core.domain.errors import Broken, StaleETag, TooLarge
from polysync_core.storage.row_text import join_text, split_text
from polysync_core.storage.rows import Change, Operation, Row, RowExists, RowRange, RowValue
from polysync_core.storage.tables import Table, Tables

pytestmark = pytest.mark.azurite


@pytest.fixture
def table(storage: Tables) -> Table:
    return storage.table("rows")


VALUES: dict[str, RowValue] = {
    "text": "Zoë \U0001f680 'quoted' \r\n--x\r\nHTTP/1.1 500 No",
    "small": 7,
    "negative": -(2**31),
    "large": 2**40,
    "share": 0.25,
    "whole": 2.0,
    "yes": True,
    "raw": b"\x00\xff",
    "at": datetime(2026, 3, 29, 1, 2, 3, 456789, tzinfo=UTC),
}


@pytest.mark.parametrize("key", ["plain", "it's", "a b", "100%25", "caf\u00e9", "x(1)=y,z:&+~|"])
def test_a_row_is_read_as_it_was_written(table: Table, key: str) -> None:
    etag = table.insert(Row(key, key, VALUES))
    assert table.get(key, key) == Row(key, key, VALUES, etag)

    (etag,) = table.transact([Operation(Change.REPLACE, Row(key, key, VALUES, etag))])
    assert table.get(key, key) == Row(key, key, VALUES, etag)

    (etag,) = table.transact([Operation(Change.MERGE, Row(key, key, {"small": 8}, etag))])
    assert table.get(key, key) == Row(key, key, VALUES | {"small": 8}, etag)

    assert table.transact([Operation(Change.DELETE, Row(key, key, {}, etag))]) == [""]
    assert table.get(key, key) is None


def test_a_transaction_without_etags_writes_unconditionally(table: Table) -> None:
    for change in (Change.REPLACE, Change.MERGE, Change.DELETE):
        table.transact([Operation(change, Row("p", "k", {"a": 1}))])
    assert table.get("p", "k") is None


def test_a_transaction_may_have_100_operations(table: Table) -> None:
    rows = [Row("p", f"{number:03}", VALUES) for number in range(100)]

    etags = table.transact([Operation(Change.INSERT, row) for row in rows])

    assert [row.etag for row in table.rows(RowRange("p"))] == etags
    with pytest.raises(Broken):
        table.transact([Operation(Change.DELETE, row) for row in [*rows, rows[0]]])


def test_a_missing_row_is_none_even_without_a_table(table: Table) -> None:
    assert table.get("p", "k") is None
    assert list(table.rows(RowRange("p"))) == []
    table.delete("p", "k")


def test_many_rows_are_read_in_the_order_of_their_keys(table: Table) -> None:
    keys = [(f"p{number % 7}", f"it's {number:03}") for number in range(230)]
    for key in keys:
        table.upsert(Row(*key, {"number": int(key[1][-3:])}))
    wanted = [*reversed(keys), ("p0", "absent"), keys[3]]

    found = list(table.get_many(iter(wanted)))

    assert [(row.partition, row.key) for row in found] == [*reversed(keys), keys[3]]
    assert found[-1] == table.get(*keys[3])


def test_many_rows_without_a_table_are_none(table: Table) -> None:
    assert list(table.get_many([("p", "k"), ("q", "k")])) == []
    assert list(table.get_many([])) == []


def test_an_existing_key_is_reported(table: Table) -> None:
    table.insert(Row("p", "k", {"a": 1}))

    with pytest.raises(RowExists):
        table.insert(Row("p", "k", {"a": 1}))


def test_the_second_of_two_writers_with_the_same_etag_is_stale(table: Table) -> None:
    etag = table.insert(Row("p", "k", {"a": 1}))
    table.replace(Row("p", "k", {"a": 2}, etag))

    with pytest.raises(StaleETag):
        table.replace(Row("p", "k", {"a": 3}, etag))
    with pytest.raises(StaleETag):
        table.merge(Row("p", "k", {"b": 3}, etag))
    with pytest.raises(StaleETag):
        table.delete("p", "k", etag=etag)
    assert (found := table.get("p", "k"))
    assert found.values["a"] == 2


def test_replacing_a_deleted_row_is_stale(table: Table) -> None:
    etag = table.insert(Row("p", "k", {"a": 1}))
    table.delete("p", "k", etag=etag)

    with pytest.raises(StaleETag):
        table.replace(Row("p", "k", {"a": 2}, etag))


def test_a_merge_keeps_the_other_properties(table: Table) -> None:
    etag = table.insert(Row("p", "k", {"a": 1, "b": 1}))
    table.merge(Row("p", "k", {"b": 2}, etag))

    assert (found := table.get("p", "k"))
    assert (found.values["a"], found.values["b"]) == (1, 2)


def test_pages_have_no_gap_and_no_overlap(table: Table) -> None:
    table.transact([Operation(Change.INSERT, Row("p", f"{n:03}", {})) for n in range(25)])
    table.insert(Row("q", "000", {}))
    seen: list[str] = []
    token = None
    while True:
        page = table.page(RowRange("p", "002", "020"), limit=7, token=token)
        seen += [row.key for row in page.rows]
        if (token := page.token) is None:
            break

    assert seen == [f"{n:03}" for n in range(2, 20)]


def test_a_value_cannot_become_part_of_the_query(table: Table) -> None:
    table.insert(Row("p", "k", {}))

    assert list(table.rows(RowRange("x' or PartitionKey ne '"))) == []


def test_a_transaction_is_all_or_nothing(table: Table) -> None:
    etag = table.insert(Row("p", "old", {"a": 1}))
    with pytest.raises(RowExists):
        table.transact(
            [
                Operation(Change.INSERT, Row("p", "new", {})),
                Operation(Change.INSERT, Row("p", "old", {})),
            ]
        )
    assert table.get("p", "new") is None

    etags = table.transact(
        [
            Operation(Change.INSERT, Row("p", "new", {})),
            Operation(Change.MERGE, Row("p", "old", {"b": 2}, etag)),
        ]
    )

    assert etags == [row.etag for row in table.rows(RowRange("p"))]
    with pytest.raises(StaleETag):
        table.transact([Operation(Change.DELETE, Row("p", "old", {}, etag))])


def test_a_long_text_is_stored_in_several_properties(table: Table) -> None:
    text = "🚀a" * 60_000
    table.insert(Row("p", "k", split_text("json", text)))

    assert (found := table.get("p", "k"))
    assert join_text("json", found.values) == text


def test_a_row_beyond_the_limits_of_azure_is_refused_before_it_is_sent(table: Table) -> None:
    with pytest.raises(TooLarge):
        table.insert(Row("p", "k", {"a": "x" * 32_768}))
    with pytest.raises(TooLarge):
        table.insert(Row("p", "k", {f"a{n}": "x" * 32_000 for n in range(17)}))
