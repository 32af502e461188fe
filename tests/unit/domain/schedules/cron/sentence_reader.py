"""Reads the sentence about a cron expression back into dates and times.

It knows the sentences only, and no cron expression.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta

_MONTHS = [
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
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_NTH = ["first", "second", "third", "fourth", "fifth"]
_NAMES = r"[A-Z][a-z]+(?:(?:, | and | to )[A-Z][a-z]+)*"
_OF = rf"every month|every \d+\w\w month from [A-Z][a-z]+ to [A-Z][a-z]+|{_NAMES}"
_EVERY_DAY = re.compile(rf"every day(?: of (?P<months>{_OF}))?")
_ON = re.compile(rf"on (?P<days>(?:(?! of ).)+) of (?P<months>{_OF})")
_WEEKLY = re.compile(rf"every (?P<weekdays>{_NAMES})(?: of (?P<months>{_OF}))?")
_CLOCK = r"\d\d:\d\d(?::\d\d)?"
_STEP = re.compile(r"every (?:(\d+)(?:st|nd|rd|th)? )?\w+ from (?:minute )?(\d+) to (\d+)")

type Days = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Meaning:
    """The dates and times of a sentence."""

    days: Days
    times: frozenset[time]


def read_sentence(sentence: str) -> Meaning:
    """Read a sentence, or raise `ValueError` for a part that is not understood."""
    text = sentence[0].lower() + sentence[1:]
    days, rest = _dates(text)
    return Meaning(days, _times(rest))


def _dates(text: str) -> tuple[Days, str]:
    if found := _EVERY_DAY.match(text):
        return _within(found["months"]), _rest(text, found)
    if found := _ON.match(text):
        on = _both(_within(found["months"]), _any_of(found["days"]))
        rest = text[found.end() :]
        if not rest.startswith(", and also "):
            return on, rest.strip(", ")
        also, rest = _dates(rest.removeprefix(", and also "))
        return (lambda day: on(day) or also(day)), rest
    if found := _WEEKLY.match(text):
        wanted = set(_named(found["weekdays"], _WEEKDAYS))
        weekly = _both(_within(found["months"]), lambda day: day.weekday() in wanted)
        return weekly, _rest(text, found)
    return (lambda _: True), text


def _rest(text: str, found: re.Match[str]) -> str:
    return text[found.end() :].strip(", ")


def _both(one: Days, other: Days) -> Days:
    return lambda day: one(day) and other(day)


def _within(months: str | None) -> Days:
    if months in {None, "every month"}:
        return lambda _: True
    if found := re.fullmatch(r"every (\d+)\w\w month from (\w+) to (\w+)", months or ""):
        first, last = _MONTHS.index(found[2]), _MONTHS.index(found[3])
        wanted = set(range(first, last + 1, int(found[1])))
    else:
        wanted = set(_named(months or "", _MONTHS))
    return lambda day: day.month - 1 in wanted


def _named(text: str, names: list[str]) -> list[int]:
    found: list[int] = []
    for part in _split(text):
        first, _, last = part.partition(" to ")
        number, end = names.index(first), names.index(last or first)
        found.append(number)
        while number != end:
            number = (number + 1) % len(names)
            found.append(number)
    return found


def _split(text: str) -> list[str]:
    return re.split(r", | and ", text)


def _any_of(text: str) -> Days:
    tests = [_day(part) for part in _split(text)]
    return lambda day: any(test(day) for test in tests)


def _day(part: str) -> Days:
    if part == "the last day":
        return lambda day: day.day == monthrange(day.year, day.month)[1]
    if found := re.fullmatch(r"the weekday nearest to the (\d+)\w\w", part):
        return lambda day: day == _nearest(day, int(found[1]))
    if found := re.fullmatch(r"the (\w+) (\w+day)", part):
        return _nth(found[1], _WEEKDAYS.index(found[2]))
    if found := re.fullmatch(r"every (\d+)\w\w day from the (\d+)\w\w to the (\d+)\w\w", part):
        step, first, last = map(int, found.groups())
        return lambda day: day.day in range(first, last + 1, step)
    if found := re.fullmatch(r"the (\d+)\w\w(?: to the (\d+)\w\w)?", part):
        first, last = int(found[1]), int(found[2] or found[1])
        return lambda day: first <= day.day <= last
    raise ValueError(f"a day that is not understood: {part}")


def _nearest(day: date, number: int) -> date:
    length = monthrange(day.year, day.month)[1]
    target = day.replace(day=min(number, length))
    near = [target + timedelta(days=shift) for shift in (0, -1, 1, -2, 2)]
    return next(each for each in near if each.month == day.month and each.weekday() < 5)


def _nth(nth: str, weekday: int) -> Days:
    def is_nth(day: date) -> bool:
        if nth == "last":
            return day.weekday() == weekday and (day + timedelta(days=7)).month != day.month
        return day.weekday() == weekday and (day.day - 1) // 7 == _NTH.index(nth)

    return is_nth


def _times(text: str) -> frozenset[time]:
    second = 0
    if found := re.search(r", at second (\d+)$", text):
        second, text = int(found[1]), text[: found.start()]
    if re.search(_CLOCK, text):
        return frozenset(each for part in _clock_parts(text) for each in _clocks(part))
    minutes, hours = _minutes_and_hours(text)
    return frozenset(time(hour, minute, second) for hour in hours for minute in minutes)


def _minutes_and_hours(text: str) -> tuple[set[int], set[int]]:
    if text == "every minute":
        return set(range(60)), set(range(24))
    if found := re.fullmatch(r"every (\d+) minutes", text):
        return set(range(0, 60, int(found[1]))), set(range(24))
    if text.startswith("every hour"):
        return _numbers(text.removeprefix("every hour").strip(", ")), set(range(24))
    minutes, hours = text.split(" of ")
    return _numbers(minutes), _numbers(hours)


def _numbers(text: str) -> set[int]:
    found: set[int] = set()
    for step, first, last in _STEP.findall(text):
        found |= set(range(int(first), int(last) + 1, int(step or 1)))
    plain = re.sub(r"at minutes?|hours?", "", _STEP.sub("", text))
    for first, last in re.findall(r"(\d+)(?: to (\d+))?", plain):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def _clock_parts(text: str) -> list[str]:
    return [part for part in re.split(r"(?:, | and |^)(?=every |at )", text) if part]


def _clocks(part: str) -> list[time]:
    if part.startswith("at "):
        return [time.fromisoformat(each) for each in re.findall(_CLOCK, part)]
    found = re.match(r"every (?:(\d+) )?(minute|hour)s?", part)
    if found is None:
        raise ValueError(f"times that are not understood: {part}")
    step = int(found[1] or 1) * (1 if found[2] == "minute" else 60)
    return [
        each
        for first, last in re.findall(rf"from ({_CLOCK}) to ({_CLOCK})", part)
        for each in _between(time.fromisoformat(first), time.fromisoformat(last), step)
    ]


def _between(first: time, last: time, step: int) -> list[time]:
    begin, end = first.hour * 60 + first.minute, last.hour * 60 + last.minute
    return [time(minute // 60, minute % 60, first.second) for minute in range(begin, end + 1, step)]
