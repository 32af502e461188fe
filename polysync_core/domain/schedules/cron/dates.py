"""Describes the dates of a cron expression in English words."""

from __future__ import annotations

from collections.abc import Sequence

from polysync_core.domain.definitions.cron.expression import CronExpression, CronField
from polysync_core.domain.definitions.cron.items import Nth
from polysync_core.domain.schedules.cron.spans import Span, spans_of
from polysync_core.domain.schedules.cron.times import joined, ordinal

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_NTH = ("first", "second", "third", "fourth", "fifth")
_LONG = 3


def dates_in_words(cron: CronExpression) -> str:
    """Describe the dates, such as `every day` or `on the last day of every month`."""
    months = _months(cron.month)
    if cron.is_daily:
        return "every day" if cron.month.is_full else f"every day of {months}"
    if cron.is_either:
        return f"{_days(cron, months)}, and also {_weekdays(cron, months)}"
    return _weekdays(cron, months) if cron.day.is_any else _days(cron, months)


def _days(cron: CronExpression, months: str) -> str:
    parts = [_day_span(span) for span in spans_of(cron.day)] if cron.day.values else []
    if cron.nearest_day is not None:
        parts = [f"the weekday nearest to the {ordinal(cron.nearest_day)}"]
    if cron.has_last_day:
        parts.append("the last day")
    return f"on {joined(parts)} of {months}"


def _day_span(span: Span) -> str:
    first, last = f"the {ordinal(span.first)}", f"the {ordinal(span.last)}"
    if span.is_single:
        return first
    if span.step == 1:
        return f"{first} to {last}"
    return f"every {ordinal(span.step)} day from {first} to {last}"


def _weekdays(cron: CronExpression, months: str) -> str:
    of_months = "" if cron.month.is_full else f" of {months}"
    if cron.nth_weekdays:
        parts = [f"the {_nth(nth)} {WEEKDAYS[weekday]}" for weekday, nth in cron.nth_weekdays]
        return f"on {joined(parts)} of {months}"
    return f"every {_named(cron.weekday.values, WEEKDAYS)}{of_months}"


def _nth(nth: Nth) -> str:
    return "last" if nth == "last" else _NTH[nth - 1]


def _months(month: CronField) -> str:
    if month.is_full:
        return "every month"
    spans = spans_of(month)
    if len(spans) == 1 and spans[0].step > 1:
        first, last = MONTHS[spans[0].first - 1], MONTHS[spans[0].last - 1]
        return f"every {ordinal(spans[0].step)} month from {first} to {last}"
    return _named(month.values, MONTHS, first=1)


def _named(values: Sequence[int], names: Sequence[str], *, first: int = 0) -> str:
    """Name the values, where `first` is the value of the first name.

    A run of values becomes a range, also over the end of the names.
    """
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    if len(runs) > 1 and (runs[0][0], runs[-1][-1]) == (first, first + len(names) - 1):
        runs = [*runs[1:-1], runs[-1] + runs[0]]
    parts: list[str] = []
    for run in runs:
        words = [names[value - first] for value in run]
        parts += words if len(run) < _LONG else [f"{words[0]} to {words[-1]}"]
    return joined(parts)
