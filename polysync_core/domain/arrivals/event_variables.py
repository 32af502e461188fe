"""Defines the event variables that Task parameters may use, such as `arrival.subject`."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import TypeGuard

COUNT = "arrivals.count"
"""The number of the events of a run."""
LAST = "arrival."
"""The beginning of the name of a fact of the last event."""
ALL = "arrivals."
"""The beginning of the name of a list with one fact of every event."""

_ATTRIBUTES = ("id", "source", "type", "subject", "time", "path")
_FACT = re.compile(
    rf"(?:{'|'.join(_ATTRIBUTES)}|dataschema|datacontenttype|extensions\.[a-z0-9]{{1,64}}"
    r"|data(?:\.[^.${}\s:]{1,128}){0,8})"
)
KNOWN_FACTS = (
    ", ".join(f"${{{LAST}{name}}}" for name in (*_ATTRIBUTES, "data.NAME", "extensions.NAME"))
    + f", the same with {ALL.rstrip('.')} for a list of all events, and ${{{COUNT}}}"
)
"""The facts in words."""


def is_arrival_fact(name: str) -> bool:
    """Return whether a text is the name of a fact of events."""
    for beginning in (LAST, ALL):
        if name.startswith(beginning):
            return name == COUNT or _FACT.fullmatch(name, len(beginning)) is not None
    return False


class _EveryFact(Container[str]):
    """Holds every possible fact, as long as the events are not known."""

    def __contains__(self, name: object) -> bool:
        return _is_text(name) and is_arrival_fact(name)


EVERY_FACT = _EveryFact()
"""Every possible fact: that of events that are still to come."""


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)
