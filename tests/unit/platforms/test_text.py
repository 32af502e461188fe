from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.definitions.jobs import DataType
from polysync_core.domain.json import JsonValue
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.text import LONGEST_MESSAGE, for_people, value_as_text


@pytest.mark.parametrize(
    ("value", "data_type", "text"),
    [
        (True, DataType.BOOL, "true"),
        (False, DataType.BOOL, "false"),
        (0, DataType.INT, "0"),
        (-(10**20), DataType.INT, "-100000000000000000000"),
        (1.5, DataType.FLOAT, "1.5"),
        (2.0, DataType.FLOAT, "2.0"),
        (1e-7, DataType.FLOAT, "0.0000001"),
        (1e22, DataType.FLOAT, "10000000000000000000000"),
        (0.1, DataType.FLOAT, "0.1"),
        (3, DataType.FLOAT, "3"),
        ("", DataType.STRING, ""),
        ("ä\n'\"", DataType.STRING, "ä\n'\""),
        ("x", DataType.JSON, '"x"'),
        (None, DataType.JSON, "null"),
        (None, DataType.STRING, None),
        (None, None, None),
        ({"b": 1, "a": [True, None]}, DataType.JSON, '{"b":1,"a":[true,null]}'),
        (["ü"], DataType.JSON_ARRAY, '["ü"]'),
        (Secret("s3cret"), DataType.SECRET, "s3cret"),
        (Secret("s3cret"), None, "s3cret"),
    ],
)
def test_a_value_has_one_text(
    value: JsonValue | Secret, data_type: DataType | None, text: str | None
) -> None:
    assert value_as_text(value, data_type) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_its_value_and_has_no_exponent(number: float) -> None:
    text = value_as_text(number, DataType.FLOAT)

    assert text is not None
    assert "e" not in text.lower()
    assert math.isclose(float(text), number, rel_tol=0, abs_tol=0)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=8))
def test_json_can_be_read_back(value: JsonValue) -> None:
    text = value_as_text(value, DataType.JSON)

    assert text is not None
    assert json.loads(text) == value


def test_a_platforms_text_is_one_line_of_bounded_length() -> None:
    assert for_people("a\n\tb\x1b[31m\u202ec") == "a b [31m c"
    assert for_people("") is None
    assert for_people(None) is None
    assert for_people({"a": 1}) is None
    shown = for_people("x" * 1_000_000)
    assert shown is not None
    assert len(shown) == LONGEST_MESSAGE
