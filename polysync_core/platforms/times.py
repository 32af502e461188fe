"""Converts the times of platforms to aware UTC times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from polysync_core.domain.json_types import JsonValue


def moment_in(answer: Mapping[str, JsonValue], name: str) -> datetime | None:
    """Return a time of an answer, in UTC if it names no zone; None if it is missing."""
    text = answer.get(name)
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
