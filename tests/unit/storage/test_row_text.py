"""Long texts in several properties, and the limits of keys and sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.errors import Broken, Invalid, Malformed, TooLarge
from polysync_core.storage.row_text import (
    MAX_BYTES,
    UNITS_PER_PROPERTY,
    join_text,
    split_text,
    utf16_units,
)
from polysync_core.storage.rows import (
    Row,
    RowRange,
    check_key,
    check_size,
    decode_token,
    encode_token,
    hashed_key,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("", 1, id="empty"),
        pytest.param("x" * UNITS_PER_PROPERTY, 1, id="just one property"),
        pytest.param("x" * (UNITS_PER_PROPERTY + 1), 2, id="one character more"),
        pytest.param("\U0001f680" * 16_384, 2, id="a surrogate pair at the limit"),
        pytest.param("x" * (MAX_BYTES // 2), 15, id="the longest"),
    ],
)
def test_a_text_is_split_and_joined(text: str, parts: int) -> None:
    split = split_text("json", text)

    assert len(split) == parts
    assert all(len(part.encode("utf-16-le")) // 2 <= UNITS_PER_PROPERTY for part in split.values())
    assert join_text("json", split) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.integers(1, 3000))
def test_any_text_is_read_as_it_was_written(text: str, times: int) -> None:
    whole = text * times
    assert utf16_units(whole) == len(whole.encode("utf-16-le")) // 2
    assert join_text("t", split_text("t", whole)) == whole


def test_a_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        split_text("json", "x" * (MAX_BYTES // 2 + 1))
    with pytest.raises(TooLarge):
        split_text("json", "\U0001f680" * (MAX_BYTES // 4 + 1))


def test_half_of_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(Invalid):
        split_text("json", "a\ud800")


def test_a_missing_text_is_none() -> None:
    assert join_text("json", {"other": "x"}) is None


@pytest.mark.parametrize("key", ["a/b", "a\\b", "a#b", "a?b", "a\tb", "a\x80", "x" * 513])
def test_an_invalid_key_is_an_internal_error(key: str) -> None:
    with pytest.raises(Broken):
        check_key(key)


def test_sizes_are_measured_as_in_azure() -> None:
    check_size(Row("p", "k", {f"a{n}": "x" * 32_000 for n in range(16)}))
    with pytest.raises(TooLarge):
        check_size(Row("p", "k", {f"a{n}": "x" * 32_767 for n in range(16)}))
    with pytest.raises(TooLarge):
        check_size(Row("p", "k", {"a": "\U0001f680" * 16_384}))


@given(st.lists(st.text(max_size=6), max_size=3), st.lists(st.text(max_size=6), max_size=3))
def test_distinct_parts_have_distinct_keys(one: list[str], other: list[str]) -> None:
    assert (hashed_key(*one) == hashed_key(*other)) == (one == other)


# No key has a control character.
KEYS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)


@given(KEYS, st.none() | KEYS)
def test_a_continuation_token_is_decoded(partition: str, key: str | None) -> None:
    position = {"PartitionKey": partition, "RowKey": key}
    rows = RowRange("p", "a")
    assert decode_token("Table", rows, encode_token("Table", rows, position)) == position


@given(st.text(max_size=30))
def test_any_other_token_is_malformed(token: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_token("Table", RowRange("p"), token)

    assert caught.value.problems[0].path == "continuationToken"


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("Other", RowRange("p", "a", "b")),
        ("Table", RowRange("q", "a", "b")),
        ("Table", RowRange("p", "b", "b")),
        ("Table", RowRange("p", "a")),
    ],
)
def test_a_token_of_another_list_is_malformed(table: str, rows: RowRange) -> None:
    token = encode_token("Table", RowRange("p", "a", "b"), {"PartitionKey": "p", "RowKey": "k"})

    with pytest.raises(Malformed):
        decode_token(table, rows, token)


def test_values_never_become_part_of_a_query() -> None:
    query, values = RowRange("p' or true", "a", "b").filter()

    assert query == "PartitionKey eq @partition and RowKey ge @start and RowKey lt @stop"
    assert values == {"partition": "p' or true", "start": "a", "stop": "b"}
    assert RowRange.prefixed("p", "h~") == RowRange("p", "h~", "h\x7f")
