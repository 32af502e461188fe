"""Builds the stored record of the received events that started a run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.arrivals.event import Event
from polysync_core.domain.arrivals.event_variables import ALL, COUNT, LAST
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonValue

MAX_LISTED = 50
"""The maximum number of events that a run lists."""
MAX_LISTED_CHARACTERS = 64 * 1024
"""The maximum length of the texts of all listed events together."""
MAX_VALUES = 128 * 1024
"""The largest facts of the events of one run, as JSON in UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedEvent:
    """An event that started a run, in short."""

    id: str
    source: str
    type: str
    subject: str | None
    time: datetime | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArrival:
    """The events that started a run."""

    name: str
    """The name of the arrival."""
    count: int
    """The number of events."""
    events: tuple[ArrivedEvent, ...]
    """The first events, up to `MAX_LISTED`, as long as they are short."""
    values: Mapping[str, JsonValue]
    """The facts of the events that the parameters name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEvent:
    """An event with the time at which Polysync received it."""

    event: Event
    received_at: datetime


def in_order(received: Iterable[ReceivedEvent]) -> list[ReceivedEvent]:
    """Return events by their own time; one without a time has that of its arrival."""
    return sorted(
        received,
        key=lambda each: (each.event.time or each.received_at, each.event.title, each.event.id),
    )


def run_arrival(
    name: str, received: Sequence[ReceivedEvent], values: Mapping[str, JsonValue]
) -> RunArrival:
    """Return the description of the events that start a run."""
    return RunArrival(
        name=name,
        count=len(received),
        events=tuple(_listed(received)),
        values=values,
    )


def values_of(received: Sequence[ReceivedEvent], names: Iterable[str]) -> dict[str, JsonValue]:
    """Return the facts of events by name; a fact of one event is that of the last event.

    Raises `Invalid` for a fact that the last event does not have, and for too large facts.
    """
    events = [each.event for each in received]
    values: dict[str, JsonValue] = {}
    problems: list[Problem] = []
    for name in sorted(names):
        value = _value(name, events)
        if value is None:
            problems.append(Problem("", f"{_subject(events[-1])} has no {name}{_why(events[-1])}"))
        values[name] = value
    size = len(json.dumps(values, ensure_ascii=False).encode())
    if size > MAX_VALUES:
        problems.append(
            Problem(
                "",
                f"the facts of {len(events):,} events have {size:,} bytes, more than "
                f"{MAX_VALUES:,}: set a smaller maximumCount, or use fewer facts",
            )
        )
    if problems:
        raise Invalid(problems)
    return values


def _value(name: str, events: Sequence[Event]) -> JsonValue:
    if name == COUNT:
        return len(events)
    if name.startswith(LAST):
        return events[-1].fact(name.removeprefix(LAST))
    return [event.fact(name.removeprefix(ALL)) for event in events]


def _subject(event: Event) -> str:
    title = event.title
    return f"the event '{title if len(title) <= 200 else f'{title[:199]}…'}'"


def _why(event: Event) -> str:
    return "" if event.data_not_kept is None else f" (its data is not kept: {event.data_not_kept})"


def _listed(received: Sequence[ReceivedEvent]) -> Iterator[ArrivedEvent]:
    left = MAX_LISTED_CHARACTERS
    for each in map(_in_short, received[:MAX_LISTED]):
        left -= sum(map(len, (each.id, each.source, each.type, each.subject or "")))
        if left < 0:
            return
        yield each


def _in_short(each: ReceivedEvent) -> ArrivedEvent:
    event = each.event
    return ArrivedEvent(
        id=event.id,
        source=event.source,
        type=event.type,
        subject=event.subject,
        time=event.time,
        received_at=each.received_at,
    )
