"""Writes to Table Storage whose answers are lost, on the emulator and the fake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from polysync_core.domain.errors import Unavailable, Uncertain
from polysync_core.storage.azure.connection import StorageConnection
from polysync_core.storage.azure.tables import AzureTable, AzureTables
from polysync_core.storage.rows import Change, Operation, Row, RowExists, RowRange

pytestmark = pytest.mark.azurite


class FaultInjector:
    """Replaces a method of a client, and makes some calls fail before or after execution."""

    def __init__(self, table: AzureTable, method: str) -> None:
        self._client: Any = table._client
        self._method = method
        self._original: Callable[..., Any] = getattr(self._client, method)
        self._faults: list[str] = []
        self.calls = 0

    def inject(self, *faults: str) -> FaultInjector:
        self._faults = list(faults)
        setattr(self._client, self._method, self)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        fault = self._faults.pop(0) if self._faults else "none"
        if fault == "not sent":
            raise ServiceRequestError("refused")
        answer = self._original(*args, **kwargs) if fault in {"none", "answer lost"} else None
        if fault != "none":
            raise ServiceResponseError("cut")
        return answer


@pytest.fixture
def fast_table(azure_storage: AzureTables) -> AzureTable:
    """A table with its own client, which does not sleep between attempts."""
    return AzureTable(
        azure_storage._clients._open("Fast" + azure_storage._prefix), "Fast", sleep=lambda _: None
    )


@pytest.mark.parametrize("loss", ["answer lost", "lost before execution", "not sent"])
def test_an_insert_with_a_lost_answer_is_executed_once(fast_table: AzureTable, loss: str) -> None:
    injector = FaultInjector(fast_table, "create_entity").inject(loss)

    etag = fast_table.insert(Row("p", "k", {"a": 1}))

    assert injector.calls >= 2
    assert (found := fast_table.get("p", "k"))
    assert (found.values["a"], found.etag) == (1, etag)


def test_a_lost_insert_is_not_mistaken_for_that_of_another_writer(fast_table: AzureTable) -> None:
    fast_table.insert(Row("p", "k", {"a": 1}))
    FaultInjector(fast_table, "create_entity").inject("lost before execution")

    with pytest.raises(RowExists):
        fast_table.insert(Row("p", "k", {"a": 1}))


def test_a_replace_with_a_lost_answer_is_not_stale(fast_table: AzureTable) -> None:
    etag = fast_table.insert(Row("p", "k", {"a": 1}))
    FaultInjector(fast_table, "update_entity").inject("answer lost")

    after = fast_table.replace(Row("p", "k", {"a": 2}, etag))

    assert (found := fast_table.get("p", "k"))
    assert (found.values["a"], found.etag) == (2, after)


def test_a_transaction_with_a_lost_answer_is_executed_once(fast_table: AzureTable) -> None:
    fast_table.insert(Row("p", "first", {}))
    FaultInjector(fast_table, "send_batch").inject("answer lost")

    etags = fast_table.transact([Operation(Change.INSERT, Row("p", key, {})) for key in ("a", "b")])

    assert [row.etag for row in fast_table.rows(RowRange("p", "a", "c"))] == etags


def test_a_write_without_any_answer_is_uncertain(fast_table: AzureTable) -> None:
    FaultInjector(fast_table, "create_entity").inject(*["lost before execution"] * 9)

    with pytest.raises(Uncertain):
        fast_table.insert(Row("p", "k", {}))


def test_unreachable_storage_is_unavailable() -> None:
    connection = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;"
        "TableEndpoint=http://127.0.0.1:9/a"
    )
    unreachable = AzureTables(StorageConnection(connection_string=connection), sleep=lambda _: None)

    with pytest.raises(Unavailable):
        unreachable.table("rows").get("p", "k")
    with pytest.raises(Unavailable):
        unreachable.table("rows").insert(Row("p", "k", {}))
    unreachable.close()
