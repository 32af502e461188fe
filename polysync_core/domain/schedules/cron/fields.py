"""Parses a cron expression into the values and the items of its fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

from croniter import croniter

from polysync_core.domain.definitions.schedules import cron_fields

_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_SIZES = ((0, 60), (0, 24), (1, 31), (1, 12), (0, 7))
"""The first value of each field and the number of its values; the weekday 7 is 0."""

_SPECIAL = re.compile(r"l\d?|\d+w|w\d+|.+#\d+", re.IGNORECASE)
"""The items that are not numbers: the last day, the nearest weekday and the nth weekday."""

type Nth = int | Literal["last"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CronItem:
    """One item of a field's list, such as a range or a step."""

    text: str
    values: tuple[int, ...]
    """The matching numbers in ascending order; empty for `L`, `15W` and `5#2`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CronField:
    """One field of a cron expression."""

    text: str
    values: tuple[int, ...]
    """The matching numbers in ascending order."""
    items: tuple[CronItem, ...]
    is_any: bool
    """True if the field restricts nothing, and so does not count in the rule of day or weekday."""
    size: int
    """The number of values that the field can have."""

    @property
    def is_full(self) -> bool:
        """True if every number matches."""
        return self.is_any or len(self.values) == self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class CronExpression:
    """A checked cron expression."""

    second: int
    minute: CronField
    hour: CronField
    day: CronField
    month: CronField
    weekday: CronField
    has_last_day: bool
    """True if `L` stands in the field of the day."""
    nearest_day: int | None
    """The day of `15W`."""
    nth_weekdays: tuple[tuple[int, Nth], ...]
    """The weekdays of `5#2` and `L5`."""

    @property
    def is_either(self) -> bool:
        """True if a date matches when either its day or its weekday matches."""
        return not (self.day.is_any or self.weekday.is_any)

    @property
    def is_daily(self) -> bool:
        """True if every date of the months matches."""
        days = self.day.is_full and self.nearest_day is None
        weekdays = self.weekday.is_full and not self.nth_weekdays
        return (days or weekdays) if self.is_either else (days and weekdays)


def parse_cron(cron: str) -> CronExpression:
    """Parse a checked cron expression."""
    second, texts = cron_fields(cron)
    whole = croniter(" ".join(texts), _ANY_TIME)
    expanded = cast("list[list[int | str]]", whole.expanded)
    minute, hour, day, month, weekday = [
        _field(index, text, expanded[index]) for index, text in enumerate(texts)
    ]
    return CronExpression(
        second=second,
        minute=minute,
        hour=hour,
        day=day,
        month=month,
        weekday=weekday,
        has_last_day="l" in expanded[2],
        nearest_day=next(iter(whole.nearest_weekday or ()), None),
        nth_weekdays=_nth_weekdays(cast("dict[int, set[int | str]]", whole.nth_weekday_of_month)),
    )


def _field(index: int, text: str, expanded: list[int | str]) -> CronField:
    first, size = _SIZES[index]
    return CronField(
        text=text,
        values=_numbers(expanded, first, size),
        items=tuple(_item(index, each) for each in text.split(",")),
        # croniter sorts `*` before numbers and looks at the first entry only.
        is_any=expanded[0] == "*",
        size=size,
    )


def _item(index: int, text: str) -> CronItem:
    """Expand one item as if it stood alone in its field."""
    first, size = _SIZES[index]
    if _SPECIAL.fullmatch(text):
        return CronItem(text=text, values=())
    alone = ["*"] * len(_SIZES)
    alone[index] = text
    expanded = cast("list[list[int | str]]", croniter(" ".join(alone), _ANY_TIME).expanded)
    return CronItem(text=text, values=_numbers(expanded[index], first, size))


def _numbers(entries: list[int | str], first: int, size: int) -> tuple[int, ...]:
    if "*" in entries:
        return tuple(range(first, first + size))
    return tuple(sorted(each for each in entries if isinstance(each, int)))


def _nth_weekdays(found: dict[int, set[int | str]]) -> tuple[tuple[int, Nth], ...]:
    pairs: list[tuple[int, Nth]] = [
        (weekday, "last" if nth == "l" else cast("int", nth))
        for weekday, numbers in found.items()
        for nth in numbers
    ]
    return tuple(sorted(pairs, key=lambda pair: (str(pair[1]), pair[0])))
