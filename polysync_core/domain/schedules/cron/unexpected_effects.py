"""Warns about effects of a cron expression that the author may not expect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from polysync_core.domain.definitions.cron.expression import CronExpression, CronField
from polysync_core.domain.definitions.cron.items import CronItem
from polysync_core.domain.schedules.cron.dates import MONTHS, WEEKDAYS
from polysync_core.domain.schedules.cron.times import joined, ordinal
from polysync_core.domain.schedules.wall_clock import pattern_of

_STEP = re.compile(r"(?P<from>[^/]+)/(?P<step>\d+)")
_WRAPS = re.compile(r"(\d+)-(\d+)(/\d+)?")
_NUMBER = re.compile(r"(?<![#/\d])\d+(?!\d)")
_CYCLE = 28
"""The years after which the weekdays of dates repeat, within one century."""
_FIRST_YEAR = 2001
_LEAP_DAY = 29
_MONTH_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def notes_on(cron: str, expression: CronExpression) -> Iterator[str]:
    """Yield one sentence about each unexpected effect, and about the numbers of weekdays."""
    yield from warnings_on(cron, expression)
    if not _is_quartz(expression):
        yield from _numbered_weekdays(expression)


def warnings_on(cron: str, expression: CronExpression) -> Iterator[str]:
    """Yield the sentences that a person shall read before the expression is saved."""
    yield from _steps(expression)
    yield from _hours_over_midnight(expression)
    yield from _either(expression)
    yield from _quartz_weekdays(expression)
    yield from _missing_days(expression)
    yield from _nearest_weekday(expression)
    yield from _fifth_weekdays(expression)
    if (years := _years(cron)) < _CYCLE:
        yield f"This is rare: it fires in {years} of {_CYCLE} years."


def _fields(cron: CronExpression) -> list[tuple[CronField, str, str]]:
    """Return the fields with the names of their values and of their periods."""
    return [
        (cron.minute, "minute", "hour"),
        (cron.hour, "hour", "day"),
        (cron.day, "day", "month"),
        (cron.month, "month", "year"),
        (cron.weekday, "weekday", "week"),
    ]


def _steps(cron: CronExpression) -> Iterator[str]:
    for field, noun, period in _fields(cron):
        for item in field.items:
            found = _STEP.fullmatch(item.text)
            if found is not None and int(found["step"]) > 1:
                yield from _step(field, item, int(found["step"]), (noun, period))


def _step(field: CronField, item: CronItem, step: int, words: tuple[str, str]) -> Iterator[str]:
    noun, period = words
    if len(item.values) == 1:
        only = _value(noun, item.values[0])
        yield f"{item.text} matches {only} only: the step reaches beyond the {period}."
        return
    is_open = "-" not in item.text
    first, last = item.values[0], item.values[-1]
    rest = first + field.size - last
    if is_open and noun == "day":
        yield (
            f"{item.text} starts anew every month: "
            f"the {ordinal(last)} can be followed by the {ordinal(first)}."
        )
    elif is_open and rest != step:
        yield (
            f"{item.text} starts anew every {period}: after {_value(noun, last)} comes "
            f"{_value(noun, first)}, {_counted(rest, 'day' if noun == 'weekday' else noun)} later."
        )


def _value(noun: str, value: int) -> str:
    match noun:
        case "month":
            return MONTHS[value - 1]
        case "weekday":
            return WEEKDAYS[value]
        case "day":
            return f"the {ordinal(value)}"
        case _:
            return f"{noun} {value}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _hours_over_midnight(cron: CronExpression) -> Iterator[str]:
    is_every_date = cron.is_daily and cron.month.is_full
    for item in cron.hour.items:
        found = _WRAPS.fullmatch(item.text)
        if found is not None and int(found[1]) > int(found[2]) and not is_every_date:
            yield (
                f"The hours 0 to {found[2]} of {item.text} are those of the same date, "
                "not of the next one."
            )


def _either(cron: CronExpression) -> Iterator[str]:
    if not cron.is_either:
        return
    day, weekday = cron.day.text, cron.weekday.text
    if cron.is_daily:
        yield (
            f"The day {day} or the weekday {weekday} is enough, and one of them is always true. "
            "Write * for the one that shall not count."
        )
        return
    yield f"The day {day} or the weekday {weekday} is enough; a date need not match both."


def _is_quartz(cron: CronExpression) -> bool:
    """Return True if the expression looks like one of Quartz, which has another numbering."""
    return "?" in {cron.day.text, cron.weekday.text}


def _numbers_of_weekdays(cron: CronExpression) -> list[int]:
    texts = [item.text.lower().replace("l", "") for item in cron.weekday.items]
    return sorted({int(number) for text in texts for number in _NUMBER.findall(text)})


def _numbered_weekdays(cron: CronExpression) -> Iterator[str]:
    numbers = _numbers_of_weekdays(cron)
    if numbers:
        names = [f"{number} is {WEEKDAYS[number % 7]}" for number in numbers]
        yield f"Weekdays count from 0 for Sunday: {joined(names)}."


def _quartz_weekdays(cron: CronExpression) -> Iterator[str]:
    numbers = _numbers_of_weekdays(cron) if _is_quartz(cron) else []
    if numbers:
        names = [f"{number} is {WEEKDAYS[number % 7]}" for number in numbers]
        yield (
            f"Here weekdays count from 0 for Sunday: {joined(names)}. Quartz, whose expressions "
            "contain ?, counts from 1 for Sunday: write names such as MON-FRI."
        )


def _missing_days(cron: CronExpression) -> Iterator[str]:
    """Explain that some months lack the only day in the field."""
    if cron.is_daily:
        return
    for item in cron.day.items:
        day = item.values[0] if len(item.values) == 1 else 0
        short = [month for month in cron.month.values if _MONTH_LENGTHS[month - 1] < day]
        if day == _LEAP_DAY and 2 in cron.month.values:
            yield "29 February exists in leap years only."
        elif short:
            names = joined([MONTHS[month - 1] for month in short])
            yield f"There is no {ordinal(day)} in {names}; L is the last day of a month."


def _nearest_weekday(cron: CronExpression) -> Iterator[str]:
    day = cron.nearest_day
    if day is not None and any(_MONTH_LENGTHS[month - 1] < day for month in cron.month.values):
        yield f"In a month without a {ordinal(day)}, the last day counts in its place."
    elif day == _LEAP_DAY and 2 in cron.month.values:
        yield "In a February of 28 days, the 28th counts in place of the 29th."


def _fifth_weekdays(cron: CronExpression) -> Iterator[str]:
    for weekday, nth in cron.nth_weekdays:
        if nth == 5:
            name = WEEKDAYS[weekday]
            yield f"Most months have no fifth {name}; L{weekday} is the last {name} of a month."


@lru_cache(maxsize=1024)
def _years(cron: str) -> int:
    """Return in how many of the years of a cycle the expression fires."""
    pattern = pattern_of(cron)
    found = 0
    for year in range(_FIRST_YEAR, _FIRST_YEAR + _CYCLE):
        start = datetime(year, 1, 1)  # noqa: DTZ001 - a wall-clock time
        first = next(pattern.times_from(start), None)
        found += first is not None and first.year == year
    return found
