"""Tests of the compare-and-set loop."""

from __future__ import annotations

import pytest

from polysync_core.domain.conflicts import MAX_TRIES, retry_on_conflict
from polysync_core.domain.errors import NotFound, StaleETag, Unavailable


class Writer:
    """Loses to other writers a number of times."""

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.tries = 0

    def attempt(self) -> str:
        self.tries += 1
        if self.tries <= self.losses:
            raise StaleETag
        return "written"


def test_an_attempt_is_repeated_until_no_other_writer_interferes() -> None:
    writer = Writer(losses=MAX_TRIES - 1)
    assert retry_on_conflict(writer.attempt) == "written"
    assert writer.tries == MAX_TRIES


def test_an_exhausted_budget_raises_the_error_of_the_caller() -> None:
    writer = Writer(losses=MAX_TRIES)
    exhausted = Unavailable("Too many writers.", retry_after=1)
    with pytest.raises(Unavailable) as raised:
        retry_on_conflict(writer.attempt, exhausted=exhausted)
    assert raised.value is exhausted
    assert writer.tries == MAX_TRIES


def test_an_exhausted_budget_raises_the_last_conflict_if_the_caller_names_no_error() -> None:
    writer = Writer(losses=1)
    with pytest.raises(StaleETag):
        retry_on_conflict(writer.attempt, max_tries=1)
    assert writer.tries == 1


def test_other_errors_are_not_retried() -> None:
    def attempt() -> None:
        raise NotFound

    with pytest.raises(NotFound):
        retry_on_conflict(attempt)


def test_a_budget_without_an_attempt_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        retry_on_conflict(lambda: None, max_tries=0)
