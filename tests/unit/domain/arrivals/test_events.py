"""Tests of events: how they are read, and what makes two of them the same."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.arrivals.cloud_events import is_event, read_events, validation_code
from polysync_core.domain.arrivals.event import Event
from polysync_core.domain.errors import Invalid
from tests.fakes.builders import problems_of
from tests.fakes.events_of import ACCOUNT, blob_created, in_event_grid_schema, order_placed


def read(document: Any) -> Event:
    (event,) = read_events(document)
    return event


def test_a_blob_event_has_its_path_and_its_data() -> None:
    event = read(blob_created("landing/orders/a.csv"))

    assert event.path == "landing/orders/a.csv"
    assert event.fact("data.contentLength") == 30699
    assert event.fact("data.storageDiagnostics.batchId") == "681fe319-3006-00a8-0022-9e7cde000000"
    assert event.fact("time") == "2019-11-18T15:13:39.458925Z"


def test_a_subject_without_a_leading_slash_has_the_same_path() -> None:
    subject = "blobServices/default/containers/lake/blobs/a/b.csv"

    assert read(blob_created(subject=subject)).path == "lake/a/b.csv"


def test_the_schema_of_event_grid_means_the_same() -> None:
    event = blob_created()

    assert read([in_event_grid_schema(event)]) == read(event)
    assert is_event([in_event_grid_schema(event)])


def test_extensions_are_facts() -> None:
    event = read(order_placed(count=3, urgent=True))

    assert event.fact("extensions.comexampleregion") == "eu"
    assert (event.fact("count"), event.fact("urgent")) == ("3", "true")
    assert event.fact("data.items.0.sku") == "x1"
    assert event.fact("data.items.7.sku") is None
    assert event.fact("data.total.x") is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (blob_created(id="1"), blob_created(id="2")),
        (blob_created(id="1"), blob_created(id="1", sequencer="000000000000000000000000000000ff")),
        (blob_created(), in_event_grid_schema(blob_created())),
        (blob_created(eTag='"0x8D"'), blob_created(eTag="0x8D")),
        (order_placed(), order_placed(time="2026-01-01T00:00:00Z", data=None)),
    ],
)
def test_deliveries_of_one_version_have_one_key(first: Any, second: Any) -> None:
    assert read(first).key == read(second).key


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (blob_created(eTag="0x1"), blob_created(eTag="0x2")),
        (blob_created("a/b"), blob_created("a/c")),
        (blob_created(), blob_created(source=f"{ACCOUNT}2")),
        (blob_created(eTag=None, sequencer="1"), blob_created(eTag=None, sequencer="2")),
        (order_placed(id="1"), order_placed(id="2")),
        (order_placed(), order_placed(source="other")),
    ],
)
def test_other_versions_have_other_keys(first: Any, second: Any) -> None:
    assert read(first).key != read(second).key


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"source": None}, "source"),
        ({"type": "x" * 2049}, "type"),
        ({"subject": ""}, "subject"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-01-01T00:00:00"}, "time"),
        ({"time": "0001-01-01T00:00:00Z"}, "time"),
        ({"data_base64": "AA=="}, "data_base64"),
        ({"Upper": "x"}, "Upper"),
        ({"nested": {"a": 1}}, "nested"),
        ({"long": "x" * 2049}, "long"),
    ],
)
def test_a_wrong_attribute_is_named(change: dict[str, Any], path: str) -> None:
    problems = problems_of(lambda: read_events([order_placed(), order_placed(**change)]))

    assert [each.path for each in problems] == [f"[1].{path}"]


def test_an_attribute_that_is_null_is_not_set() -> None:
    assert read(order_placed(subject=None, time=None)).subject is None


@pytest.mark.parametrize("document", ["x", 7, None, [], ["x"], {}, {"task": "daily"}])
def test_other_documents_are_no_events(document: Any) -> None:
    assert not is_event(document)


def test_data_that_is_too_large_is_not_kept() -> None:
    event = read(order_placed(data="x" * 20_000))

    assert event.data is None
    assert event.data_not_kept == "it has 20,002 bytes, more than 16,384"


def test_binary_data_is_not_kept() -> None:
    event = order_placed(data=None, data_base64="AA==")

    assert read(event).data_not_kept == "it is binary"


def test_the_credentials_of_links_are_not_kept() -> None:
    signed = "https://lake.blob.core.windows.net/a/b.csv?sv=2024&sig=c2VjcmV0c2VjcmV0"
    event = read(order_placed(source=signed, data={"links": [signed]}))

    assert "c2VjcmV0" not in str(event)
    assert "a/b.csv?sv=2024" in str(event.data)


def test_many_events_need_several_requests() -> None:
    with pytest.raises(Invalid, match="at most 1,000"):
        read_events([order_placed()] * 1001)


def test_the_check_of_a_new_subscription_has_a_code() -> None:
    check = {
        "id": "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
        "topic": "/subscriptions/xxxxxxxx",
        "subject": "",
        "data": {"validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"},
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": "2022-10-12T19:38:42.0000000Z",
    }

    assert validation_code([check]) == "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
    assert validation_code([in_event_grid_schema(blob_created())]) is None
    assert validation_code(order_placed()) is None
