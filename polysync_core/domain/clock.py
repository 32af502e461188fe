"""Defines the clock, formats times, and loads IANA time zones."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, StringConstraints

from polysync_core.domain.errors import HintedError

type Clock = Callable[[], datetime]
"""Returns the present time in UTC, with its zone."""


def utc_now() -> datetime:
    """Return the present time of this machine."""
    return datetime.now(UTC)


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
    close = difflib.get_close_matches(name, zone_names(), n=1)
    return f"; did you mean '{close[0]}'?" if close else ", such as Europe/Berlin or UTC"


type ZoneName = Annotated[str, StringConstraints(max_length=64), AfterValidator(check_zone)]
"""The name of an IANA time zone."""
