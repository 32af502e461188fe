"""When a timer trigger falls due: NCRONTAB in UTC, or a fixed distance.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

from croniter import CroniterBadDateError, croniter

_TIME_SPAN = re.compile(r"(?:(?P<days>\d+)\.)?(?P<hours>\d+):(?P<minutes>\d+):(?P<seconds>\d+)")


class BadSchedule(ValueError):
    """A schedule is neither an NCRONTAB expression nor a time span."""


class Schedule(Protocol):
    """Something that says when it falls due next."""

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time after the moment, or None for never."""
        ...


class Crontab:
    """An expression of six fields, seconds first; with five, the second is 0.

    Day of month and day of week must both match, unlike in the crontab of Unix.
    """

    def __init__(self, expression: str) -> None:
        fields = expression.split()
        self._expression = " ".join(fields if len(fields) == 6 else ["0", *fields])
        if len(self._expression.split()) != 6 or not croniter.is_valid(
            self._expression, second_at_beginning=True
        ):
            raise BadSchedule(f"The schedule {expression!r} is not understood.")

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first matching second after the moment, in UTC."""
        matches = croniter(
            self._expression, moment.astimezone(UTC), second_at_beginning=True, day_or=False
        )
        try:
            return matches.get_next(datetime)
        except CroniterBadDateError:
            return None


class Every:
    """A fixed distance, counted from the last time."""

    def __init__(self, distance: timedelta) -> None:
        if distance <= timedelta():
            raise BadSchedule("The distance between two times must be positive.")
        self._distance = distance

    def next_after(self, moment: datetime) -> datetime:
        """Return the moment plus the distance."""
        return moment + self._distance


def parse(text: str) -> Schedule:
    """Return the schedule that a timer trigger declares.

    Raises:
        BadSchedule: it is neither an expression nor a time span.
    """
    return Every(span(text)) if ":" in text else Crontab(text)


def span(text: str) -> timedelta:
    """Return the time span that .NET writes as `[days.]hours:minutes:seconds`.

    Raises:
        BadSchedule: it is not written so.
    """
    match = _TIME_SPAN.fullmatch(text.strip())
    if match is None:
        raise BadSchedule(f"The time span {text!r} is not understood.")
    return timedelta(**{unit: int(value or 0) for unit, value in match.groupdict().items()})
