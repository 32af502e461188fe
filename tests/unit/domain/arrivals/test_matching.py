"""Tests of the match between events and arrivals."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.arrivals.cloud_events import read_events
from polysync_core.domain.arrivals.definition import Arrival
from polysync_core.domain.arrivals.matching import accepts_source, refusal, source_buckets
from tests.fakes.events_of import ACCOUNT, blob_created, order_placed


def refused(arrival: dict[str, Any], event: dict[str, Any]) -> str | None:
    (read,) = read_events(event)
    return refusal(Arrival.model_validate({"name": "new", **arrival}), read)


@pytest.mark.parametrize(
    "arrival",
    [
        {"source": ACCOUNT},
        {"source": ACCOUNT.upper()},
        {"source": "lake"},
        {"source": ["other", "lake"]},
        {"source": {"suffix": "/lake"}},
        {"type": "Microsoft.Storage.BlobCreated"},
        {"prefix": "landing/orders/"},
        {"prefix": "/blobServices/default/containers/landing/"},
        {"suffix": ".csv"},
        {"source": "lake", "prefix": "landing/", "suffix": "/a.csv"},
        {"filter": {"data.api": ["PutBlob", "PutBlockList"]}},
        {"filter": {"data.contentLength": "30699"}},
        {"filter": {"data.url": {"prefix": "https://lake."}}},
    ],
)
def test_a_blob_that_meets_the_filter_is_accepted(arrival: dict[str, Any]) -> None:
    assert refused(arrival, blob_created("landing/orders/a.csv")) is None


@pytest.mark.parametrize(
    ("arrival", "reason"),
    [
        ({"source": "lake2"}, f"the source is '{ACCOUNT}', not 'lake2'"),
        ({"source": "providers"}, f"the source is '{ACCOUNT}', not 'providers'"),
        (
            {"type": ["a", "b"]},
            "type is 'Microsoft.Storage.BlobCreated', not 'a' or 'b'",
        ),
        ({"prefix": "orders/"}, "the path 'landing/a.CSV' does not begin with 'orders/'"),
        ({"suffix": ".csv"}, "the path 'landing/a.CSV' does not end with '.csv'"),
        ({"filter": {"region": "eu"}}, "the event has no region"),
        (
            {"filter": {"data.api": {"prefix": "Copy"}}},
            "data.api is 'PutBlockList', not a text that begins with 'Copy'",
        ),
    ],
)
def test_a_refusal_says_why(arrival: dict[str, Any], reason: str) -> None:
    assert refused(arrival, blob_created("landing/a.CSV")) == reason


def test_a_deleted_blob_is_no_arrival_unless_it_is_asked_for() -> None:
    deleted = blob_created(type="Microsoft.Storage.BlobDeleted")

    assert "which brings no file" in (refused({"source": "lake"}, deleted) or "")
    assert refused({"type": "Microsoft.Storage.BlobDeleted"}, deleted) is None


@pytest.mark.parametrize("api", ["CreateFile", "SftpCreate"])
def test_a_file_that_is_not_complete_is_no_arrival(api: str) -> None:
    begun = blob_created(api=api, contentLength=0)

    assert "not complete yet" in (refused({"source": "lake"}, begun) or "")
    assert refused({"source": "lake", "filter": {"data.api": api}}, begun) is None
    assert refused({"source": "lake"}, blob_created(api="FlushWithClose")) is None


def test_the_name_of_another_senders_path_is_no_storage_account() -> None:
    event = order_placed(source="https://shop.example/lake")

    assert refused({"source": "lake"}, event) is not None
    assert refused({"source": "https://shop.example/lake"}, event) is None
    assert refused({"source": "https://shop.example/LAKE"}, event) is not None


@pytest.mark.parametrize(
    "arrival", [{"source": "lake"}, {"source": ACCOUNT.upper()}, {"suffix": "v"}]
)
def test_an_arrival_is_found_by_the_source_of_its_events(arrival: dict[str, Any]) -> None:
    (event,) = read_events(blob_created())
    found = Arrival.model_validate({"name": "new", **arrival})

    assert accepts_source(found, event)
    assert source_buckets(found) & {None, "lake"}
