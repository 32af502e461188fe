"""Converts table rows to and from the entities of the Azure Table Storage SDK."""

from __future__ import annotations

from typing import Any

from azure.core import MatchConditions
from azure.data.tables import EntityProperty, UpdateMode

from polysync_core.storage.rows import Change, Operation, Row, RowValue, check_key, check_size

FINGERPRINT = "_w"
"""The property with the fingerprint of the last exactly-once write."""
INT32 = range(-(2**31), 2**31)
"""The integers that need no explicit type."""


def condition(operation: Operation) -> dict[str, Any]:
    """Return the SDK's keyword arguments for the condition and the update mode."""
    options: dict[str, Any] = {}
    if operation.change is not Change.DELETE:
        merges = operation.change is Change.MERGE
        options["mode"] = UpdateMode.MERGE if merges else UpdateMode.REPLACE
    if operation.row.etag:
        options["etag"] = operation.row.etag
        options["match_condition"] = MatchConditions.IfNotModified
    return options


def entity_of(row: Row, *, fingerprint: str | None) -> dict[str, Any]:
    """Return a row as an SDK entity, with a fingerprint if one is given."""
    check_size(row)
    entity: dict[str, Any] = {
        "PartitionKey": check_key(row.partition),
        "RowKey": check_key(row.key),
    }
    for name, value in row.values.items():
        wide = type(value) is int and value not in INT32
        entity[name] = (value, "Edm.Int64") if wide else value
    if fingerprint is not None:
        entity[FINGERPRINT] = fingerprint
    return entity


def row_of(entity: Any) -> Row:
    """Return the row of an SDK entity."""
    values: dict[str, RowValue] = {}
    for name, value in entity.items():
        if name not in {"PartitionKey", "RowKey", FINGERPRINT}:
            values[name] = value.value if isinstance(value, EntityProperty) else value
    return Row(entity["PartitionKey"], entity["RowKey"], values, entity.metadata["etag"])
