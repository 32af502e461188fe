"""Tests the data sets that the outputs of a run name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.lineage.storage_addresses import datasets_in


def named(**outputs: Any) -> list[tuple[str, str]]:
    return [(each.namespace, each.name) for each in datasets_in(outputs)]


@pytest.mark.parametrize(
    ("address", "namespace", "name"),
    [
        ("s3://lake/sales/2026", "s3://lake", "sales/2026"),
        ("s3a://lake/sales/", "s3://lake", "sales"),
        ("gs://acme-lake/a/b.parquet", "gs://acme-lake", "a/b.parquet"),
        (
            "abfss://gold@lake.dfs.core.windows.net/orders",
            "abfss://gold@lake.dfs.core.windows.net",
            "orders",
        ),
        (
            "wasb://raw@lake.blob.core.windows.net//x",
            "wasbs://raw@lake.blob.core.windows.net",
            "x",
        ),
        ("hdfs://namenode:8020/data", "hdfs://namenode:8020", "data"),
        ("bq://acme.sales.orders", "bigquery", "acme.sales.orders"),
        ("bq://example.com:acme.sales.orders", "bigquery", "example.com:acme.sales.orders"),
        ("s3://lake/x?X-Amz-Signature=secret#top", "s3://lake", "x"),
    ],
)
def test_the_address_of_a_store_is_a_data_set(address: str, namespace: str, name: str) -> None:
    assert named(path=address) == [(namespace, name)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s3://lake",
        "s3://lake/",
        "s3:///x",
        "https://lake.blob.core.windows.net/raw/x?sig=secret",
        "azureml://datastores/lake/paths/x",
        "see s3://lake/x",
        "s3://lake/x y",
        "bq://orders",
        "S3://lake/x",
        "s3://key:secret@lake/x",
    ],
)
def test_any_other_text_is_no_data_set(text: str) -> None:
    assert named(path=text) == []


def test_lists_are_read_and_repetitions_are_left_out() -> None:
    found = named(files=["s3://lake/a", "s3a://lake/a/", 7, None], rows=5, one={"path": "s3://x/y"})

    assert found == [("s3://lake", "a")]


@given(st.text(max_size=60))
def test_no_text_raises_and_no_name_holds_a_query(text: str) -> None:
    for namespace, name in named(a=f"s3://lake/{text}"):
        assert namespace == "s3://lake"
        assert "?" not in name and "#" not in name
