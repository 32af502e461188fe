"""Tests of the cron dialect against a model that knows the documented table only."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import product, takewhile

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from polysync_core.domain.definitions.cron.check import check_cron
from polysync_core.domain.definitions.cron.dates import dates_from
from polysync_core.domain.definitions.cron.expression import parse_cron
from polysync_core.domain.definitions.cron.items import KINDS, FieldKind, item_of

_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY = KINDS
_BOUNDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 6)}
_NAMES = {
    "month": ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    "weekday": ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
}


def taken(field: str, low: int, high: int, step: int) -> set[int]:
    """Walk through the field, over its end if needed, and take every step-th value."""
    first, last = _BOUNDS[field]
    if field == "weekday" and low <= high == 7:
        return {value % 7 for value in range(low, 8, step)}
    low, high = (value % 7 if field == "weekday" else value for value in (low, high))
    found, value, passed = set[int](), low, 0
    while True:
        if passed % step == 0:
            found.add(value)
        if value == high:
            return found
        value, passed = (first if value == last else value + 1), passed + 1


def values(kind: FieldKind, text: str) -> set[int]:
    return set(item_of(kind, text).values)


def all_ends(kind: FieldKind) -> Iterator[tuple[int, int]]:
    first, last = _BOUNDS[kind.name]
    return product(range(first, last + 1 + (kind is _WEEKDAY)), repeat=2)


@pytest.mark.slow
class TestSingleItems:
    @pytest.mark.parametrize("kind", [_HOUR, _DAY, _MONTH, _WEEKDAY], ids=lambda kind: kind.name)
    def test_every_range_with_every_step_has_the_values_of_the_model(self, kind: FieldKind):
        for low, high in all_ends(kind):
            for step in range(1, kind.size + 2):
                text = f"{low}-{high}/{step}"
                assert values(kind, text) == taken(kind.name, low, high, step), text

    def test_every_range_of_minutes_has_the_values_of_the_model(self):
        for low, high in all_ends(_MINUTE):
            for step in (1, 2, 7, 60):
                text = f"{low}-{high}/{step}"
                assert values(_MINUTE, text) == taken("minute", low, high, step), text

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
    def test_every_number_star_and_open_step_has_its_values(self, kind: FieldKind):
        first, last = _BOUNDS[kind.name]
        every = range(first, last + 1)
        assert values(kind, "*") == set(every)
        for step in range(1, kind.size + 2):
            assert values(kind, f"*/{step}") == set(every[::step])
            for number in every:
                assert values(kind, f"{number}/{step}") == set(range(number, last + 1, step))
        for number in every:
            assert values(kind, f"{number}") == values(kind, f"{number:02}") == {number}

    @pytest.mark.parametrize("kind", [_MONTH, _WEEKDAY], ids=lambda kind: kind.name)
    def test_every_name_means_its_number(self, kind: FieldKind):
        names = dict(enumerate(_NAMES[kind.name], start=_BOUNDS[kind.name][0]))
        for (low, one), (high, other) in product(names.items(), repeat=2):
            for spelling in (str.upper, str.lower, str.title):
                for text in (f"{one}-{other}", f"{low}-{other}", f"{one}-{high}"):
                    assert values(kind, spelling(text)) == taken(kind.name, low, high, 1)
            assert values(kind, f"{one}/2") == values(kind, f"{low}/2")

    @pytest.mark.parametrize("sunday", ["0", "7", "SUN", "sun"])
    def test_both_numbers_of_sunday_are_equal(self, sunday: str):
        assert values(_WEEKDAY, sunday) == values(_WEEKDAY, f"{sunday}-{sunday}") == {0}
        assert values(_WEEKDAY, f"{sunday}/2") == {0, 2, 4, 6}
        assert values(_WEEKDAY, f"5-{sunday}") == {5, 6, 0}
        assert values(_WEEKDAY, f"{sunday}-SAT") == set(range(7))


@pytest.mark.parametrize(
    ("cron", "field", "expected"),
    [
        ("5-5 * * * *", "minute", {5}),
        ("0 9-9 * * MON-FRI", "hour", {9}),
        ("0 0 1-1 * *", "day", {1}),
        ("0 0 * JUN-JUN *", "month", {6}),
        ("0 0 * * 7-0", "weekday", {0}),
        ("0 0 1 11-2/3 *", "month", {11, 2}),
        ("0 0 1 11-3/3 *", "month", {11, 2}),
        ("0 17-2/3 * * *", "hour", {17, 20, 23, 2}),
        ("0 0 * * 6-1/2", "weekday", {6, 1}),
        ("0 0 * * 0-7", "weekday", set(range(7))),
        ("0 0 25-L * *", "day", set(range(25, 32))),
    ],
)
def test_an_expression_has_the_documented_values(cron: str, field: str, expected: set[int]):
    assert set(getattr(parse_cron(cron), field).values) == expected


@pytest.mark.parametrize(
    "cron",
    [
        *("*-5 * * * *", "5- * * * *", "-5 * * * *", "5-* * * * *", "5/ * * * *", "5/0 * * * *"),
        *("? * * * *", "0 0 ?,5 * *", "0 0 * ? *", "L * * * *", "0 0 * L *", "0 0 * * L"),
        *("0 0 L-3 * *", "0 0 LW * *", "0 0 5L * *", "0 0 * * 5L", "0 0 15W,16 * *", "0 0 0W * *"),
        *("0 0 * * 5#0", "0 0 * * 5#6", "0 0 * * *#2", "0 0 * * 8#1", "0 0 * * L8", "0 0 1#1 * *"),
        *(
            "0 0 * * MON/0",
            "+5 * * * *",
            "1_0 * * * *",
            "\u0665 * * * *",
            "5,,6 * * * *",
            ", * * * *",
        ),
        *("1.5 * * * *", "5-6-7 * * * *", "5/2/2 * * * *", "0 0 * FOO *", "0 0 * * JAN"),
    ],
)
def test_what_the_table_does_not_name_is_refused(cron: str):
    with pytest.raises(ValueError, match="is not a cron expression"):
        check_cron(cron)


# The dates of whole expressions.


def matches(kind: FieldKind, text: str, day: date) -> bool:
    """Return whether an item matches a date, by the words of the table."""
    length, weekday = monthrange(day.year, day.month)[1], day.isoweekday() % 7
    if text in {"*", "?"}:
        return True
    if text == "L":
        return day.day == length
    if text.endswith("W"):
        return day == nearest(day, int(text[:-1]))
    if "#" in text:
        number, nth = map(int, text.split("#"))
        return weekday == number % 7 and (day.day - 1) // 7 + 1 == nth
    if text.startswith("L"):
        return weekday == int(text[1:]) % 7 and day.day + 7 > length
    value = {"day": day.day, "month": day.month, "weekday": weekday}[kind.name]
    span, _, step = text.partition("/")
    low, _, high = span.partition("-")
    return value in taken(kind.name, int(low), int(high or low), int(step or 1))


def nearest(day: date, number: int) -> date:
    length = monthrange(day.year, day.month)[1]
    target = day.replace(day=min(number, length))
    near = (target + timedelta(days=shift) for shift in (0, -1, 1, -2, 2))
    return next(each for each in near if each.month == day.month and each.isoweekday() < 6)


def has_date(cron: str, day: date) -> bool:
    days, months, weekdays = cron.split()[2:]

    def any_of(kind: FieldKind, field: str) -> bool:
        return any(matches(kind, item, day) for item in field.split(","))

    combine: Callable[[list[bool]], bool] = all
    if not {"*", "?"} & {*days.split(",")} and not {"*", "?"} & {*weekdays.split(",")}:
        combine = any
    return any_of(_MONTH, months) and combine([any_of(_DAY, days), any_of(_WEEKDAY, weekdays)])


def spans(first: int, last: int) -> st.SearchStrategy[str]:
    value, step = st.integers(first, last), st.integers(1, last)
    return st.one_of(
        value.map(str),
        st.tuples(value, value).map(lambda ends: f"{ends[0]}-{ends[1]}"),
        st.tuples(value, value, step).map(lambda each: f"{each[0]}-{each[1]}/{each[2]}"),
    )


def lists(*items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(st.one_of(*items), min_size=1, max_size=3).map(",".join)
    return st.one_of(st.just("*"), several)


_LAST_WEEKDAYS = st.integers(0, 7).map(lambda day: f"L{day}")
_NTH = st.tuples(st.integers(0, 7), st.integers(1, 5)).map(lambda each: f"{each[0]}#{each[1]}")
_DAYS = st.one_of(
    lists(spans(1, 31), st.just("L"), st.just("*")),
    st.integers(1, 31).map(lambda day: f"{day}W"),
    st.just("?"),
)
_WEEKDAYS = st.one_of(lists(spans(0, 7)), lists(_NTH, _LAST_WEEKDAYS), st.just("?"))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(_DAYS, lists(spans(1, 12)), _WEEKDAYS, st.integers(1996, 2101))
def test_the_dates_of_an_expression_are_those_of_the_model(
    days: str, months: str, weekdays: str, year: int
):
    cron = f"0 0 {days} {months} {weekdays}"
    try:
        expression = parse_cron(cron)
    except ValueError as error:
        assert "use two schedules" in str(error)
        assume(False)
        raise
    begin, end = date(year, 1, 1), date(year + 1, 1, 1)
    expected = [
        day
        for number in range((end - begin).days)
        if has_date(cron, day := begin + timedelta(days=number))
    ]

    assert list(takewhile(lambda day: day < end, dates_from(expression, begin))) == expected
