"""Time as a parameter."""

from collections.abc import Callable
from datetime import UTC, datetime

type Clock = Callable[[], datetime]
"""Tells the present time, aware, in UTC."""


def utc_now() -> datetime:
    """Return the present time of this machine."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """Return a time as text in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
