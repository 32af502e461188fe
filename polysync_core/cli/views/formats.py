"""Formats times and durations for people."""

from __future__ import annotations

from datetime import datetime, timedelta

ABSENT = "-"


def format_duration(duration: timedelta | None) -> str:
    """Return `0.4 s`, `1 m 02 s` or `3 h 05 m`."""
    if duration is None:
        return ABSENT
    seconds = duration.total_seconds()
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} m"


def format_time(time: datetime | None) -> str:
    """Return a time in UTC, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ") if time else ABSENT
