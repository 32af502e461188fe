"""Implements an event publisher and a message queue that record everything sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from polysync_core.domain.errors import TooLarge, Unavailable
from polysync_core.domain.runs.events import RunEvent


class FakePublisher:
    """Records events. It refuses them if `away` is set; `before_each` may crash."""

    def __init__(self, before_each: Callable[[], None] = lambda: None) -> None:
        self.events: list[RunEvent] = []
        self.away = False
        self.tries = 0
        self._before_each = before_each

    def publish(self, event: RunEvent) -> None:
        self.tries += 1
        if self.away:
            raise Unavailable
        self._before_each()
        self.events.append(event)

    def news(self) -> list[RunEvent]:
        """Return the events without repetitions, in the order of their last copies."""
        return list({event.event_id: event for event in reversed(self.events)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message in a queue."""

    text: str
    delay_seconds: int


class FakeQueue:
    """Records messages, or refuses them if `away` is set."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.away = False

    def send(self, text: str, *, delay_seconds: int = 0) -> None:
        if self.away:
            raise Unavailable
        if len(text.encode()) > 48 * 1024:
            raise TooLarge
        self.sent.append(Sent(text, delay_seconds))
