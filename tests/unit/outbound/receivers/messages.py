"""Messages with hostile and long texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from polysync_core.domain.notifications.kinds import NotificationKind
from polysync_core.domain.notifications.messages import Message
from polysync_core.domain.notifications.notices import Story

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = (
    "<!channel> & <https://evil.example|click> [x](https://evil.example) **b** <b>\r\nBcc: a@b.c"
)


def a_story(**changes: Any) -> Story:
    fields: dict[str, Any] = {
        "kind": NotificationKind.FAILED,
        "run_id": "rabc",
        "subject": "load",
        "platform": "lakehouse",
        "at": NOON,
        "why": f"Artefact: {HOSTILE}",
        "remedy": "Correct the artefact.",
        "upstream": ("landing-check",),
        "since": NOON,
        "tries": 3,
        "console_url": "https://polysync.example.com/console/runs/rabc",
        "platform_url": "https://adb.example.net/#job/1?x=<b>",
    }
    return Story(**{**fields, **changes})


def a_message(*stories: Story, **changes: Any) -> Message:
    fields: dict[str, Any] = {
        "id": "m1",
        "title": "load failed",
        "text": "",
        "at": NOON,
        "kind": "Failed",
        "stories": stories or (a_story(),),
        "total": len(stories) or 1,
        "console_url": "https://polysync.example.com/console/runs",
    }
    return Message(**{**fields, **changes})


def the_largest_message(characters: str = "<&>") -> Message:
    """Return a message in which every text is as long as it may be."""
    long = characters * 2_000
    link = "https://x.example/" + "a" * 1_900
    stories = [
        a_story(
            subject="a" * 63,
            why=long,
            upstream=("b" * 63,) * 5,
            console_url=link,
            platform_url=link,
        )
        for _ in range(10)
    ]
    names = tuple(f"{number:063}" for number in range(40))
    return a_message(*stories, title=long, text=long, others=names, total=500)
