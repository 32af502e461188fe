"""The published AppKit and Polysync are asked the same, and must answer alike.

A difference that is wanted stands in its row with its reason. It is a fact to be checked like
any other: a row whose difference has gone fails as well.
"""

from __future__ import annotations

import pytest

from tests.contract.lakeflow.conftest import Pair
from tests.contract.lakeflow.expecting import expected
from tests.contract.lakeflow.rows import KEYS, TABLE
from tests.contract.lakeflow.table import Row

_NAMES = [row.name for row in TABLE]


@pytest.mark.parametrize("row", TABLE, ids=_NAMES)
def test_it_is_answered_as_by_the_original(row: Row, pair: Pair) -> None:
    theirs = pair.original(row).answer(row, KEYS[row.name])
    ours = pair.polysync(row).answer(row, KEYS[row.name])

    for place, (their, our) in enumerate(zip(theirs, ours, strict=True)):
        for part, (known, _) in row.parts(place).items():
            assert their.get(part) == known, f"request {place + 1}: the original has changed"
        assert our == expected(row, place, their), f"request {place + 1}"


def test_every_row_has_a_name_of_its_own() -> None:
    assert len(set(_NAMES)) == len(_NAMES)


def test_every_difference_is_one() -> None:
    for row in TABLE:
        for place in range(len(row.asks)):
            assert [part for part, both in row.parts(place).items() if both[0] == both[1]] == []
