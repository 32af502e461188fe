"""Composes the notification message about one run, about many runs, or as a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.clock import rfc3339
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.notifications.notices import Notice, Story, clock_text

SUMMARY = "Summary"
"""The kind of a message about notices that were held back."""
MOST_STORIES = 10
"""The number of runs that a message tells about; further ones are counted."""
MOST_NOTICES = 500
"""The number of notices that one message joins."""
_MOST_SUBJECTS = 40
"""The number of further Tasks that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message for people about one or more runs."""

    id: str
    """Equal in every attempt to deliver the message."""
    title: str
    text: str
    """The summary as sentences; empty for a single run."""
    at: datetime
    kind: str
    """The kind of all notices, `Summary` or `Test`."""
    stories: tuple[Story, ...] = ()
    total: int = 0
    """The number of notices."""
    others: tuple[str, ...] = ()
    """The Tasks of further runs, each once."""
    console_url: str | None = None
    """The list of runs in the console."""

    @property
    def has_headlines(self) -> bool:
        """True if the title does not tell which run a story is about."""
        return self.total != 1 or self.kind == SUMMARY

    @property
    def run_ids(self) -> tuple[str, ...]:
        """The runs of the message; for a recovery the failed one comes first."""
        ids = [each for story in self.stories for each in (story.former_run, story.run_id) if each]
        return tuple(dict.fromkeys(ids))

    def as_json(self) -> JsonObject:
        """Return the message for a system that takes JSON."""
        return {
            "messageId": self.id,
            "at": rfc3339(self.at),
            "kind": self.kind,
            "title": self.title,
            "text": self.text,
            "total": self.total,
            "runs": [_story_json(each) for each in self.stories],
            "others": [*self.others],
            "consoleUrl": self.console_url,
        }


def message_about(
    notices: Sequence[Notice], stories: Sequence[Story], *, message_id: str, base_url: str | None
) -> Message:
    """Return the message about notices of one group; `stories` tells about the first ones."""
    kind = notices[0].kind
    total = len(notices)
    one = total == 1
    cause = notices[0].text("cause")
    plural = f"{total} runs {kind.plural_words}" + (f": {cause}" if cause else "")
    return Message(
        id=message_id,
        title=stories[0].headline if one else plural,
        text="" if one else f"{plural}, from {_period(notices)}.",
        at=notices[-1].at,
        kind=kind.value,
        stories=tuple(stories),
        total=total,
        others=_others(notices[len(stories) :]),
        console_url=runs_url(base_url),
    )


def summary_of(
    notices: Sequence[Notice], stories: Sequence[Story], *, message_id: str, base_url: str | None
) -> Message:
    """Return the summary of notices that were held back."""
    counts = Counter(_label(each) for each in notices)
    parts = ", ".join(f"{number} {label}" for label, number in counts.most_common())
    total = len(notices)
    noun = "notification was" if total == 1 else "notifications were"
    return Message(
        id=message_id,
        title=f"{total} {noun} held back",
        text=f"They were held back because the hour was full or the receiver did not accept them: "
        f"{parts}, from {_period(notices)}.",
        at=notices[-1].at,
        kind=SUMMARY,
        stories=tuple(stories),
        total=total,
        others=_others(notices[len(stories) :]),
        console_url=runs_url(base_url),
    )


def message_of_test(receiver: str, *, at: datetime, base_url: str | None) -> Message:
    """Return the message that tests a receiver."""
    return Message(
        id=f"test-{receiver}-{int(at.timestamp() * 1000)}",
        title=f"Test of the receiver {receiver}",
        text="Polysync can send notifications here. No run has changed.",
        at=at,
        kind="Test",
        console_url=None if base_url is None else f"{base_url}/console/receivers/{receiver}",
    )


def runs_url(base_url: str | None) -> str | None:
    """Return the list of runs in the console."""
    return None if base_url is None else f"{base_url}/console/runs"


def _label(notice: Notice) -> str:
    cause = notice.text("cause")
    return f"{notice.kind.words} ({cause})" if cause else notice.kind.words


def _period(notices: Sequence[Notice]) -> str:
    times = [each.at for each in notices]
    return f"{clock_text(min(times))} to {clock_text(max(times))}"


def _others(notices: Sequence[Notice]) -> tuple[str, ...]:
    names = dict.fromkeys(each.text("task") or each.text("job") for each in notices)
    return tuple(names)[:_MOST_SUBJECTS]


def _story_json(story: Story) -> JsonObject:
    return {
        "kind": story.kind.value,
        "runId": story.run_id,
        "subject": story.subject,
        "platform": story.platform,
        "at": rfc3339(story.at),
        "why": story.why,
        "remedy": story.remedy,
        "upstream": [*story.upstream],
        "since": None if story.since is None else rfc3339(story.since),
        "attempts": story.tries,
        "formerRunId": story.former_run,
        "consoleUrl": story.console_url,
        "platformUrl": story.platform_url,
    }
