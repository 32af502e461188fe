"""Outputs from the exit value of a notebook."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.errors import Invalid, TooLarge
from polysync_core.platforms.azure_databricks.outputs import ExitValue
from polysync_core.platforms.calls import UnexpectedAnswer


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        pytest.param('{"rows": 7, "path": "/x"}', {"rows": 7, "path": "/x"}, id="an object"),
        pytest.param("{}", {}, id="an empty object"),
        pytest.param("[1, 2]", {"result": "[1, 2]"}, id="a list stays text"),
        pytest.param("42", {"result": "42"}, id="a number stays text"),
        pytest.param("", {"result": ""}, id="an empty text is a value"),
        pytest.param("done: 3 rows", {"result": "done: 3 rows"}, id="no JSON"),
        pytest.param('{"rows": NaN}', {"result": '{"rows": NaN}'}, id="no JSON, but Python's"),
        pytest.param('{"rows": ', {"result": '{"rows": '}, id="half of an object"),
    ],
)
def test_an_object_becomes_one_output_per_key_and_another_value_becomes_result(
    text: str, outputs: dict[str, Any]
) -> None:
    assert ExitValue(text, truncated=False).outputs() == outputs


@pytest.mark.parametrize("output", [None, {}, {"truncated": False}, {"result": None}])
def test_a_notebook_without_an_exit_value_has_no_outputs(output: Any) -> None:
    assert ExitValue.of({"notebook_output": output}).outputs() == {}


def test_a_truncated_value_is_refused() -> None:
    cut = ExitValue.of({"notebook_output": {"result": '{"rows": 7}', "truncated": True}})

    with pytest.raises(TooLarge, match="exit with the path of the data instead"):
        cut.outputs()


@pytest.mark.parametrize("text", ['{"__class__": "x"}', '{"a": "\\ud800"}', '{"a": 1e999}'])
def test_an_object_that_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        ExitValue(text, truncated=False).outputs()


@pytest.mark.parametrize("output", [7, "x", [], {"result": 7}, {"result": {"rows": 7}}])
def test_an_answer_of_another_shape_is_unexpected(output: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        ExitValue.of({"notebook_output": output})
