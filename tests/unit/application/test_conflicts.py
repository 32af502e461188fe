"""Repeating a write that another writer overtook."""

from __future__ import annotations

import pytest

from polysync_core.application.conflicts import retry_on_conflict
from polysync_core.domain.errors import StaleETag, Unavailable


class Writer:
    def __init__(self, conflicts: int) -> None:
        self.conflicts, self.attempts = conflicts, 0

    def write(self) -> int:
        self.attempts += 1
        if self.attempts <= self.conflicts:
            raise StaleETag
        return self.attempts


@pytest.mark.parametrize("conflicts", [0, 1, 2])
def test_the_first_write_without_a_conflict_counts(conflicts: int) -> None:
    writer = Writer(conflicts)
    assert retry_on_conflict(writer.write, tries=3) == conflicts + 1
    assert writer.attempts == conflicts + 1


def test_too_many_conflicts_are_unavailable_with_the_message() -> None:
    writer = Writer(3)
    with pytest.raises(Unavailable, match="busy now") as raised:
        retry_on_conflict(writer.write, tries=3, busy="busy now")
    assert raised.value.retry_after == 1
    assert writer.attempts == 3


def test_without_a_message_the_conflict_itself_is_raised() -> None:
    with pytest.raises(StaleETag):
        retry_on_conflict(Writer(3).write, tries=3)
