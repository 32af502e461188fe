"""Defines rows, key ranges and operations of tables, and checks keys and sizes."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from polysync_core.domain.continuation import decode_position, encode_position
from polysync_core.domain.errors import Broken, Conflict, Malformed, TooLarge
from polysync_core.storage.row_text import UNITS_PER_PROPERTY, utf16_units

type RowValue = str | int | float | bool | bytes | datetime

MAX_OPERATIONS = 100
"""The maximum number of operations in one transaction."""

MAX_ENTITY_BYTES = 1024 * 1024
_CHECK_FROM = 200_000
"""Rows with less text than this in total cannot reach the limit of an entity."""
_FORBIDDEN_IN_KEY = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")
_MAX_KEY = 512
_TOKEN_PART = re.compile(r"[^\x00-\x1f\x7f-\x9f]{0,2048}")
"""Azure may encode a key in its continuation."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: two keys, values, and the ETag of its read (empty if new)."""

    partition: str
    key: str
    values: Mapping[str, RowValue]
    etag: str = ""

    def text(self, name: str) -> str:
        """Return a text value. Raises `Broken` for any other value."""
        value = self.values.get(name)
        if not isinstance(value, str):
            raise Broken(f"the stored row has no text '{name}'")
        return value


@dataclass(frozen=True, slots=True)
class RowRange:
    """The rows of one partition whose keys lie from `start` (inclusive) to `stop` (exclusive)."""

    partition: str
    start: str | None = None
    stop: str | None = None

    @classmethod
    def prefixed(cls, partition: str, prefix: str) -> RowRange:
        """Return the rows whose keys begin with an ASCII prefix."""
        return cls(partition, prefix, end_of_prefix(prefix))

    def filter(self) -> tuple[str, dict[str, str]]:
        """Return a parametrised query and its parameters, which prevents injection."""
        query, values = "PartitionKey eq @partition", {"partition": self.partition}
        if self.start is not None:
            query, values["start"] = f"{query} and RowKey ge @start", self.start
        if self.stop is not None:
            query, values["stop"] = f"{query} and RowKey lt @stop", self.stop
        return query, values


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows in key order, and the continuation token of the rest, if any."""

    rows: tuple[Row, ...]
    token: str | None


class Change(StrEnum):
    """The kind of change that an operation makes to its row."""

    INSERT = "create"
    REPLACE = "replace"
    MERGE = "merge"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a transaction; a non-empty `row.etag` is its condition."""

    change: Change
    row: Row


class RowExists(Conflict):
    """A row with this key exists already."""


def new_fingerprint() -> str:
    """Return a random value that identifies one write."""
    return secrets.token_hex(8)


def end_of_prefix(prefix: str) -> str:
    """Return the first key after all keys that begin with an ASCII prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def hashed_key(*parts: str) -> str:
    """Return a key of 32 hexadecimal digits that is unique for each list of texts."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def check_key(key: str) -> str:
    """Return a valid key. Raises `Broken` otherwise, because the app itself builds keys.

    https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
    """
    if len(key) > _MAX_KEY or _FORBIDDEN_IN_KEY.search(key):
        raise Broken("a table key is too long or holds a character that is not allowed")
    return key


def check_size(row: Row) -> None:
    """Raise `TooLarge` for a row beyond the limits of Azure, which the emulator ignores."""
    texts = [value for value in row.values.values() if isinstance(value, str)]
    if sum(map(len, texts)) < UNITS_PER_PROPERTY // 2:
        return
    if any(utf16_units(text) > UNITS_PER_PROPERTY for text in texts):
        raise TooLarge("a stored text is longer than 32,767 characters")
    if sum(map(len, texts)) >= _CHECK_FROM and _entity_bytes(row) > MAX_ENTITY_BYTES:
        raise TooLarge("a stored row is larger than 1 MiB")


def _entity_bytes(row: Row) -> int:
    size = 4 + 2 * (utf16_units(row.partition) + utf16_units(row.key))
    for name, value in row.values.items():
        match value:
            case str():
                content = 4 + 2 * utf16_units(value)
            case bytes():
                content = 4 + len(value)
            case _:
                content = 8
        size += 8 + 2 * len(name) + content
    return size


def encode_token(
    table: str, rows: RowRange, position: Mapping[str, str | None] | None
) -> str | None:
    """Return the continuation token for a position in a range of a table."""
    if not position:
        return None
    parts = (position.get("PartitionKey"), position.get("RowKey"))
    return encode_position(_listing(table, rows), parts)


def decode_token(table: str, rows: RowRange, token: str | None) -> dict[str, str | None] | None:
    """Decode a token of `encode_token`. Raises `Malformed` for any other text."""
    if token is None:
        return None
    position = decode_position(_listing(table, rows), token, part=_TOKEN_PART)
    # A position of another length has the form of no table.
    partition, key = position if len(position) == 2 else (None, None)
    if partition is None:
        raise Malformed.at("continuationToken", "use the token of an earlier answer unchanged")
    return {"PartitionKey": partition, "RowKey": key}


def _listing(table: str, rows: RowRange) -> tuple[str | None, ...]:
    return (table, rows.partition, rows.start, rows.stop)
