"""Parses times in platform responses, with UTC as the default time zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from polysync_core.domain.clock import is_supported
from polysync_core.domain.json_types import JsonValue


def moment_in(answer: Mapping[str, JsonValue], name: str) -> datetime | None:
    """Return a time of an answer, in UTC if it names no zone; None for no usable time."""
    text = answer.get(name)
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment if moment is not None and is_supported(moment) else None
