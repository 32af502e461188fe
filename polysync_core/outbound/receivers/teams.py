"""Formats a notification message as an Adaptive Card for Microsoft Teams.

Texts of runs are in `TextRun` elements, because Teams reads no Markdown in them.
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
"""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.notifications.messages import Message
from polysync_core.domain.notifications.notices import Story
from polysync_core.outbound.receivers.texts import one_line

_MAX_STORIES = 5
"""The stories of one card; Teams refuses a message of more than 28 KB."""
_LONGEST = 600
_COLOURS = {"Failed": "Attention", "Late": "Warning", "Recovered": "Good"}


def teams_body(message: Message) -> JsonObject:
    """Return the body of a request to the trigger of a workflow."""
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card_of(message),
            }
        ],
    }


def card_of(message: Message) -> JsonObject:
    """Return the Adaptive Card of a message."""
    card: JsonObject = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": one_line(message.title, 200),
        "body": [*_body(message)],
    }
    actions = [*_actions(message)]
    if actions:
        card["actions"] = actions
    return card


def _body(message: Message) -> Iterator[JsonValue]:
    yield _text(
        one_line(message.title, 200),
        weight="Bolder",
        size="Large",
        color=_COLOURS.get(message.kind, "Default"),
    )
    if message.text:
        yield _text(one_line(message.text, 1_000))
    for story in message.stories[:_MAX_STORIES]:
        yield _story(story, has_headline=message.has_headlines)
    names = [each.subject for each in message.stories[_MAX_STORIES:]]
    others = dict.fromkeys([*names, *message.others])
    if others:
        yield _text(one_line(f"Also: {', '.join(others)}", 1_000), isSubtle=True)


def _story(story: Story, *, has_headline: bool) -> JsonObject:
    lines: list[JsonValue] = []
    if has_headline:
        lines.append(_text(one_line(story.headline, 200), weight="Bolder"))
    lines += [_fact(label, one_line(text, _LONGEST)) for label, text in story.facts()]
    return {"type": "Container", "separator": True, "items": lines}


def _fact(label: str, text: str) -> JsonObject:
    return {
        "type": "RichTextBlock",
        "spacing": "Small",
        "inlines": [
            {"type": "TextRun", "text": f"{label}: ", "weight": "Bolder"},
            {"type": "TextRun", "text": text},
        ],
    }


def _text(text: str, **style: JsonValue) -> JsonObject:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _actions(message: Message) -> Iterator[JsonValue]:
    first = message.stories[0] if len(message.stories) == 1 else None
    links = [
        ("Open in Polysync", first.console_url if first else message.console_url),
        ("Open on the platform", first.platform_url if first else None),
    ]
    for title, url in links:
        if url is not None:
            yield {"type": "Action.OpenUrl", "title": title, "url": url}
