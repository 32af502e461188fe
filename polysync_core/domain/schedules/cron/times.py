"""Describes the times of day of a cron expression in English words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from polysync_core.domain.definitions.cron.expression import CronExpression, CronField
from polysync_core.domain.schedules.cron.spans import Span, spans_of

_FEW = 6
"""The maximum number of times of a day that are listed one by one."""


def joined(parts: Sequence[str]) -> str:
    """Join texts with commas and a final `and`."""
    *rest, last = parts
    return f"{', '.join(rest)} and {last}" if rest else last


def times_in_words(cron: CronExpression) -> str:
    """Describe the times of day, such as `every 15 minutes from 09:00 to 17:45`."""
    if cron.hour.is_full:
        return _with_second(_every_hour(cron.minute), cron.second)
    if len(cron.minute.values) * len(cron.hour.values) <= _FEW:
        times = product(cron.hour.values, cron.minute.values)
        return f"at {joined([_clock(cron, *time) for time in times])}"
    if len(cron.minute.values) == 1:
        return _hourly(cron, cron.minute.values[0])
    step, hours = _even_step(cron.minute), spans_of(cron.hour)
    if step is not None and all(span.step == 1 for span in hours):
        return _windows(cron, step, hours)
    text = f"{_minutes(cron.minute)} of {_hours(hours)}"
    return _with_second(text, cron.second)


def _every_hour(minute: CronField) -> str:
    if minute.is_full:
        return "every minute"
    step = _even_step(minute)
    if step is not None and minute.values[0] == 0:
        return f"every {step} minutes"
    minutes = _minutes(minute)
    return f"every hour {minutes}" if minutes.startswith("at ") else f"every hour, {minutes}"


def _hourly(cron: CronExpression, minute: int) -> str:
    """Describe one time in each of many hours."""
    hours = spans_of(cron.hour)
    single = [_clock(cron, span.first, minute) for span in hours if span.is_single]
    parts = [f"at {joined(single)}"] if single else []
    for span in hours:
        if not span.is_single:
            every = "every hour" if span.step == 1 else f"every {span.step} hours"
            first, last = _clock(cron, span.first, minute), _clock(cron, span.last, minute)
            parts.append(f"{every} from {first} to {last}")
    return joined(parts)


def _windows(cron: CronExpression, step: int, hours: Sequence[Span]) -> str:
    """Describe minutes in equal steps that go on over the hours of each range."""
    first, last = cron.minute.values[0], cron.minute.values[-1]
    windows = [
        f"from {_clock(cron, span.first, first)} to {_clock(cron, span.last, last)}"
        for span in hours
    ]
    return f"every {_counted(step, 'minute')} {joined(windows)}"


def _even_step(minute: CronField) -> int | None:
    """Return the step of minutes that continue in the same step in the next hour."""
    values = minute.values
    if len(values) == 1:
        return None
    step = values[1] - values[0]
    is_even = minute.size % step == 0 and values == tuple(range(values[0], minute.size, step))
    return step if is_even and values[0] < step else None


def _minutes(minute: CronField) -> str:
    spans = spans_of(minute)
    single = [str(span.first) for span in spans if span.is_single]
    parts = [f"at {_plural('minute', len(single))} {joined(single)}"] if single else []
    parts += [
        f"every {_counted(span.step, 'minute')} from minute {span.first} to {span.last}"
        for span in spans
        if not span.is_single
    ]
    return joined(parts)


def _hours(spans: Sequence[Span]) -> str:
    even = [span for span in spans if span.step == 1]
    texts = [str(span.first) if span.is_single else f"{span.first} to {span.last}" for span in even]
    is_one = len(even) == 1 and even[0].is_single
    parts = [f"{'hour' if is_one else 'hours'} {joined(texts)}"] if texts else []
    parts += [
        f"every {ordinal(span.step)} hour from {span.first} to {span.last}"
        for span in spans
        if span.step > 1
    ]
    return joined(parts)


def ordinal(number: int) -> str:
    """Return a number as an ordinal, such as `2nd`."""
    teen = 10 < number % 100 < 14
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _counted(step: int, noun: str) -> str:
    return noun if step == 1 else f"{step} {noun}s"


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def _clock(cron: CronExpression, hour: int, minute: int) -> str:
    clock = f"{hour:02}:{minute:02}"
    return f"{clock}:{cron.second:02}" if cron.second else clock


def _with_second(text: str, second: int) -> str:
    return f"{text}, at second {second}" if second else text
