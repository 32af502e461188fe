"""Tests that messages for Slack are escaped and within the limits of Block Kit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.notifications.messages import Message
from polysync_core.outbound.receivers.slack import slack_body
from tests.unit.outbound.receivers.messages import (
    HOSTILE,
    a_message,
    a_story,
    the_largest_message,
)


def texts_of(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every text object."""
    if isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "plain_text"}:
            yield value
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)


@pytest.mark.parametrize(
    "message",
    [
        a_message(),
        a_message(title=HOSTILE, text=HOSTILE),
        a_message(a_story(), a_story(), others=("a", "b")),
        the_largest_message(),
    ],
)
def test_a_message_keeps_the_limits_of_block_kit(message: Message) -> None:
    body: Any = slack_body(message)
    assert 1 <= len(body["blocks"]) <= 50
    for block in body["blocks"]:
        match block["type"]:
            case "header":
                assert len(block["text"]["text"]) <= 150
            case "section":
                assert 1 <= len(block["text"]["text"]) <= 3000
            case "actions":
                assert 1 <= len(block["elements"]) <= 25
                for button in block["elements"]:
                    assert len(button["text"]["text"]) <= 75
                    assert len(button["url"]) <= 3000
            case other:
                raise AssertionError(other)


def test_no_text_mentions_people_or_makes_a_link() -> None:
    body: Any = slack_body(a_message(a_story(subject=HOSTILE), a_story(), title=HOSTILE))
    marked = [each["text"] for each in texts_of(body) if each["type"] == "mrkdwn"]
    assert marked
    for text in [*marked, body["text"]]:
        assert "<" not in text
        assert ">" not in text
        assert "&amp; &lt;https" in text or "evil" not in text


def test_a_cut_text_ends_with_a_whole_escape() -> None:
    body: Any = slack_body(the_largest_message())
    for each in texts_of(body):
        if each["type"] == "mrkdwn":
            rest = each["text"].replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")
            assert "&" not in rest
