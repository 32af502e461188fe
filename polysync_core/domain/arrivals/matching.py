"""Decides whether a Task's arrival settings accept a received event."""

from __future__ import annotations

from polysync_core.domain.arrivals.definition import Arrival
from polysync_core.domain.arrivals.event import BLOB_CREATED, STORAGE, Event, fact_text
from polysync_core.domain.arrivals.patterns import Pattern

_UNFINISHED = frozenset({"CreateFile", "SftpCreate"})
"""The calls that create an empty file; another event follows when the file is complete."""
_LONGEST = 200


def accepts_source(arrival: Arrival, event: Event) -> bool:
    """Return whether the source of an event is the expected one."""
    return arrival.source is None or _has_source(arrival.source, event.source)


def refusal(arrival: Arrival, event: Event) -> str | None:
    """Return the reason why an arrival does not accept an event; None if it does."""
    if not accepts_source(arrival, event):
        return f"the source is {_shown(event.source)}, not {arrival.source}"
    if reason := _no_arrival(arrival, event):
        return reason
    if arrival.prefix is not None and not _begins(event, arrival.prefix):
        return f"{_subject(event)} does not begin with '{arrival.prefix}'"
    if arrival.suffix is not None and not (event.subject or "").endswith(arrival.suffix):
        return f"{_subject(event)} does not end with '{arrival.suffix}'"
    for name, expected in arrival.expectations.items():
        value = fact_text(event.fact(name))
        if value is None:
            return f"the event has no {name}"
        if not expected.matches(value):
            return f"{name} is {_shown(value)}, not {expected}"
    return None


def source_bucket(source: str) -> str:
    """Return the last part of a source, under which its arrivals are indexed."""
    return source.rstrip("/").rpartition("/")[2].casefold()


def source_buckets(arrival: Arrival) -> frozenset[str | None]:
    """Return the buckets of an arrival; None means an unknown source."""
    if arrival.sources is None:
        return frozenset({None})
    return frozenset(source_bucket(source) for source in arrival.sources)


def _has_source(expected: Pattern, source: str) -> bool:
    if not expected.texts:
        return expected.matches(source)
    is_resource = source.casefold().startswith("/subscriptions/")
    for text in expected.texts:
        if text == source or (is_resource and text.casefold() == source.casefold()):
            return True
        # The name of an Azure resource means its id.
        if is_resource and "/" not in text and text.casefold() == source_bucket(source):
            return True
    return False


def _no_arrival(arrival: Arrival, event: Event) -> str | None:
    """Return the reason why an event of a storage account brings no complete file."""
    if not event.type.startswith(STORAGE):
        return None
    if arrival.type is None and event.type != BLOB_CREATED:
        return f"the type is {_shown(event.type)}, which brings no file: to accept it, set type"
    api = event.fact("data.api")
    if "data.api" not in arrival.filter and api in _UNFINISHED:
        return f"the file is not complete yet ({api}): another event follows"
    return None


def _begins(event: Event, prefix: str) -> bool:
    texts = [event.subject or "", f"/{(event.subject or '').lstrip('/')}", event.path or ""]
    return any(text.startswith(prefix) for text in texts)


def _subject(event: Event) -> str:
    if event.subject is None:
        return "the empty subject"
    if event.path is not None:
        return f"the path {_shown(event.path)}"
    return f"the subject {_shown(event.subject)}"


def _shown(text: str) -> str:
    return f"'{text}'" if len(text) <= _LONGEST else f"'{text[: _LONGEST - 1]}…'"
