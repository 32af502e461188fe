"""Returns the current UTC time, and checks and formats times, dates and time zones."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    StringConstraints,
    ValidationInfo,
)

from polysync_core.domain.errors import HintedError, Invalid
from polysync_core.domain.stored_values import is_stored

_UNSUPPORTED = "must be from 1900-01-01 to 8999-12-31 in UTC"
_AGE = re.compile(r"([0-9]{1,5})([smhdw])")
_AGE_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_NAMED_DAYS = {"today": 0, "yesterday": 1}
"""The days before the present one, by their words."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

type Clock = Callable[[], datetime]
"""Returns the present time in UTC, with its zone."""


def utc_now() -> datetime:
    """Return the present time of this machine."""
    return datetime.now(UTC)


EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""The end of the supported times. Later and earlier times leave no room for arithmetic."""


def is_supported(moment: datetime) -> bool:
    """Return whether a time lies within the supported times."""
    return EARLIEST <= moment < LATEST


def clamped(moment: datetime) -> datetime:
    """Return a time in UTC, moved into the supported times."""
    return min(max(moment, EARLIEST), LATEST).astimezone(UTC)


def check_time(moment: datetime, info: ValidationInfo) -> datetime:
    """Return a supported time, or raise `ValueError`; a stored time is not checked again."""
    if not is_stored(info) and not is_supported(moment):
        raise ValueError(_UNSUPPORTED)
    return moment


def check_day(day: date, info: ValidationInfo) -> date:
    """Return a supported date, or raise `ValueError`; a stored date is not checked again."""
    if not is_stored(info) and not EARLIEST.date() <= day < LATEST.date():
        raise ValueError(_UNSUPPORTED)
    return day


def _only_day(value: object) -> object:
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("must be a date such as 2026-12-31")
    return value


type Moment = Annotated[AwareDatetime, AfterValidator(check_time)]
"""A time within the supported times, with its offset from UTC."""

type Day = Annotated[date, AfterValidator(check_day)]
"""A date within the supported times."""

type DayText = Annotated[Day, BeforeValidator(_only_day)]
"""A date of a request, as text without a time."""


def time_or_age(text: str, *, now: datetime, path: str) -> datetime:
    """Return the time that a text names: a time with its offset, or an age such as `24h`.

    A date such as `2026-12-31`, `today` or `yesterday` is its midnight in UTC.

    Raises `Invalid`, whose problem has the path.
    """
    age = _AGE.fullmatch(text.strip())
    if age is not None:
        return clamped(now - timedelta(**{_AGE_UNITS[age[2]]: int(age[1])}))
    if (days := _NAMED_DAYS.get(text.strip().lower())) is not None:
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return clamped(midnight - timedelta(days=days))
    try:
        moment = datetime.fromisoformat(text.strip())
        if _DAY.fullmatch(text.strip()):
            moment = moment.replace(tzinfo=UTC)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not is_supported(moment):
        hint = (
            "an age such as 30m, 24h or 7d, today, yesterday, a date, "
            "or a time such as 2026-12-31T06:00:00Z"
        )
        raise Invalid.at(path, f"must be {hint}")
    return moment.astimezone(UTC)


def rfc3339(moment: datetime) -> str:
    """Return a time as text in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@cache
def zone_names() -> frozenset[str]:
    """Return the names of the pinned IANA data, independent of the machine."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


@cache
def zone_named(name: str) -> ZoneInfo:
    """Return a zone of the pinned IANA data, or raise `ValueError`."""
    if name not in zone_names():
        raise ValueError(f"'{name}' is not an IANA time zone")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def check_zone(name: str) -> str:
    """Return the name of a valid zone, or raise `ValueError` with the remedy."""
    if name not in zone_names():
        raise HintedError("is not an IANA time zone", lambda: _zone_hint(name))
    try:
        zone_named(name)
    except (ValueError, OSError) as error:
        raise ValueError("is a time zone that cannot be read") from error
    return name


def _zone_hint(name: str) -> str:
    # The tables of places are read only for the hint of an error.
    from polysync_core.domain.schedules.zone_search import search_zones

    places = [each.zone for each in search_zones(name, limit=1)]
    # Names without a place, such as EST, are abbreviations that mislead.
    named = [each for each in zone_names() if "/" in each]
    close = places or difflib.get_close_matches(name, named, n=1)
    return f"; did you mean '{close[0]}'?" if close else ", such as Europe/Berlin or UTC"


type ZoneName = Annotated[str, StringConstraints(max_length=64), AfterValidator(check_zone)]
"""The name of an IANA time zone."""
