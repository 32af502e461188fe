"""Simulates Azure Table Storage in memory, with optional injected faults.

It passes the same tests as the emulator. Every call goes through `intercept`, where a test may
inject a fault before or after the execution.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.data.tables import TableEntity, UpdateMode

from polysync_core.storage.azure.batches import Part
from polysync_core.storage.azure.tables import AzureTable, AzureTables, Sleep

type Key = tuple[str, str]
type Intercept = Callable[["Call", Callable[[], Any]], Any]

_PART = re.compile(
    r"^(POST|PUT|PATCH|DELETE) (\S+) HTTP/1\.1\r\n((?:[^\r\n]+\r\n)*)\r\n([^\r\n]*)\r\n", re.M
)
_KEYS = re.compile(r"\(PartitionKey='(.*)',RowKey='(.*)'\)$")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the service. `guarded` is the row whose ETag it compares."""

    method: str
    table: str
    guarded: Key | None = None

    def __str__(self) -> str:
        return f"{self.method} on {self.table}"


@dataclass(slots=True)
class _Stored:
    values: dict[str, Any]
    etag: str


class TableService:
    """The tables of one storage account. They survive the processes that use them."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, _Stored]] = {}
        self.intercept: Intercept = lambda _, do: do()
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)

    def storage(self, *, sleep: Sleep = lambda _: None) -> AzureTables:
        """Return the storage of one process."""
        return _MemoryStorage(self, sleep)

    def touch(self, table: str, key: Key) -> None:
        """Change the ETag of a row, as another writer does."""
        if (found := self.tables.get(table, {}).get(key)) is not None:
            found.etag = self.new_etag()

    def new_etag(self) -> str:
        """Return a new ETag."""
        return f'W/"{next(self._numbers)}"'

    def call(self, call: Call, do: Callable[[], Any]) -> Any:
        """Execute a request atomically."""

        def locked() -> Any:
            with self._lock:
                return do()

        return self.intercept(call, locked)


class MemoryTableClient:
    """The methods of the SDK client that `AzureTable` uses."""

    def __init__(self, service: TableService, name: str) -> None:
        self._service = service
        self._name = name
        self.table_url = f"http://memory/{name}"

    def create_table(self) -> None:
        def do() -> None:
            if self._name in self._service.tables:
                raise _refusal(409, "TableAlreadyExists", ResourceExistsError)
            self._service.tables[self._name] = {}

        self._call("create_table", do)

    def delete_table(self) -> None:
        self._call("delete_table", lambda: self._service.tables.pop(self._name, None))

    def get_entity(self, partition: str, key: str) -> TableEntity:
        def do() -> TableEntity:
            found = self._rows().get((partition, key))
            if found is None:
                raise _refusal(404, "ResourceNotFound")
            return _entity((partition, key), found)

        return self._call("get_entity", do)

    def create_entity(self, entity: dict[str, Any]) -> dict[str, str]:
        return self._call("create_entity", lambda: self._insert(*_parts(entity)))

    def update_entity(
        self, entity: dict[str, Any], *, mode: UpdateMode, etag: str | None = None, **_: Any
    ) -> dict[str, str]:
        key, values = _parts(entity)
        merge = mode == UpdateMode.MERGE
        return self._call(
            "update_entity", lambda: self._update(key, values, etag or "*", merge=merge), key
        )

    def upsert_entity(self, entity: dict[str, Any], *, mode: UpdateMode) -> dict[str, str]:
        key, values = _parts(entity)
        merge = mode == UpdateMode.MERGE
        return self._call("upsert_entity", lambda: self._update(key, values, "", merge=merge))

    def delete_entity(self, partition: str, key: str, *, etag: str | None = None, **_: Any) -> None:
        def do() -> None:
            if (partition, key) in self._service.tables.get(self._name, {}):
                self._delete((partition, key), etag or "*")

        self._call("delete_entity", do, (partition, key) if etag else None)

    def query_entities(
        self, query: str, *, parameters: dict[str, str], results_per_page: int, select: Any = None
    ) -> _Query:
        return _Query(self, parameters, results_per_page)

    def send_batch(self, content_type: str, body: bytes) -> list[Part]:
        requests = [_request(match) for match in _PART.finditer(body.decode())]
        guarded = next((each.key for each in requests if each.etag not in {"", "*"}), None)
        return self._call("send_batch", lambda: self._batch(requests), guarded)

    def read_page(
        self, wanted: dict[str, str], size: int, position: dict[str, str] | None
    ) -> tuple[list[TableEntity], dict[str, str] | None]:
        """Return some rows in key order, and the continuation token of the rest."""

        def do() -> tuple[list[TableEntity], dict[str, str] | None]:
            if "first" in wanted:
                inside = sorted(
                    each
                    for each in self._rows().items()
                    if wanted["first"] <= each[0][0] < wanted["end"]
                )
                return [_entity(*each) for each in inside[:size]], None
            if "after" in wanted:
                behind = sorted(
                    each for each in self._rows().items() if each[0][0] > wanted["after"]
                )
                return [_entity(*each) for each in behind[:size]], None
            start = max(wanted.get("start", ""), position["RowKey"] if position else "")
            stop = wanted.get("stop")
            found = sorted(
                (key, stored)
                for key, stored in self._rows().items()
                if key[0] == wanted["partition"]
                and key[1] >= start
                and (stop is None or key[1] < stop)
            )
            rest = found[size : size + 1]
            token = {"PartitionKey": rest[0][0][0], "RowKey": rest[0][0][1]} if rest else None
            return [_entity(*each) for each in found[:size]], token

        return self._call("query_entities", do)

    def _batch(self, requests: list[_Request]) -> list[Part]:
        before = dict(self._service.tables.get(self._name, {}))
        try:
            answers = [self._execute(request) for request in requests]
        except HttpResponseError as error:
            if self._name in self._service.tables:
                self._service.tables[self._name] = before
            code = {"x-ms-error-code": str(error.error_code)}
            return [Part(error.status_code or 0, code)]
        return [Part(204, answer) for answer in answers]

    def _execute(self, request: _Request) -> dict[str, str]:
        match request.method:
            case "POST":
                return self._insert(request.key, request.values)
            case "DELETE":
                self._delete(request.key, request.etag)
                return {}
            case method:
                merge = method == "PATCH"
                return self._update(request.key, request.values, request.etag, merge=merge)

    def _insert(self, key: Key, values: dict[str, Any]) -> dict[str, str]:
        if key in self._rows():
            raise _refusal(409, "EntityAlreadyExists")
        return self._put(key, values)

    def _update(
        self, key: Key, values: dict[str, Any], etag: str, *, merge: bool
    ) -> dict[str, str]:
        found = self._rows().get(key)
        if etag:
            self._check(found, etag)
        return self._put(key, {**found.values, **values} if found and merge else values)

    def _delete(self, key: Key, etag: str) -> None:
        self._check(self._rows().get(key), etag)
        del self._rows()[key]

    def _check(self, found: _Stored | None, etag: str) -> None:
        if found is None:
            raise _refusal(404, "ResourceNotFound")
        if etag not in {"*", found.etag}:
            raise _refusal(412, "UpdateConditionNotSatisfied")

    def _put(self, key: Key, values: dict[str, Any]) -> dict[str, str]:
        # A new object each time, so that a copy of the table restores the old rows.
        self._rows()[key] = _Stored(values, etag := self._service.new_etag())
        return {"etag": etag}

    def _rows(self) -> dict[Key, _Stored]:
        try:
            return self._service.tables[self._name]
        except KeyError:
            raise _refusal(404, "TableNotFound") from None

    def _call(self, method: str, do: Callable[[], Any], guarded: Key | None = None) -> Any:
        return self._service.call(Call(method, self._name, guarded), do)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    key: Key
    values: dict[str, Any]
    etag: str


class _Query:
    def __init__(self, client: MemoryTableClient, wanted: dict[str, str], size: int) -> None:
        self._client, self._wanted, self._size = client, wanted, size

    def by_page(self, position: dict[str, str] | None) -> _Pages:
        return _Pages(lambda: self._client.read_page(self._wanted, self._size, position))


class _Pages:
    """An iterator over one page. The next page needs a new query with the token."""

    continuation_token: dict[str, str] | None = None

    def __init__(self, read: Callable[[], Any]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Iterator[TableEntity]:
        found, self.continuation_token = self._read()
        return iter(found)


class _MemoryClients:
    def __init__(self, service: TableService) -> None:
        self._service = service

    def client(self, name: str) -> Any:
        return MemoryTableClient(self._service, name)

    _open = client

    def close(self) -> None:
        """Do nothing, because no connection is open."""


class _MemoryStorage(AzureTables):
    def __init__(self, service: TableService, sleep: Sleep) -> None:
        self._clients: Any = _MemoryClients(service)
        self._prefix = ""
        self._sleep = sleep

    def table(self, name: str) -> AzureTable:
        return AzureTable(self._clients.client(name), name, sleep=self._sleep)


def _refusal(
    status: int, code: str, family: type[HttpResponseError] = HttpResponseError
) -> HttpResponseError:
    error = family(message=code)
    error.status_code = status
    error.error_code = code  # type: ignore[attr-defined]
    return error


def _parts(entity: dict[str, Any]) -> tuple[Key, dict[str, Any]]:
    values = {name: v[0] if isinstance(v, tuple) else v for name, v in entity.items()}
    return (values.pop("PartitionKey"), values.pop("RowKey")), values


def _entity(key: Key, stored: _Stored) -> TableEntity:
    entity = TableEntity({"PartitionKey": key[0], "RowKey": key[1], **stored.values})
    entity._metadata = {"etag": stored.etag}
    return entity


def _request(match: re.Match[str]) -> _Request:
    method, url, headers, content = match.groups()
    condition = re.search(r"^If-Match: (.*)\r$", headers, re.M)
    etag = condition[1] if condition else ""
    if not content:
        keys = _KEYS.search(unquote(url))
        assert keys is not None
        return _Request(method, (_plain(keys[1]), _plain(keys[2])), {}, etag)
    return _Request(method, *_parts(_typed(json.loads(content))), etag)


def _plain(key: str) -> str:
    return key.replace("''", "'")


def _typed(document: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Callable[[Any], Any]] = {
        "Edm.Int64": int,
        "Edm.Double": float,
        "Edm.Binary": base64.b64decode,
        "Edm.DateTime": datetime.fromisoformat,
    }
    return {
        name: read[document[f"{name}@odata.type"]](value)
        if f"{name}@odata.type" in document
        else value
        for name, value in document.items()
        if not name.endswith("@odata.type")
    }
