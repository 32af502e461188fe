"""Parses one item of a cron field, such as a range, into numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

_SPAN = re.compile(
    r"(?P<low>\*|[0-9]+|[a-z]{3})(?:-(?P<high>[0-9]+|[a-z]{3}|l))?(?:/(?P<step>[0-9]+))?"
)
_NEAREST = re.compile(r"(?:([0-9]+)w|w([0-9]+))")
_NTH = re.compile(r"(?P<days>[^#*/]+)#(?P<nth>[1-5])")
_LAST = re.compile(r"l(?P<day>[0-9]|[a-z]{3})")

type Nth = int | Literal["last"]


class NotInDialectError(ValueError):
    """An item that the dialect does not know."""


class OutOfRangeError(NotInDialectError):
    """An item with a number that the field does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldKind:
    """The numbers and the names that one field of an expression can have."""

    name: str
    first: int
    size: int
    """The number of values from `first` on."""
    hint: str
    """The values in words, for an error."""
    names: tuple[str, ...] = ()

    @property
    def all(self) -> range:
        """Every value of the field."""
        return range(self.first, self.first + self.size)

    def number(self, text: str) -> int:
        """Return the number of a value; the weekday may be 7 for Sunday."""
        if text.upper() in self.names:
            return self.names.index(text.upper()) + self.first
        if not text.isdecimal():
            raise NotInDialectError
        number = int(text)
        last = self.all[-1] + (1 if self.name == "weekday" else 0)
        if not self.first <= number <= last:
            raise OutOfRangeError
        return number

    def wrapped(self, number: int) -> int:
        """Return a number that lies beyond the last value as a value."""
        return (number - self.first) % self.size + self.first


KINDS = (
    FieldKind(name="minute", first=0, size=60, hint="0 to 59"),
    FieldKind(name="hour", first=0, size=24, hint="0 to 23"),
    FieldKind(name="day", first=1, size=31, hint="1 to 31, or L"),
    FieldKind(name="month", first=1, size=12, hint="1 to 12, or JAN to DEC", names=MONTH_NAMES),
    FieldKind(
        name="weekday",
        first=0,
        size=7,
        hint="0 to 7, 0 and 7 are Sunday, or SUN to SAT",
        names=WEEKDAY_NAMES,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronItem:
    """One item of a field's list, such as a range or a step."""

    text: str
    values: tuple[int, ...] = ()
    """The matching numbers in ascending order; empty for `L`, `15W`, `5#2` and `L5`."""
    is_any: bool = False
    """True for `*` and `?`."""
    is_last_day: bool = False
    """True for `L` as the day."""
    nearest_day: int | None = None
    """The day of `15W`."""
    nth_weekdays: tuple[tuple[int, Nth], ...] = ()
    """The weekdays of `5#2` and `L5`."""


def item_of(kind: FieldKind, text: str) -> CronItem:
    """Expand an item; raise `NotInDialectError` for text that is none."""
    lower = text.lower()
    if lower == "*":
        return CronItem(text=text, values=tuple(kind.all), is_any=True)
    special = {"day": _special_day, "weekday": _special_weekday}.get(kind.name)
    found = special(kind, text, lower) if special is not None else None
    return found or CronItem(text=text, values=_numbers(kind, lower))


def _special_day(kind: FieldKind, text: str, lower: str) -> CronItem | None:
    if lower == "l":
        return CronItem(text=text, is_last_day=True)
    found = _NEAREST.fullmatch(lower)
    if found is None:
        return None
    return CronItem(text=text, nearest_day=kind.number(found[1] or found[2]))


def _special_weekday(kind: FieldKind, text: str, lower: str) -> CronItem | None:
    if found := _NTH.fullmatch(lower):
        days = _numbers(kind, found["days"])
        return CronItem(text=text, nth_weekdays=tuple((day, int(found["nth"])) for day in days))
    if found := _LAST.fullmatch(lower):
        return CronItem(text=text, nth_weekdays=((kind.number(found["day"]) % kind.size, "last"),))
    return None


def _numbers(kind: FieldKind, text: str) -> tuple[int, ...]:
    """Return the numbers of a value, a range or a step."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise NotInDialectError
    step = 1 if found["step"] is None else int(found["step"])
    if step == 0 or (found["low"] == "*" and found["high"] is not None):
        raise NotInDialectError
    return tuple(sorted({kind.wrapped(number) for number in _span(kind, found)[::step]}))


def _span(kind: FieldKind, found: re.Match[str]) -> range:
    """Return the numbers between the ends of an item; a wrap goes on beyond the last value."""
    if found["low"] == "*":
        return kind.all
    low = kind.number(found["low"])
    if found["high"] is None:
        low = kind.wrapped(low)
        return range(low, low + 1) if found["step"] is None else range(low, kind.all.stop)
    high = kind.all[-1] if _is_last(kind, found["high"]) else kind.number(found["high"])
    return range(low, high + 1 if low <= high else high + kind.size + 1)


def _is_last(kind: FieldKind, text: str) -> bool:
    return kind.name == "day" and text == "l"
