"""Run ids and tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.errors import NotFound
from polysync_core.domain.runs.identity import (
    derived_run_id,
    new_run_id,
    parse_run_id,
    submit_token,
)

parts = st.lists(st.text(max_size=8), min_size=1, max_size=4)


@given(parts, parts)
def test_different_parts_never_share_an_id(one: list[str], other: list[str]) -> None:
    assert (derived_run_id(*one) == derived_run_id(*other)) == (one == other)


def test_an_id_is_read_back_and_fits_a_table_key() -> None:
    run_id = new_run_id()
    assert parse_run_id(run_id) == run_id
    assert run_id.isalnum()


@pytest.mark.parametrize("text", ["", "r", "../x", "R" * 26, "r" + "1" * 25, "r" + "a" * 25 + "\n"])
def test_an_invalid_id_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        parse_run_id(text)


def test_each_attempt_has_its_own_token_and_always_the_same() -> None:
    run_id = new_run_id()
    assert submit_token(run_id, 1) == submit_token(run_id, 1)
    assert submit_token(run_id, 1) != submit_token(run_id, 2)
    assert len(submit_token(run_id, 1)) == 64
