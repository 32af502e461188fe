"""Parses a cron expression into the values of each field.

The dialect is the table in `docs/reference/schedules.md`. This module expands every item itself,
because croniter reads some ranges and steps in another way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from polysync_core.domain.definitions.cron.items import (
    KINDS,
    MONTH_NAMES,
    WEEKDAY_NAMES,
    CronItem,
    FieldKind,
    NotInDialectError,
    Nth,
    OutOfRangeError,
    item_of,
)

CRON_NAMES = {
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
    """A cron expression whose syntax is right; it may have no date."""

    second: int
    minute: CronField
    hour: CronField
    day: CronField
    month: CronField
    weekday: CronField

    @property
    def has_last_day(self) -> bool:
        """True if `L` stands in the field of the day."""
        return any(item.is_last_day for item in self.day.items)

    @property
    def nearest_day(self) -> int | None:
        """The day of `15W`."""
        return self.day.items[0].nearest_day

    @property
    def nth_weekdays(self) -> tuple[tuple[int, Nth], ...]:
        """The weekdays of `5#2` and `L5`."""
        pairs = {pair for item in self.weekday.items for pair in item.nth_weekdays}
        return tuple(sorted(pairs, key=lambda pair: (str(pair[1]), pair[0])))

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


@lru_cache(maxsize=4096)
def parse_cron(cron: str) -> CronExpression:
    """Parse an expression, or raise `ValueError` with the remedy."""
    second, texts = _fields_of(cron)
    fields = [_field(kind, text) for kind, text in zip(KINDS, texts, strict=True)]
    minute, hour, day, month, weekday = fields
    expression = CronExpression(
        second=second, minute=minute, hour=hour, day=day, month=month, weekday=weekday
    )
    if _is_mixed(expression):
        raise ValueError(
            "has '#', 'W' or a last weekday beside another day or weekday: "
            "write * for the other one, or use two schedules"
        )
    return expression


def _fields_of(cron: str) -> tuple[int, list[str]]:
    """Return the second and the five other fields."""
    if cron.strip().startswith("@"):
        name = cron.strip().lower()
        if name not in CRON_NAMES:
            raise ValueError(f"'{cron}' is not one of {', '.join(CRON_NAMES)}")
        return 0, CRON_NAMES[name].split()
    fields = cron.split()
    if len(fields) not in {5, 6}:
        raise ValueError(
            f"has {len(fields)} fields; give five ({_FIELDS}) or six with a leading second"
        )
    if any(map(_RANDOM.search, fields)):
        raise ValueError("'H' and 'R' are not supported: use jitterSeconds to spread fire times")
    if len(fields) == 5:
        return 0, fields
    if not _SECOND.fullmatch(fields[0]):
        raise ValueError(
            "the leading second must be one number from 0 to 59: "
            "a schedule fires at most once a minute"
        )
    return int(fields[0]), fields[1:]


def _field(kind: FieldKind, text: str) -> CronField:
    try:
        items = _items(kind, text)
    except NotInDialectError as error:
        problem = "out of range" if isinstance(error, OutOfRangeError) else "not valid"
        raise ValueError(
            f"is not a cron expression: the {kind.name} '{text}' is {problem} "
            f"({kind.hint}){_meant(text)}"
        ) from error
    return CronField(
        text=text,
        values=tuple(sorted({number for item in items for number in item.values})),
        items=items,
        is_any=any(item.is_any for item in items),
        size=kind.size,
    )


def _items(kind: FieldKind, text: str) -> tuple[CronItem, ...]:
    if text == "?" and kind.name in {"day", "weekday"}:
        return (CronItem(text=text, values=tuple(kind.all), is_any=True),)
    items = tuple(item_of(kind, each) for each in text.split(","))
    if len(items) > 1 and any(item.nearest_day is not None for item in items):
        raise NotInDialectError
    return items


def _is_mixed(cron: CronExpression) -> bool:
    """Return True if a special day or weekday stands beside another restriction."""
    nths = [bool(item.nth_weekdays) for item in cron.weekday.items]
    is_special = any(nths) or cron.nearest_day is not None
    return is_special and (cron.is_either or len(set(nths)) > 1)


def _meant(field: str) -> str:
    """Return a suggestion if a name of a field is written out, such as MONDAY."""
    for word in re.findall(r"[A-Za-z]{4,}", field):
        if word[:3].upper() in {*WEEKDAY_NAMES, *MONTH_NAMES}:
            return f"; did you mean '{word[:3].upper()}'?"
    return ""
