"""Computes the dates of a cron expression."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from polysync_core.domain.clock import LATEST
from polysync_core.domain.definitions.cron.expression import CronExpression
from polysync_core.domain.definitions.cron.items import Nth

_LAST_YEAR = LATEST.year


def dates_from(cron: CronExpression, start: date) -> Iterator[date]:
    """Yield the dates at or after `start`, in order."""
    for year in range(start.year, _LAST_YEAR + 1):
        for month in cron.month.values:
            if (year, month) < (start.year, start.month):
                continue
            for day in sorted(_days_of(cron, year, month)):
                found = date(year, month, day)
                if found >= start:
                    yield found


def _days_of(cron: CronExpression, year: int, month: int) -> set[int]:
    """Return the days of one month that match."""
    monday_first, length = monthrange(year, month)
    first = (monday_first + 1) % 7
    if cron.is_daily:
        return set(range(1, length + 1))
    if cron.is_either:
        return _by_day(cron, first, length) | _by_weekday(cron, first, length)
    by = _by_weekday if cron.day.is_any else _by_day
    return by(cron, first, length)


def _by_day(cron: CronExpression, first: int, length: int) -> set[int]:
    """Return the days that the field of the day matches; `first` is the weekday of the 1st."""
    days = {day for day in cron.day.values if day <= length}
    if cron.has_last_day:
        days.add(length)
    if cron.nearest_day is not None:
        days.add(_nearest_weekday(min(cron.nearest_day, length), first, length))
    return days


def _nearest_weekday(day: int, first: int, length: int) -> int:
    """Return the day from Monday to Friday that is nearest, in the same month."""
    match (first + day - 1) % 7:
        case 6:
            return day - 1 if day > 1 else day + 2
        case 0:
            return day + 1 if day < length else day - 2
        case _:
            return day


def _by_weekday(cron: CronExpression, first: int, length: int) -> set[int]:
    """Return the days that the field of the weekday matches."""
    days = {day for day in range(1, length + 1) if (first + day - 1) % 7 in cron.weekday.values}
    for weekday, nth in cron.nth_weekdays:
        days |= _nth_weekday(weekday, nth, first, length)
    return days


def _nth_weekday(weekday: int, nth: Nth, first: int, length: int) -> set[int]:
    """Return the day of an nth weekday; a month may have none."""
    days = list(range(1 + (weekday - first) % 7, length + 1, 7))
    if nth == "last":
        return {days[-1]}
    return {days[nth - 1]} if nth <= len(days) else set()
