"""Tests of the conversion of parameter values to the values that a platform accepts."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import convert_literal
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.values import as_json, as_texts, value_as_text


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


SCHEMA = [Parameter(name=kind.value, data_type=kind) for kind in DataType]


def test_values_become_typed_tokens() -> None:
    values: dict[str, JsonValue | Secret] = {
        "String": "7",
        "Secret": Secret("s3cret"),
        "Int": 7,
        "Float": 0.5,
        "Bool": False,
        "Json": {"a": [1]},
        "JsonArray": [],
        "unknown": "x",
        "absent": None,
    }

    expected = {name: value for name, value in values.items() if name != "absent"}
    assert as_json(values, SCHEMA) == {**expected, "Secret": "s3cret"}


@pytest.mark.parametrize(
    ("name", "secret", "token"),
    [
        ("Int", "7", 7),
        ("Float", "0.5", 0.5),
        ("Bool", "true", True),
        ("Json", '{"a": 1}', {"a": 1}),
        ("JsonArray", "[1]", [1]),
        ("String", "7", "7"),
        ("Secret", "7", "7"),
        ("unknown", "7", "7"),
    ],
)
def test_a_secret_takes_the_type_of_its_parameter_at_the_last_moment(
    name: str, secret: str, token: JsonValue
) -> None:
    assert as_json({name: Secret(secret)}, SCHEMA) == {name: token}


def test_a_secret_of_another_type_is_refused_without_being_shown() -> None:
    with pytest.raises(PlatformRefused, match=r"parameters\.Int: must be a whole number") as caught:
        as_json({"Int": Secret("hunter2")}, SCHEMA)

    assert caught.value.cause is FailureCause.PARAMETERS
    assert caught.value.__context__ is None
    assert "hunter2" not in str(caught.value)


@given(
    st.sampled_from([kind for kind in DataType if kind is not DataType.SECRET]),
    st.none()
    | st.booleans()
    | st.integers(-(10**29), 10**29)
    | st.floats(-1e29, 1e29)
    | st.text()
    | st.lists(st.integers())
    | st.dictionaries(st.text(), st.integers()),
)
def test_an_accepted_value_is_read_back_unchanged(data_type: DataType, value: JsonValue) -> None:
    """Inbound and outbound are one table: a token or text that returns is the same value."""
    parameter = Parameter(name="p", data_type=data_type)
    try:
        converted = convert_literal(value, data_type, path="p")
    except Invalid:
        return
    if converted is None:
        return

    token = as_json({"p": converted}, [parameter])["p"]
    text = as_texts({"p": converted}, [parameter])["p"]

    assert convert_literal(json.loads(json.dumps(token)), data_type, path="p") == converted
    if not (data_type is DataType.JSON and isinstance(converted, str | int | float | bool)):
        assert convert_literal(text, data_type, path="p") == converted
