"""Formats times and durations as HTML, relative or absolute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from htpy import Element, span, time

NOTHING = "\N{EN DASH}"
"""The sign for a missing value."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def relative_time(moment: datetime | None, *, now: datetime) -> Element:
    """Return a time such as `5 min ago`; the script of the console keeps it up to date."""
    if moment is None:
        return nothing()
    return time(datetime=_iso(moment), title=absolute_text(moment), data_relative="")[
        relative_text(moment, now=now)
    ]


def absolute_time(moment: datetime | None, *, zone: str = "UTC") -> Element:
    """Return a time with its date and its zone."""
    if moment is None:
        return nothing()
    return time(datetime=_iso(moment), title=absolute_text(moment))[absolute_text(moment, zone)]


def clock_time(moment: datetime | None) -> Element:
    """Return the time of the day in UTC, for lists of one day."""
    if moment is None:
        return nothing()
    text = moment.astimezone(UTC).strftime("%H:%M:%S")
    return time(datetime=_iso(moment), title=absolute_text(moment))[text]


def running_duration(since: datetime, *, now: datetime) -> Element:
    """Return the time that has passed; the script of the console counts on."""
    return time(
        datetime=_iso(since), title=f"since {absolute_text(since)}", data_duration=_iso(since)
    )[duration_text(now - since)]


def duration_text(length: timedelta | None) -> str:
    """Return a duration such as `2 min 05 s`."""
    if length is None:
        return NOTHING
    seconds = max(0.0, length.total_seconds())
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours:02d} h"


def relative_text(moment: datetime, *, now: datetime) -> str:
    """Return the distance between a time and now, such as `5 min ago`."""
    seconds = (now - moment).total_seconds()
    distance = abs(seconds)
    size, unit = next((each for each in _UNITS if distance >= each[0]), (1, "s"))
    text = f"{int(distance // size)} {unit}"
    return f"in {text}" if seconds < 0 else f"{text} ago"


def absolute_text(moment: datetime, zone: str = "UTC") -> str:
    """Return date, time and zone, such as `2026-11-30 02:30:00 Europe/Berlin`."""
    local = moment.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M:%S} {zone}"


def nothing() -> Element:
    """Return a dash in place of a missing value."""
    return span(".nothing")[NOTHING]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
