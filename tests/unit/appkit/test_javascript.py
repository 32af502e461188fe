"""Tests for reading numbers and writing values by the rules of JavaScript."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.appkit.javascript import as_text, leading_number
from polysync_core.domain.json_types import JsonValue


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        ("7xyz", 7),
        ("2.7", 2),
        ("1e3", 1),
        ("0x10", 0),
        ("-5", -5),
        ("\u3000\ufeff\v5", 5),
        ("\x1c5", None),
        ("\x855", None),
        ("+11", 11),
        (" \t\n9", 9),
        ("\ufeff9", 9),
        ("007", 7),
        ("", None),
        ("x7", None),
        ("- 5", None),
        ("Infinity", None),
        ("NaN", None),
        (".9", None),
        ("\u0667", None),  # a digit of another script
    ],
)
def test_the_number_at_the_start_of_a_text_is_read(text: str, number: int | None) -> None:
    assert leading_number(text) == number


def test_a_number_of_any_length_is_read() -> None:
    assert (leading_number("9" * 1_000_000) or 0) > 10**300


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ("a b", "a b"),
        ("", ""),
        (0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (1.5, "1.5"),
        (-2.25, "-2.25"),
        (100.0, "100"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"),
        (123456789.125, "123456789.125"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (12345678901234567890, "12345678901234567890"),  # with all digits, unlike JavaScript
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
        ([], ""),
        ([1, [2, 3.0]], "1,2,3"),
        ([None, "a"], ",a"),
        ({"a": 1}, "[object Object]"),
        ([{"a": 1}], "[object Object]"),
    ],
)
def test_a_value_is_written_as_javascript_writes_it(value: JsonValue, text: str) -> None:
    assert as_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_number_reads_back_as_the_same_number(value: float) -> None:
    assert float(as_text(value)) == value


@given(st.floats(min_value=1e-6, max_value=1e20))
def test_ordinary_numbers_are_written_without_an_exponent(value: float) -> None:
    text = as_text(value)
    assert "e" not in text
    assert not text.endswith(".0")
