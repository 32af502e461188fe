"""Finds the dates that match a cron expression, with the library croniter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from croniter import CroniterBadDateError, croniter

from polysync_core.domain.clock import LATEST
from polysync_core.domain.definitions.cron.expression import CronExpression

_LAST_YEAR = LATEST.year
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_TICK = timedelta(minutes=1)


def dates_from(cron: CronExpression, start: date) -> Iterator[date]:
    """Yield the dates at or after `start`, in order."""
    if cron.is_daily and cron.month.is_full:
        return _every_date(start)
    return _matching_dates(_expanded(cron), start)


def _every_date(start: date) -> Iterator[date]:
    day = start
    while day.year <= _LAST_YEAR:
        yield day
        day += _DAY


def _matching_dates(expanded: str, start: date) -> Iterator[date]:
    # A search changes its object.
    search = copy(_search_of(expanded))
    search.set_current(datetime.combine(start, time(), UTC) - _TICK)
    try:
        while (found := search.get_next(datetime)).year <= _LAST_YEAR:
            yield found.date()
    except CroniterBadDateError:
        return


@lru_cache(maxsize=4096)
def _search_of(expanded: str) -> croniter:
    return croniter(expanded, _ANY_TIME)


def _expanded(cron: CronExpression) -> str:
    """Return the expression of the dates with plain lists, which croniter reads as we do.

    croniter takes ranges and steps of some items for other values than the documented dialect.
    """
    days = [*_listed(cron.day.values), *(["L"] if cron.has_last_day else [])]
    if cron.nearest_day is not None:
        days = [f"{cron.nearest_day}W"]
    weekdays = _listed(cron.weekday.values)
    weekdays += [f"L{day}" if nth == "last" else f"{day}#{nth}" for day, nth in cron.nth_weekdays]
    day = "*" if cron.day.is_any or cron.is_daily else ",".join(days)
    weekday = "*" if cron.weekday.is_any or cron.is_daily else ",".join(weekdays)
    month = "*" if cron.month.is_full else ",".join(_listed(cron.month.values))
    return f"0 0 {day} {month} {weekday}"


def _listed(values: Iterable[int]) -> list[str]:
    return [str(value) for value in values]
