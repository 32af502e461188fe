"""Parameter values on the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.cli.parameters import parse_parameters


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        pytest.param("a=1", {"a": "1"}, id="plain text stays text"),
        pytest.param("a=", {"a": ""}, id="text may be empty"),
        pytest.param("a= x=y ", {"a": " x=y "}, id="text keeps blanks and equals signs"),
        pytest.param("a:=1", {"a": 1}, id="a typed number"),
        pytest.param('a:={"b": [null]}', {"a": {"b": [None]}}, id="a typed object"),
        pytest.param("a=:=1", {"a": ":=1"}, id="only a colon before the first equals sign counts"),
    ],
)
def test_a_value_is_text_unless_it_is_typed(assignment: str, expected: dict[str, object]):
    assert parse_parameters([assignment]) == expected


@given(st.text())
def test_any_text_is_sent_unchanged(text: str):
    assert parse_parameters([f"name={text}"]) == {"name": text}


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        pytest.param(["a"], "name=value", id="no equals sign"),
        pytest.param(["=1"], "name=value", id="no name"),
        pytest.param([":=1"], "name=value", id="no name before a typed value"),
        pytest.param(["a:={"], "not JSON", id="broken JSON"),
        pytest.param(["a:=NaN"], "not JSON", id="a number that is not JSON"),
        pytest.param(["a=1", "a:=1"], "given twice", id="a name given twice"),
    ],
)
def test_a_malformed_value_is_refused(assignments: list[str], message: str):
    with pytest.raises(ValueError, match=message):
        parse_parameters(assignments)
