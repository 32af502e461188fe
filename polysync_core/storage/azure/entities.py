"""Between rows and what the SDK of Table Storage takes and gives."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from azure.core import MatchConditions
from azure.data.tables import EntityProperty, UpdateMode

from polysync_core.storage.azure.rows import Row, RowValue, check_key, check_size

MARK = "_w"
"""The property that holds the mark of the last write that must happen once."""
INT32 = range(-(2**31), 2**31)
"""Whole numbers that need no type beside them."""


class Change(StrEnum):
    """What an operation does to its row."""

    INSERT = "create"
    REPLACE = "replace"
    MERGE = "merge"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a transaction; `row.etag` is its condition, empty for none."""

    change: Change
    row: Row


def new_mark() -> str:
    """Return what tells our own write from everybody else's."""
    return secrets.token_hex(8)


def condition(operation: Operation) -> dict[str, Any]:
    """Return the SDK's keyword arguments that carry the condition and the mode."""
    options: dict[str, Any] = {}
    if operation.change is not Change.DELETE:
        merges = operation.change is Change.MERGE
        options["mode"] = UpdateMode.MERGE if merges else UpdateMode.REPLACE
    if operation.row.etag:
        options["etag"] = operation.row.etag
        options["match_condition"] = MatchConditions.IfNotModified
    return options


def entity_of(row: Row, *, mark: str | None) -> dict[str, Any]:
    """Return a row as the SDK takes it, with our mark where it has one."""
    check_size(row)
    entity: dict[str, Any] = {
        "PartitionKey": check_key(row.partition),
        "RowKey": check_key(row.key),
    }
    for name, value in row.values.items():
        wide = type(value) is int and value not in INT32
        entity[name] = (value, "Edm.Int64") if wide else value
    if mark is not None:
        entity[MARK] = mark
    return entity


def row_of(entity: Any) -> Row:
    """Return a row as the SDK read it."""
    values: dict[str, RowValue] = {}
    for name, value in entity.items():
        if name not in {"PartitionKey", "RowKey", MARK}:
            values[name] = value.value if isinstance(value, EntityProperty) else value
    return Row(entity["PartitionKey"], entity["RowKey"], values, entity.metadata["etag"])
