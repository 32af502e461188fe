"""Parses the schedules of timer triggers (NCRONTAB), and computes due times.

A schedule is an NCRONTAB expression in UTC, or a fixed interval.
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
    """A sequence of due times."""

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first due time after the moment; None means never."""
        ...


class Crontab:
    """An expression of six fields, seconds first; with five fields the second is 0.

    Day of month and day of week must both match, unlike in Unix cron.
    """

    def __init__(self, expression: str) -> None:
        fields = expression.split()
        self._expression = " ".join(fields if len(fields) == 6 else ["0", *fields])
        if len(self._expression.split()) != 6 or not croniter.is_valid(
            self._expression, second_at_beginning=True
        ):
            raise BadSchedule(f"The schedule {expression!r} is not valid NCRONTAB.")

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
    """A fixed interval, counted from the last due time."""

    def __init__(self, interval: timedelta) -> None:
        if interval <= timedelta():
            raise BadSchedule("The interval of a timer must be positive.")
        self._interval = interval

    def next_after(self, moment: datetime) -> datetime:
        """Return the moment plus the interval."""
        return moment + self._interval


def parse(text: str) -> Schedule:
    """Return the schedule that a timer trigger declares.

    Raises:
        BadSchedule: the text is neither an expression nor a time span.
    """
    return Every(span(text)) if ":" in text else Crontab(text)


def span(text: str) -> timedelta:
    """Return the time span that .NET writes as `[days.]hours:minutes:seconds`.

    Raises:
        BadSchedule: the text does not have this form.
    """
    match = _TIME_SPAN.fullmatch(text.strip())
    if match is None:
        raise BadSchedule(f"The time span {text!r} is invalid: write [days.]hours:minutes:seconds.")
    return timedelta(**{unit: int(value or 0) for unit, value in match.groupdict().items()})
