"""Finds data sets by the storage addresses in the outputs of a run.

https://openlineage.io/docs/spec/naming defines the namespace and the name for each store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.lineage.datasets import ResolvedDataset

_STORES = frozenset({"s3", "gs", "abfss", "wasbs", "hdfs"})
_LONGEST = 2_000
_SCHEMES = {"s3a": "s3", "abfs": "abfss", "wasb": "wasbs"}
"""Schemes of one store with several spellings."""


def datasets_in(outputs: Mapping[str, JsonValue]) -> list[ResolvedDataset]:
    """Return the data sets whose addresses are outputs, or entries of a list."""
    found: dict[ResolvedDataset, None] = {}
    for text in _texts(outputs):
        dataset = _dataset(text)
        if dataset is not None:
            found[dataset] = None
    return list(found)


def _texts(outputs: Mapping[str, JsonValue]) -> Iterator[str]:
    for value in outputs.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each


def _dataset(text: str) -> ResolvedDataset | None:
    """Return the data set of an address; its query may hold a key and is left out."""
    address = text.partition("?")[0].partition("#")[0]
    scheme, separator, rest = address.partition("://")
    if not separator or len(address) > _LONGEST or any(map(str.isspace, address)):
        return None
    if scheme == "bq":
        return ResolvedDataset(namespace="bigquery", name=rest) if "." in rest else None
    scheme = _SCHEMES.get(scheme, scheme)
    store, _, path = rest.partition("/")
    name = path.strip("/")
    # A user name with a password is no part of a store's name.
    if scheme not in _STORES or not store or not name or ":" in store.rpartition("@")[0]:
        return None
    return ResolvedDataset(namespace=f"{scheme}://{store}", name=name)
