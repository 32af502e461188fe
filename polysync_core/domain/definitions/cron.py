"""Cron expressions: the dialect, and what is refused.

Five fields (minute hour day month weekday), six with a leading second, or a name such as
`@daily`. `croniter` reads them; what it would take beyond that is refused here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from croniter import CroniterError, croniter
from pydantic import AfterValidator, StringConstraints

NAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = "minute hour day month weekday"
_RANDOM = re.compile(r"(?<![a-z])[hr](?![a-z])", re.IGNORECASE)
_SECOND = re.compile(r"[0-5]?[0-9]")
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""A search from here meets every 29 February on every weekday within croniter's 50 years."""


@lru_cache(maxsize=4096)
def check_cron(expression: str) -> str:
    """Return a cron expression as it is, or raise `ValueError` with the remedy."""
    if expression.strip().startswith("@"):
        if expression.strip().lower() not in NAMES:
            raise ValueError(f"'{expression}' is not one of {', '.join(NAMES)}")
        return expression
    fields = expression.split()
    if len(fields) not in {5, 6}:
        raise ValueError(
            f"has {len(fields)} fields; give five ({_FIELDS}) or six with a leading second"
        )
    if len(fields) == 6 and not _SECOND.fullmatch(fields[0]):
        raise ValueError(
            "the leading second must be one number from 0 to 59: "
            "a schedule fires at most once a minute"
        )
    if any(map(_RANDOM.search, fields)):
        raise ValueError("'H' and 'R' are not supported: use jitterSeconds to spread fire times")
    _check_fires(fields)
    return expression


def cron_fields(expression: str) -> tuple[int, list[str]]:
    """Return the second and the five fields of a checked expression."""
    fields = NAMES.get(expression.strip().lower(), expression).split()
    return (int(fields[0]), fields[1:]) if len(fields) == 6 else (0, fields)


def _check_fires(fields: list[str]) -> None:
    has_second = len(fields) == 6
    try:
        times = croniter(" ".join(fields), _ANY_TIME, second_at_beginning=has_second)
    except (CroniterError, ValueError, KeyError, IndexError) as error:
        raise ValueError(f"is not a cron expression ({_FIELDS}): {_reason(error)}") from error
    day, weekday = times.expanded[2], times.expanded[4]
    if (times.nth_weekday_of_month or times.nearest_weekday) and ["*"] not in (day, weekday):
        # croniter would go by the one and pass over the other.
        raise ValueError(
            "has '#', 'W' or a last weekday beside another day or weekday: "
            "write * for the other one, or use two schedules"
        )
    try:
        times.get_next(datetime)
    except CroniterError as error:
        raise ValueError(
            "never fires: there is no such date; correct the day or the month"
        ) from error


def _reason(error: Exception) -> str:
    return str(error).strip("'\" ") or type(error).__name__


type Cron = Annotated[str, StringConstraints(max_length=200), AfterValidator(check_cron)]
"""A cron expression that fires."""
