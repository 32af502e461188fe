"""Tables against Azurite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from polysync_core.domain.errors import Broken, StaleETag, TooLarge, Unavailable, Uncertain
from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.entities import Change, Operation
from polysync_core.storage.azure.failures import RowExists
from polysync_core.storage.azure.row_text import join_text, split_text
from polysync_core.storage.azure.rows import Row, RowRange, RowValue
from polysync_core.storage.azure.tables import Table, TableStorage

pytestmark = pytest.mark.azurite


@pytest.fixture
def table(storage: TableStorage) -> Table:
    return storage.table("rows")


class Saboteur:
    """Stands before a client's method and spoils some calls, before or after they are done."""

    def __init__(self, table: Table, method: str) -> None:
        self._client: Any = table._client
        self._method = method
        self._original: Callable[..., Any] = getattr(self._client, method)
        self._spoilt: list[str] = []
        self.calls = 0

    def spoil(self, *how: str) -> Saboteur:
        self._spoilt = list(how)
        setattr(self._client, self._method, self)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        how = self._spoilt.pop(0) if self._spoilt else "none"
        if how == "not sent":
            raise ServiceRequestError("refused")
        answer = self._original(*args, **kwargs) if how in {"none", "answer lost"} else None
        if how != "none":
            raise ServiceResponseError("cut")
        return answer


@pytest.fixture
def patient_table(storage: TableStorage) -> Table:
    """A table of its own client that does not sleep between attempts."""
    return Table(storage._clients._open("Patient" + storage._prefix), sleep=lambda _: None)


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
def test_a_row_comes_back_as_it_was_written(table: Table, key: str) -> None:
    etag = table.insert(Row(key, key, VALUES))
    assert table.get(key, key) == Row(key, key, VALUES, etag)

    (etag,) = table.transact([Operation(Change.REPLACE, Row(key, key, VALUES, etag))])
    assert table.get(key, key) == Row(key, key, VALUES, etag)

    (etag,) = table.transact([Operation(Change.MERGE, Row(key, key, {"small": 8}, etag))])
    assert table.get(key, key) == Row(key, key, VALUES | {"small": 8}, etag)

    assert table.transact([Operation(Change.DELETE, Row(key, key, {}, etag))]) == [""]
    assert table.get(key, key) is None


def test_a_transaction_without_etags_writes_whatever_was_there(table: Table) -> None:
    for change in (Change.REPLACE, Change.MERGE, Change.DELETE):
        table.transact([Operation(change, Row("p", "k", {"a": 1}))])
    assert table.get("p", "k") is None


def test_the_most_operations_of_one_transaction_arrive(table: Table) -> None:
    rows = [Row("p", f"{number:03}", VALUES) for number in range(100)]

    etags = table.transact([Operation(Change.INSERT, row) for row in rows])

    assert [row.etag for row in table.rows(RowRange("p"))] == etags
    with pytest.raises(Broken):
        table.transact([Operation(Change.DELETE, row) for row in [*rows, rows[0]]])


def test_reading_what_is_not_there_is_none_even_without_a_table(table: Table) -> None:
    assert table.get("p", "k") is None
    assert list(table.rows(RowRange("p"))) == []
    table.delete("p", "k")


def test_a_taken_key_is_told_apart(table: Table) -> None:
    table.insert(Row("p", "k", {"a": 1}))

    with pytest.raises(RowExists):
        table.insert(Row("p", "k", {"a": 1}))


def test_of_two_writers_with_the_same_etag_one_loses(table: Table) -> None:
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


def test_replacing_what_was_deleted_is_stale(table: Table) -> None:
    etag = table.insert(Row("p", "k", {"a": 1}))
    table.delete("p", "k", etag=etag)

    with pytest.raises(StaleETag):
        table.replace(Row("p", "k", {"a": 2}, etag))


def test_merge_keeps_what_it_does_not_name(table: Table) -> None:
    etag = table.insert(Row("p", "k", {"a": 1, "b": 1}))
    table.merge(Row("p", "k", {"b": 2}, etag))

    assert (found := table.get("p", "k"))
    assert (found.values["a"], found.values["b"]) == (1, 2)


def test_pages_follow_each_other_without_gap_or_overlap(table: Table) -> None:
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


def test_a_long_text_fits_as_several_properties(table: Table) -> None:
    text = "🚀a" * 60_000
    table.insert(Row("p", "k", split_text("json", text)))

    assert (found := table.get("p", "k"))
    assert join_text("json", found.values) == text


def test_what_azure_would_refuse_is_refused_before_it_is_sent(table: Table) -> None:
    with pytest.raises(TooLarge):
        table.insert(Row("p", "k", {"a": "x" * 32_768}))
    with pytest.raises(TooLarge):
        table.insert(Row("p", "k", {f"a{n}": "x" * 32_000 for n in range(17)}))


@pytest.mark.parametrize("loss", ["answer lost", "lost before it was done", "not sent"])
def test_an_insert_whose_answer_is_lost_happens_once(patient_table: Table, loss: str) -> None:
    sabotage = Saboteur(patient_table, "create_entity").spoil(loss)

    etag = patient_table.insert(Row("p", "k", {"a": 1}))

    assert sabotage.calls >= 2
    assert (found := patient_table.get("p", "k"))
    assert (found.values["a"], found.etag) == (1, etag)


def test_a_lost_insert_is_not_taken_for_somebody_elses(patient_table: Table) -> None:
    patient_table.insert(Row("p", "k", {"a": 1}))
    Saboteur(patient_table, "create_entity").spoil("lost before it was done")

    with pytest.raises(RowExists):
        patient_table.insert(Row("p", "k", {"a": 1}))


def test_a_replace_whose_answer_is_lost_is_not_stale(patient_table: Table) -> None:
    etag = patient_table.insert(Row("p", "k", {"a": 1}))
    Saboteur(patient_table, "update_entity").spoil("answer lost")

    after = patient_table.replace(Row("p", "k", {"a": 2}, etag))

    assert (found := patient_table.get("p", "k"))
    assert (found.values["a"], found.etag) == (2, after)


def test_a_transaction_whose_answer_is_lost_happens_once(patient_table: Table) -> None:
    patient_table.insert(Row("p", "first", {}))
    Saboteur(patient_table, "send_batch").spoil("answer lost")

    etags = patient_table.transact(
        [Operation(Change.INSERT, Row("p", key, {})) for key in ("a", "b")]
    )

    assert [row.etag for row in patient_table.rows(RowRange("p", "a", "c"))] == etags


def test_storage_that_stays_silent_leaves_a_write_uncertain(patient_table: Table) -> None:
    Saboteur(patient_table, "create_entity").spoil(*["lost before it was done"] * 9)

    with pytest.raises(Uncertain):
        patient_table.insert(Row("p", "k", {}))


def test_storage_that_cannot_be_reached_is_unavailable() -> None:
    connection = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
        "TableEndpoint=http://127.0.0.1:9/a"
    )
    nobody = TableStorage(StorageConnection(connection_string=connection), sleep=lambda _: None)

    with pytest.raises(Unavailable):
        nobody.table("rows").get("p", "k")
    with pytest.raises(Unavailable):
        nobody.table("rows").insert(Row("p", "k", {}))
    nobody.close()
