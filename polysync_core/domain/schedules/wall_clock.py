"""Computes and counts the wall-clock times of a cron expression, without time zones.

The times of day and the dates are separate, because a cron expression has the same times on each
of its dates. The times of a day need no search, and a multiplication counts the times of many days.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import takewhile
from typing import cast

from croniter import CroniterBadDateError, croniter

from polysync_core.domain.clock import LATEST
from polysync_core.domain.definitions.schedules import cron_fields

_LAST_YEAR = LATEST.year
_EVERY_DATE = [["*"]] * 3
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_TICK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronPattern:
    """A parsed cron expression: times of day, on some dates."""

    times: tuple[time, ...]
    """The times of day in ascending order; never empty."""
    date_search: croniter | None
    """Finds the dates; None means every date. Use a copy, because a search changes its object."""

    @property
    def is_hourly(self) -> bool:
        """True if the expression fires in every hour of its dates."""
        return len({each.hour for each in self.times}) == 24

    def times_from(self, start: datetime) -> Iterator[datetime]:
        """Yield the wall-clock times at or after `start`, in order."""
        first = bisect_left(self.times, start.time())
        for day in self.dates_from(start.date()):
            for each in self.times[first if day == start.date() else 0 :]:
                yield datetime.combine(day, each)

    def count(self, start: datetime, end: datetime) -> int:
        """Return the number of wall-clock times at or after `start` and before `end`.

        The cost grows with the number of dates. For a pattern of every date it is constant.
        """
        if start >= end:
            return 0
        before = self._count_until(start) if self._fires_on(start.date()) else 0
        within = self._count_until(end) if self._fires_on(end.date()) else 0
        return self._date_count(start.date(), end.date()) * len(self.times) - before + within

    def _count_until(self, moment: datetime) -> int:
        return bisect_left(self.times, moment.time())

    def _fires_on(self, day: date) -> bool:
        return next(self.dates_from(day), None) == day

    def _date_count(self, start: date, end: date) -> int:
        if self.date_search is None:
            return (end - start).days
        return sum(1 for _ in takewhile(lambda day: day < end, self.dates_from(start)))

    def dates_from(self, start: date) -> Iterator[date]:
        """Yield the dates at or after `start`; the sequence may end."""
        if self.date_search is None:
            day = start
            while day.year <= _LAST_YEAR:
                yield day
                day += _DAY
            return
        search = copy(self.date_search)
        search.set_current(datetime.combine(start, time()) - _TICK)
        try:
            while (found := search.get_next(datetime)).year <= _LAST_YEAR:
                yield found.date()
        except CroniterBadDateError:
            return


@lru_cache(maxsize=4096)
def pattern_of(cron: str) -> CronPattern:
    """Parse a valid cron expression."""
    second, fields = cron_fields(cron)
    expanded = cast("list[list[int | str]]", croniter(" ".join(fields), _ANY_TIME).expanded)
    minutes, hours = _numbers(expanded[0], 60), _numbers(expanded[1], 24)
    dates = " ".join(["0", "0", *fields[2:]])
    return CronPattern(
        times=tuple(_time(hour, minute, second) for hour in hours for minute in minutes),
        date_search=None if expanded[2:5] == _EVERY_DATE else croniter(dates, _ANY_TIME),
    )


def _numbers(field: Sequence[int | str], size: int) -> list[int]:
    """Return the values of a field; croniter may keep `*`, also beside other values."""
    numbers = sorted(value for value in field if isinstance(value, int))
    return list(range(size)) if "*" in field else numbers


@cache
def _time(hour: int, minute: int, second: int) -> time:
    """Return a time of day; all patterns share one object for it."""
    return time(hour, minute, second)
