"""Tests of value conditions: their language, their bounds and their errors."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from pydantic import TypeAdapter, ValidationError

from polysync_core.domain.dependencies.expressions import (
    MAX_LENGTH,
    Untestable,
    ValueCondition,
    is_true,
    output_names,
)
from polysync_core.domain.json_types import JsonValue

CONDITION = TypeAdapter(ValueCondition)
OUTPUTS: dict[str, JsonValue] = {
    "row_count": 5,
    "name": "x",
    "files": [1, 2],
    "report": {"a": {"b": 3}},
    "row-count": 7,
    "is_new": True,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("row_count > 0", True),
        ("row_count<=4", False),
        ("0 < row_count < 10", True),
        ("row_count * 2 - 1 == 9 and row_count / 2 > 2", True),
        ("-row_count < 0", True),
        ("name == 'x' or row_count > 100", True),
        ("not is_new", False),
        ("is_new == true", True),
        ("nothing == null", True),
        ("name in ['x', 'y']", True),
        ("name not in ('x', 'y')", False),
        ("files[0] == 1 and report['a']['b'] == 3", True),
        ("outputs['row-count'] >= 7", True),
    ],
)
def test_an_expression_has_the_value_that_it_has_in_python(text: str, value: bool) -> None:
    assert is_true(CONDITION.validate_python(text), OUTPUTS) is value


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("(", "is not an expression such as row_count > 0"),
        ("row_count > 0; 1", "is not an expression"),
        ("1 > 0", "reads no output: name an output"),
        ("outputs == 3", "reads no output"),
        ("-" * 400 + "row_count > 0", "nested more than 20 levels"),
        ("row_count > 0 or " * 50 + "true", "too_long"),
        *(
            (text, "must compare outputs with values")
            for text in (
                "len(files) > 1",
                "name.upper() == 'X'",
                "name.__class__ == 1",
                "2 ** row_count > 1",
                "row_count % 2 == 0",
                "[x for x in files] == 1",
                "(lambda: row_count)() == 1",
                "row_count if is_new else 1",
                "f'{name}' == 'x'",
                "(x := row_count) > 0",
                "name is 'x'",
            )
        ),
    ],
)
def test_any_other_text_is_refused_with_the_remedy(text: str, remedy: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CONDITION.validate_python(text)
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rows > 1", "there is no output 'rows'"),
        ("row_count / 0 > 1", "cannot be compared"),
        ("name > 3", "cannot be compared"),
        ("name * 1000000000 == 'x'", "cannot be compared"),
        ("files * 1000000000 == 1", "cannot be compared"),
        ("files[9] == 1", "cannot be compared"),
        ("report['z'] == 1", "cannot be compared"),
        ("row_count", "neither true nor false"),
        ("outputs[name] == 1", "cannot be compared"),
    ],
)
def test_outputs_that_do_not_fit_make_a_condition_untestable(text: str, why: str) -> None:
    with pytest.raises(Untestable, match=why):
        is_true(CONDITION.validate_python(text), OUTPUTS)


def test_the_read_outputs_are_known_before_the_run() -> None:
    text = "row_count > 0 and outputs['b-c'] == files[0] and true != null"
    assert output_names(text) == {"row_count", "b-c", "files"}


WORDS = (
    "row_count name files report outputs true null 0 1.5 'x' ( ) [ ] , < > == != in not and or "
    "+ - * / . ** lambda if else for := { } : \\"
)


@given(st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=14).map(" ".join))
def test_every_text_is_refused_or_has_a_value_or_a_reason(text: str) -> None:
    try:
        checked = CONDITION.validate_python(text)
        result: Any = is_true(checked, OUTPUTS)
    except (ValidationError, Untestable):
        return
    assert result in {True, False}
    assert len(text) <= MAX_LENGTH
