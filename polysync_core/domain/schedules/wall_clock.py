"""Computes and counts the wall-clock times of a cron expression, without time zones.

The times of day and the dates are separate, because a cron expression has the same times on each
of its dates. The times of a day need no search, and a multiplication counts the times of many days.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, lru_cache
from itertools import takewhile

from polysync_core.domain.definitions.cron.dates import dates_from
from polysync_core.domain.definitions.cron.expression import CronExpression, parse_cron


@dataclass(frozen=True, slots=True, kw_only=True)
class CronPattern:
    """A parsed cron expression: times of day, on some dates."""

    times: tuple[time, ...]
    """The times of day in ascending order; never empty."""
    expression: CronExpression
    """The expression; only its dates are used."""

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
        if self._is_every_date:
            return (end - start).days
        return sum(1 for _ in takewhile(lambda day: day < end, self.dates_from(start)))

    @property
    def _is_every_date(self) -> bool:
        return self.expression.is_daily and self.expression.month.is_full

    def dates_from(self, start: date) -> Iterator[date]:
        """Yield the dates at or after `start`; the sequence may end."""
        return dates_from(self.expression, start)


@lru_cache(maxsize=4096)
def pattern_of(cron: str) -> CronPattern:
    """Parse a valid cron expression."""
    expression = parse_cron(cron)
    times = (
        _time(hour, minute, expression.second)
        for hour in expression.hour.values
        for minute in expression.minute.values
    )
    return CronPattern(times=tuple(times), expression=expression)


@cache
def _time(hour: int, minute: int, second: int) -> time:
    """Return a time of day; all patterns share one object for it."""
    return time(hour, minute, second)
