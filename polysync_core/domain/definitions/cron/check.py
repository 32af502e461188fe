"""Checks that a cron expression has valid syntax and matches at least one date."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from itertools import takewhile

from polysync_core.domain.definitions.cron.dates import dates_from
from polysync_core.domain.definitions.cron.expression import parse_cron

_NO_DATE = "never fires: there is no such date; correct the day or the month"
_SEARCH_START, _SEARCH_END = date(2000, 1, 1), date(2050, 1, 1)
"""Fifty years have every date that exists, also 29 February on each weekday."""


@lru_cache(maxsize=4096)
def check_cron(expression: str) -> str:
    """Return a valid cron expression unchanged, or raise `ValueError` with the remedy."""
    dates = dates_from(parse_cron(expression), _SEARCH_START)
    if next(takewhile(lambda day: day < _SEARCH_END, dates), None) is None:
        raise ValueError(_NO_DATE)
    return expression
