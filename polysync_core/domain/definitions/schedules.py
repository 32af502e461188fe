"""Defines schedules, cron expressions, and calendars of excluded dates.

A cron expression has five fields (minute hour day month weekday), six with a leading second, or is
a name such as `@daily`. `croniter` accepts more forms; this module refuses them.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Self

from croniter import CroniterError, croniter
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from polysync_core.domain.clock import Day, Moment, ZoneName
from polysync_core.domain.definitions.base import (
    MAX_PARAMETERS,
    Definition,
    Lines,
    ObjectName,
    Value,
    refuse,
)
from polysync_core.domain.json_types import JsonValue

CRON_NAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTH_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NO_DATE = "never fires: there is no such date; correct the day or the month"
_FIELDS = "minute hour day month weekday"
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_RANGES = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day": "1 to 31, or L",
    "month": "1 to 12, or JAN to DEC",
    "weekday": "0 to 7, 0 and 7 are Sunday, or SUN to SAT",
}
_CRON_ERRORS = (CroniterError, ValueError, KeyError, IndexError)
_RANDOM = re.compile(r"(?<![a-z])[hr](?![a-z])", re.IGNORECASE)
_NTH = re.compile(r".+#\d|l\d", re.IGNORECASE)
"""An nth or a last weekday, such as `5#2` and `L5`."""
_SECOND = re.compile(r"[0-5]?[0-9]")
_SEARCH_START = datetime(2000, 1, 1, tzinfo=UTC)
"""A search from this time finds every date within croniter's limit of 50 years.

