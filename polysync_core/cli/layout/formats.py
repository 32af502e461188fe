"""Formats times and durations as readable text."""

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


def format_local_time(text: str | None) -> str:
    """Return a local time with its offset from UTC, in the form of all times."""
    return (text or ABSENT).replace("T", " ")


def format_age(time: datetime, now: datetime) -> str:
    """Return the distance of a time from now in its largest unit: `3 m ago` or `in 2 h`."""
    seconds = round((now - time).total_seconds())
    amount = _largest_unit(abs(seconds))
    return f"in {amount}" if seconds < 0 else f"{amount} ago"


def _largest_unit(seconds: int) -> str:
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
