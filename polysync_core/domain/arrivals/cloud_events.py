"""Parses received events in the JSON formats of CloudEvents 1.0 and Azure Event Grid.

The texts of an event are kept without the credentials of links. Data that is too large, or that is
no JSON, is not kept: the event still starts its runs.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from polysync_core.domain.arrivals.event import Event, fact_text
from polysync_core.domain.clock import is_supported
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.security.redaction import Redactor

MAX_DATA = 16 * 1024
"""The largest data of an event that is kept, as JSON in UTF-8."""
MAX_BATCH = 1000
"""The maximum number of events of one message or request."""
_MAX_TEXT = 2048
_MAX_ATTRIBUTES = 50

_NAME = re.compile(r"[a-z0-9]{1,64}")
_REQUIRED = ("id", "source", "type")
_OWN = frozenset({*_REQUIRED, "specversion", "subject", "time", "data", "data_base64"})
_EVENT_GRID = {"id": "id", "topic": "source", "eventType": "type", "eventTime": "time"}
_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_redactor = Redactor(())


def is_event(document: JsonValue) -> bool:
    """Return whether a document is an event, or a list of events."""
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, dict) and ("specversion" in first or "eventType" in first)


def read_events(document: JsonValue) -> list[Event]:
    """Return the events of a document, or raise `Invalid` with every problem."""
    items = document if isinstance(document, list) else [document]
    if len(items) > MAX_BATCH:
        raise Invalid.at("", f"holds {len(items):,} events: send at most {MAX_BATCH:,} at once")
    events: list[Event] = []
    problems: list[Problem] = []
    for index, item in enumerate(items):
        try:
            events.append(_read(item))
        except Invalid as error:
            within = f"[{index}]" if isinstance(document, list) else ""
            problems += (replace(each, path=_joined(within, each.path)) for each in error.problems)
    if problems:
        raise Invalid(problems)
    return events


def validation_code(document: JsonValue) -> str | None:
    """Return the code by which Event Grid checks the address of a new subscription."""
    first = document[0] if isinstance(document, list) and len(document) == 1 else None
    if not isinstance(first, dict) or first.get("eventType") != _VALIDATION:
        return None
    data = first.get("data")
    code = data.get("validationCode") if isinstance(data, dict) else None
    return code if isinstance(code, str) else None


def _read(item: JsonValue) -> Event:
    if not isinstance(item, dict):
        raise Invalid.at("", "an event is an object with specversion, id, source and type")
    attributes = _of_event_grid(item) if "eventType" in item else item
    # An attribute that is null is not set.
    given: JsonObject = {name: value for name, value in attributes.items() if value is not None}
    problems = list(_problems(given))
    if problems:
        raise Invalid(problems)
    data, reason = _data(given)
    return Event(
        id=_clean(str(given["id"])),
        source=_clean(str(given["source"])),
        type=str(given["type"]),
        subject=_clean(str(given["subject"])) if "subject" in given else None,
        time=_time(given.get("time")),
        attributes=_others(given),
        data=data,
        data_not_kept=reason,
    )


def _of_event_grid(item: JsonObject) -> JsonObject:
    """Return an event of the Event Grid schema as a CloudEvent."""
    renamed = {own: item.get(name) for name, own in _EVENT_GRID.items()}
    kept = {"subject": item.get("subject") or None, "data": item.get("data")}
    return {"specversion": "1.0", **renamed, **kept}


def _problems(given: JsonObject) -> Iterator[Problem]:
    version = given.get("specversion")
    if version != "1.0":
        yield Problem("specversion", "must be '1.0'")
    for name in _REQUIRED:
        if name not in given:
            yield Problem(name, "is missing")
    for name in (*_REQUIRED, "subject"):
        if name in given and not _is_text(given[name]):
            yield Problem(name, f"must be a text of 1 to {_MAX_TEXT} characters")
    if "time" in given and _time(given["time"]) is None:
        yield Problem("time", "must be a time with its zone, such as 2026-11-30T09:00:00Z")
    if "data" in given and "data_base64" in given:
        yield Problem("data_base64", "contradicts data: an event has one of them")
    yield from _other_problems({name: given[name] for name in given if name not in _OWN})


def _other_problems(others: JsonObject) -> Iterator[Problem]:
    if len(others) > _MAX_ATTRIBUTES:
        yield Problem("", f"has {len(others)} further attributes: at most {_MAX_ATTRIBUTES}")
        return
    for name, value in others.items():
        if _NAME.fullmatch(name) is None:
            yield Problem(_cut(name), "is no name of an attribute: it takes a-z and 0-9 only")
        elif isinstance(value, dict | list | float) or len(fact_text(value) or "") > _MAX_TEXT:
            message = "must be a whole number, true or false, or a text"
            yield Problem(name, f"{message} of at most {_MAX_TEXT} characters")


def _others(given: JsonObject) -> Mapping[str, str]:
    return {
        name: _clean(fact_text(value) or "") for name, value in given.items() if name not in _OWN
    }


def _data(given: JsonObject) -> tuple[JsonValue, str | None]:
    """Return the data without credentials, or the reason why it is not kept."""
    if "data_base64" in given:
        return None, "it is binary"
    data = given.get("data")
    size = len(json.dumps(data, ensure_ascii=False).encode())
    if size > MAX_DATA:
        return None, f"it has {size:,} bytes, more than {MAX_DATA:,}"
    return _cleaned(data), None


def _cleaned(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            return {name: _cleaned(each) for name, each in value.items()}
        case list():
            return [_cleaned(each) for each in value]
        case str():
            return _clean(value)
        case _:
            return value


def _clean(text: str) -> str:
    return _redactor.clean(text)


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= _MAX_TEXT


def _time(value: JsonValue) -> datetime | None:
    """Return a time with its zone; None for another value."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None and is_supported(at) else None


def _cut(name: str) -> str:
    return name if len(name) <= 64 else f"{name[:63]}…"


def _joined(first: str, second: str) -> str:
    return f"{first}.{second}" if first and second else first or second
