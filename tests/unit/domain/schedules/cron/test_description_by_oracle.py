"""Tests that the words about a cron expression name exactly its fire times."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from itertools import takewhile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from polysync_core.domain.definitions.cron.check import check_cron
from polysync_core.domain.definitions.cron.expression import CRON_NAMES
from polysync_core.domain.schedules.cron.description import describe_cron
from polysync_core.domain.schedules.wall_clock import pattern_of
from tests.examples import examples
from tests.unit.domain.schedules.cron.sentence_reader import read_sentence

_BEGIN, _END = datetime(2024, 1, 1), datetime(2029, 1, 1)  # noqa: DTZ001 - wall clocks
_DAYS = [_BEGIN.date() + timedelta(days=number) for number in range((_END - _BEGIN).days)]

_BOUNDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}
_NAMES = {
    "month": ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    "weekday": ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
}


def single_items(field: str) -> list[str]:
    """Return an item of every shape that a field can have, with many numbers."""
    first, last = _BOUNDS[field]
    middle = (first + last) // 2
    spans = [(first, last), (first, middle), (middle, last), (middle, middle), (last, first)]
    items = ["*", *map(str, range(first, last + 1))]
    items += [f"{low}-{high}" for low, high in [*spans, (last - 1, first + 1)]]
    items += [f"{low}-{high}/{step}" for low, high in spans for step in (2, 3, 50)]
    items += [
        f"{start}/{step}" for start in ("*", first, middle, last) for step in (1, 2, 5, 7, 99)
    ]
    items += _NAMES.get(field, [])
    if field in _NAMES:
        items += ["SUN-THU", "THU-MON", "MON/2"] if field == "weekday" else ["NOV-FEB", "MAR-MAY"]
    if field == "day":
        items += ["L", "?", "l", *(f"{day}W" for day in range(1, 32)), "W15", "25-L"]
    if field == "weekday":
        items += ["?", *(f"{day}#{nth}" for day in range(8) for nth in range(1, 6))]
        items += ["MON#1", *(f"L{day}" for day in range(8))]
    return items


def is_valid(cron: str) -> bool:
    try:
        check_cron(cron)
    except ValueError:
        return False
    return True


def check_sentence(cron: str) -> None:
    meaning, pattern = read_sentence(describe_cron(cron).sentence), pattern_of(cron)

    assert meaning.times == set(pattern.times), cron
    dates = [day for day in _DAYS if meaning.days(day)]
    assert dates == dates_of(" ".join(cron.split()[-3:])), cron


@cache
def dates_of(fields: str) -> list[date]:
    """Return the dates in five years, without the times of day."""
    walls = pattern_of(f"0 0 {fields}").times_from(_BEGIN)
    return [wall.date() for wall in takewhile(lambda wall: wall < _END, walls)]


def single_item_crons(field: str) -> list[str]:
    """Return a valid expression with each item of a field."""
    crons = [
        " ".join(
            item if name == field else ("0" if name in {"minute", "hour"} else "*")
            for name in _BOUNDS
        )
        for item in single_items(field)
    ]
    return [cron for cron in crons if is_valid(cron)]


def items(field: str) -> st.SearchStrategy[str]:
    one = st.sampled_from(single_items(field))
    some = st.lists(one, min_size=1, max_size=3, unique=True).map(",".join)
    return st.one_of(st.just("*"), one, some)


_CRONS = st.tuples(
    st.one_of(st.none(), st.integers(0, 59)), *(items(field) for field in _BOUNDS)
).map(lambda fields: " ".join(str(each) for each in fields if each is not None))


@pytest.mark.slow
class TestSentence:
    @pytest.mark.parametrize("field", _BOUNDS)
    def test_every_single_item_is_described_as_it_fires(self, field: str):
        for cron in single_item_crons(field):
            check_sentence(cron)

    @examples(100)
    @given(_CRONS)
    def test_every_combination_is_described_as_it_fires(self, cron: str):
        assume(is_valid(cron))
        check_sentence(cron)

    @pytest.mark.parametrize("name", sorted(CRON_NAMES))
    def test_a_name_is_described_as_its_fields(self, name: str):
        assert describe_cron(name).sentence == describe_cron(CRON_NAMES[name]).sentence
        assert describe_cron(f" {name.upper()} ").fields == CRON_NAMES[name]
