"""A slow and simple model of fire times that tests every minute without product code.

It supports `*`, numbers, lists, ranges and steps in cron expressions. The zones come from the
standard library.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from polysync_core.domain.definitions.schedules import Fold, Gap, Schedule

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
_PADDING = timedelta(hours=26)
_FIRST_AND_LAST = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@cache
def zone(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def local(moment: datetime, name: str) -> datetime:
    """Return the wall-clock time of an instant (naive)."""
    return moment.astimezone(zone(name)).replace(tzinfo=None, fold=0)


class Fields:
    """The allowed values of the fields of a cron expression."""

    def __init__(self, cron: str) -> None:
        fields = cron.split()
        self.second = int(fields.pop(0)) if len(fields) == 6 else 0
        self.texts = fields
        self.allowed = [
            _allowed(text, *bounds) for text, bounds in zip(fields, _FIRST_AND_LAST, strict=True)
        ]

    @property
    def is_hourly(self) -> bool:
        return len(self.allowed[1]) == 24

    def has_date(self, day: date) -> bool:
        _, _, days, months, weekdays = self.allowed
        weekday = day.isoweekday()
        of_month, of_week = day.day in days, bool({weekday, weekday % 7} & weekdays)
        is_either = self.texts[2] != "*" and self.texts[4] != "*"
        return day.month in months and (
            (of_month or of_week) if is_either else (of_month and of_week)
        )

    def has(self, wall: datetime) -> bool:
        return (
            wall.minute in self.allowed[0]
            and wall.hour in self.allowed[1]
            and self.has_date(wall.date())
        )

    def times(self) -> list[time]:
        return [
            time(hour, minute, self.second)
            for hour in sorted(self.allowed[1])
            for minute in sorted(self.allowed[0])
        ]


def _allowed(text: str, first: int, last: int) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            low, high = first, last
        else:
            start, _, end = span.partition("-")
            low, high = int(start), int(end or start)
        found |= set(range(low, high + 1, int(step or 1)))
    return found


def by_minutes(schedule: Schedule, begin: datetime, end: datetime) -> dict[datetime, str]:
    """Return the fire times in a range with their kind: once, moved, first or second."""
    fields = Fields(schedule.cron)
    instants: dict[datetime, list[datetime]] = defaultdict(list)
    fires: dict[datetime, str] = {}
    previous: datetime | None = None
    for moment in _minutes(begin - _PADDING, end + _PADDING, fields.second):
        wall = local(moment, schedule.time_zone)
        if previous is not None and schedule.gap is Gap.RUN_AFTER:
            lost = _walls(previous + MINUTE, wall)
            if any(map(fields.has, lost)):
                fires[moment.replace(second=0)] = "moved"
        if fields.has(wall):
            instants[wall].append(moment)
        previous = wall
    for found in instants.values():
        for moment, kind in _chosen(found, schedule.fold, fields).items():
            fires.setdefault(moment, kind)
    return {moment: fires[moment] for moment in sorted(fires) if begin <= moment < end}


def _minutes(begin: datetime, end: datetime, second: int) -> Iterator[datetime]:
    moment = begin.replace(second=second, microsecond=0)
    while moment < end:
        yield moment
        moment += MINUTE


def _walls(begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin < end:
        yield begin
        begin += MINUTE


def _chosen(found: list[datetime], fold: Fold, fields: Fields) -> dict[datetime, str]:
    if len(found) == 1:
        return {found[0]: "once"}
    first, second = found
    if fold is Fold.AUTO:
        fold = Fold.BOTH if fields.is_hourly else Fold.FIRST
    chosen = {first: "first", second: "second"}
    match fold:
        case Fold.FIRST:
            del chosen[second]
        case Fold.SECOND:
            del chosen[first]
        case _:
            pass
    return chosen


def by_dates(schedule: Schedule, first: date, last: date) -> list[datetime]:
    """Return the fire times of the local dates from `first` to `last`.

    The cost grows with the number of dates, so the function fits schedules that fire seldom. It
    tries each wall-clock time with every offset that the zone had in those years.
    """
    fields = Fields(schedule.cron)
    fires: set[datetime] = set()
    day = first
    while day <= last:
        if fields.has_date(day):
            for each in fields.times():
                wall = datetime.combine(day, each)
                found = _instants(wall, schedule.time_zone)
                fires |= _chosen(found, schedule.fold, fields).keys() if found else set()
                if not found and schedule.gap is Gap.RUN_AFTER:
                    fires.add(_after(wall, schedule.time_zone))
        day += DAY
    return sorted(fires)


def _instants(wall: datetime, name: str) -> list[datetime]:
    candidates = {(wall - offset).replace(tzinfo=UTC) for offset in offsets(name, wall.year)}
    return sorted(each for each in candidates if local(each, name) == wall)


def _after(wall: datetime, name: str) -> datetime:
    moment = (wall - max(offsets(name, wall.year))).replace(tzinfo=UTC, second=0)
    while local(moment, name) < wall:
        moment += MINUTE
    return moment


@cache
def offsets(name: str, year: int) -> frozenset[timedelta]:
    """Return the offsets from UTC that a zone has in and near a year."""
    start = datetime(year, 1, 1, tzinfo=UTC) - DAY
    days = (start + number * DAY for number in range(369))
    return frozenset(day.astimezone(zone(name)).utcoffset() or timedelta() for day in days)


@cache
def days_of_change(name: str, year: int) -> tuple[datetime, ...]:
    """Return the days of a year (midnight, UTC) within which a zone's offset changes."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + number * DAY for number in range(366)]
    at = [day.astimezone(zone(name)).utcoffset() for day in days]
    return tuple(day for day, one, two in zip(days, at, at[1:], strict=False) if one != two)