That includes 29 February on each weekday.
"""


@lru_cache(maxsize=4096)
def check_cron(expression: str) -> str:
    """Return a valid cron expression unchanged, or raise `ValueError` with the remedy."""
    if expression.strip().startswith("@"):
        if expression.strip().lower() not in CRON_NAMES:
            raise ValueError(f"'{expression}' is not one of {', '.join(CRON_NAMES)}")
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
    fields = CRON_NAMES.get(expression.strip().lower(), expression).split()
    return (int(fields[0]), fields[1:]) if len(fields) == 6 else (0, fields)


def _check_fires(fields: list[str]) -> None:
    has_second = len(fields) == 6
    try:
        times = croniter(" ".join(fields), _SEARCH_START, second_at_beginning=has_second)
    except _CRON_ERRORS as error:
        raise ValueError(_wrong_field(fields[-len(_RANGES) :]) or _reason(error)) from error
    day, weekday = times.expanded[2], times.expanded[4]
    is_special = bool(times.nth_weekday_of_month or times.nearest_weekday)
    if is_special and (["*"] not in (day, weekday) or _is_mixed(fields[-1])):
        # croniter would use one of the two parts and ignore the other.
        raise ValueError(
            "has '#', 'W' or a last weekday beside another day or weekday: "
            "write * for the other one, or use two schedules"
        )
    if not _has_date(day, times.expanded[3], weekday):
        raise ValueError(_NO_DATE)
    try:
        times.get_next(datetime)
    except CroniterError as error:
        raise ValueError(_NO_DATE) from error


def _is_mixed(weekday: str) -> bool:
    """Return True if a list holds nth weekdays beside other items."""
    return len({_NTH.fullmatch(item) is None for item in weekday.split(",")}) > 1


def _has_date(days: list[Any], months: list[Any], weekday: list[Any]) -> bool:
    """Return False if no month has the days; other expressions need a search."""
    if weekday != ["*"] or not all(isinstance(day, int) for day in days):
        return True
    lengths = [_MONTH_LENGTHS[month - 1] for month in months if isinstance(month, int)]
    return min(days) <= max(lengths, default=max(_MONTH_LENGTHS))


def _wrong_field(fields: list[str]) -> str | None:
    """Return the remedy for the first field that is wrong by itself."""
    for index, (name, values) in enumerate(_RANGES.items()):
        alone = ["*"] * len(_RANGES)
        alone[index] = fields[index]
        try:
            croniter(" ".join(alone), _SEARCH_START)
        except _CRON_ERRORS as error:
            problem = "out of range" if "out of range" in str(error) else "not valid"
            field = f"the {name} '{fields[index]}' is {problem}"
            return f"is not a cron expression: {field} ({values}){_meant(fields[index])}"
    return None


def _meant(field: str) -> str:
    """Return a suggestion if a name of a field is written out, such as MONDAY."""
    for word in re.findall(r"[A-Za-z]{4,}", field):
        if word[:3].upper() in {*_WEEKDAYS, *_MONTHS}:
            return f"; did you mean '{word[:3].upper()}'?"
    return ""


def _reason(error: Exception) -> str:
    text = str(error).strip("'\" ") or type(error).__name__
    return f"is not a cron expression ({_FIELDS}): {text}"


type Cron = Annotated[str, StringConstraints(max_length=200), AfterValidator(check_cron)]
"""A cron expression that fires."""


_WEEK = 7 * 24 * 3600


class Misfire(StrEnum):
    """The treatment of missed fire times (misfires)."""

    SKIP = "Skip"
    LAST = "Last"
    ALL = "All"


class Overlap(StrEnum):
    """The treatment of a fire time while an earlier run is still active (overlap)."""

    QUEUE = "Queue"
    SKIP = "Skip"
    CANCEL_RUNNING = "CancelRunning"


class Gap(StrEnum):
    """The treatment of a wall-clock time that the start of daylight saving skips."""

    RUN_AFTER = "RunAfter"
    SKIP = "Skip"


class Fold(StrEnum):
    """The choice between the two occurrences of a repeated wall-clock time."""

    AUTO = "Auto"
    """Once for daily and longer schedules, twice for hourly and finer ones."""
    FIRST = "First"
    SECOND = "Second"
    BOTH = "Both"


class Schedule(Value):
    """One schedule of a Task."""

    name: ObjectName
    description: Annotated[Lines, StringConstraints(max_length=4000)] | None = None
    cron: Cron
    time_zone: ZoneName = "UTC"
    enabled: bool = True
    start_at: Moment | None = None
    end_at: Moment | None = None
    misfire: Misfire = Misfire.LAST
    catch_up_seconds: Annotated[int, Field(ge=0, le=_WEEK)] = 3600
    """Maximum age of a missed fire time that still starts a run."""
    overlap: Overlap = Overlap.QUEUE
    gap: Gap = Gap.RUN_AFTER
    fold: Fold = Fold.AUTO
    jitter_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    parameters: Annotated[dict[str, JsonValue], Field(max_length=MAX_PARAMETERS)] = Field(
        default_factory=dict
    )
    """Values for the runs of this schedule; they override those of the Task."""
    calendars: Annotated[tuple[ObjectName, ...], Field(max_length=100)] = ()
    """The schedule does not fire on the dates of these calendars."""
    pause_after_failures: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Number of consecutive failed runs that pauses the schedule; empty = never."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.start_at and self.end_at and self.start_at >= self.end_at:
            refuse("endAt", "must be later than startAt")
        if self.misfire is Misfire.ALL and self.overlap is not Overlap.QUEUE:
            refuse(
                "overlap",
                f"contradicts misfire All: {self.overlap} would drop runs that All catches up; "
                "use overlap Queue or misfire Last",
            )
        if self.misfire is not Misfire.SKIP and self.catch_up_seconds == 0:
            refuse(
                "catchUpSeconds",
                f"contradicts misfire {self.misfire}: no fire time is caught up within 0 seconds; "
                "use misfire Skip",
            )
        return self


class DateRange(Value):
    """A range of dates; both ends are included."""

    from_date: Annotated[Day, Field(alias="from")]
    to_date: Annotated[Day, Field(alias="to")]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.from_date > self.to_date:
            refuse("to", "must not be earlier than from")
        return self


class Calendar(Definition):
    """Dates, in the zone of each schedule, on which linked schedules do not fire."""

    dates: Annotated[tuple[Day, ...], Field(max_length=5000)] = ()
    ranges: Annotated[tuple[DateRange, ...], Field(max_length=1000)] = ()

    def has(self, day: date) -> bool:
        """Return whether the calendar contains a date."""
        return day in self.dates or any(
            each.from_date <= day <= each.to_date for each in self.ranges
        )
