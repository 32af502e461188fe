"""Tests of poison messages in Table Storage."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.domain.poison import PoisonMessage
from polysync_core.storage.operations.poison import TablePoison
from polysync_core.storage.tables import Tables
from tests.fakes.builders import NOON

pytestmark = pytest.mark.azurite


def a_message(number: int, payload: str = "p") -> PoisonMessage:
    at = NOON + timedelta(minutes=number)
    return PoisonMessage(
        id=f"m/{number}", queue="deliveries", at=at, reason="It failed.", payload=payload
    )


def test_messages_are_listed_newest_first_page_by_page(storage: Tables) -> None:
    store = TablePoison(storage)
    messages = [a_message(number) for number in range(5)]
    for message in messages:
        store.put(message)
    store.put(messages[2])  # recorded twice, kept once
    first = store.page(limit=3)
    rest = store.page(limit=3, token=first.continuation_token)
    assert [*first.items, *rest.items] == messages[::-1]
    assert rest.continuation_token is None


def test_a_payload_of_any_content_is_read_back(storage: Tables) -> None:
    store = TablePoison(storage)
    message = a_message(1, payload="\u00fc\U0001f600\ufffd\n<>&" * 2_000)
    store.put(message)
    assert store.page(limit=1).items == [message]


def test_a_list_without_messages_is_empty(storage: Tables) -> None:
    assert TablePoison(storage).page(limit=10).items == []
