"""Tests that messages for Teams are valid Adaptive Cards of a bounded size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.notifications.messages import Message
from polysync_core.outbound.receivers.teams import card_of, teams_body
from tests.unit.outbound.receivers.messages import HOSTILE, a_message, a_story, the_largest_message

MESSAGES = [
    a_message(),
    a_message(title=HOSTILE, text=HOSTILE),
    a_message(a_story(), a_story(platform_url=None), others=("a",)),
    the_largest_message(),
    the_largest_message("ü語🙂"),
]
ALLOWED: dict[str, set[str]] = {
    "AdaptiveCard": {"$schema", "type", "version", "fallbackText", "body", "actions"},
    "Container": {"type", "separator", "items"},
    "RichTextBlock": {"type", "spacing", "inlines"},
    "TextRun": {"type", "text", "weight", "size", "color", "isSubtle"},
    "Action.OpenUrl": {"type", "title", "url"},
}
"""The elements of version 1.4 that a card uses, with their properties; Teams knows all of them."""


def elements(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "type" in value:
            yield value
        for each in value.values():
            yield from elements(each)
    elif isinstance(value, list):
        for each in value:
            yield from elements(each)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_card_uses_only_elements_that_teams_knows(message: Message) -> None:
    card: Any = card_of(message)
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    for element in elements(card):
        assert element.keys() <= ALLOWED[element["type"]]
        if element["type"] == "TextRun":
            assert element["text"]
        if element["type"] == "Action.OpenUrl":
            assert element["url"].startswith("https://")


@pytest.mark.parametrize("message", MESSAGES)
def test_a_request_is_smaller_than_teams_allows(message: Message) -> None:
    body: Any = teams_body(message)
    assert body["type"] == "message"
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert len(json.dumps(body, ensure_ascii=False).encode()) < 28 * 1024


def test_texts_of_runs_are_only_in_elements_without_markdown() -> None:
    card: Any = card_of(a_message(a_story(subject=HOSTILE), a_story(), title=HOSTILE, text=HOSTILE))
    runs = [each for each in elements(card) if "evil.example" in str(each.get("text", ""))]
    assert {each["type"] for each in runs} == {"TextRun"}
