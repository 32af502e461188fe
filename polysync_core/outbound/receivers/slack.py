"""Formats a notification message as blocks of Slack's Block Kit.

https://api.slack.com/reference/block-kit/blocks: at most 50 blocks, 3,000 characters in a text
and 150 in a header. `&`, `<` and `>` are escaped, so that no text mentions people or adds a link.
"""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.notifications.messages import Message
from polysync_core.domain.notifications.notices import Story
from polysync_core.outbound.receivers.texts import one_line

_LONGEST_HEADER = 150
_LONGEST_TEXT = 3_000
_LONGEST_FACT = 500
_LONGEST_URL = 3_000


def slack_body(message: Message) -> JsonObject:
    """Return the body of a request to an incoming webhook."""
    title = one_line(message.title, _LONGEST_HEADER)
    return {"text": _escaped(title, _LONGEST_TEXT), "blocks": [*_blocks(message, title)]}


def _blocks(message: Message, title: str) -> Iterator[JsonValue]:
    """Yield at most 23 blocks, because a message has at most ten stories."""
    yield {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    if message.text:
        yield _section(one_line(message.text, 1_000))
    for story in message.stories:
        yield _story(story, has_headline=message.has_headlines)
        yield from _buttons(story)
    if message.others:
        yield _section(one_line(f"Also: {', '.join(message.others)}", 2_000))
    if message.console_url and len(message.stories) != 1:
        yield {"type": "actions", "elements": [_button("Open in Polysync", message.console_url)]}


def _story(story: Story, *, has_headline: bool) -> JsonObject:
    lines = [f"*{_escaped(one_line(story.headline, 200), 800)}*"] if has_headline else []
    lines += [
        f"*{label}:* {_escaped(one_line(text, _LONGEST_FACT), _LONGEST_FACT)}"
        for label, text in story.facts()
    ]
    text = "\n".join(lines)[:_LONGEST_TEXT]
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _section(text: str) -> JsonObject:
    content = {"type": "plain_text", "text": text, "emoji": False}
    return {"type": "section", "text": {**content}}


def _buttons(story: Story) -> Iterator[JsonValue]:
    links = [("Open in Polysync", story.console_url), ("Open on the platform", story.platform_url)]
    buttons: list[JsonValue] = [
        _button(text, url) for text, url in links if url and len(url) <= _LONGEST_URL
    ]
    if buttons:
        yield {"type": "actions", "elements": buttons}


def _button(text: str, url: str) -> JsonObject:
    return {"type": "button", "text": {"type": "plain_text", "text": text}, "url": url}


def _escaped(text: str, longest: int) -> str:
    """Return the text with the escapes of Slack, cut to whole escapes."""
    result: list[str] = []
    left = longest
    for character in text:
        escape = _ESCAPES.get(character, character)
        left -= len(escape)
        if left < 0:
            break
        result.append(escape)
    return "".join(result)


_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
