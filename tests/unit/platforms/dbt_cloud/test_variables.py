"""The variables of dbt in the commands of a job: read, merged and quoted."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.dbt_cloud.parameters import schema_of, with_variables


def variables_of(command: str) -> Any:
    words = shlex.split(command)
    assert words.count("--vars") == 1
    return json.loads(words[words.index("--vars") + 1])


@pytest.mark.parametrize(
    "value", ["it's", '"', "a b", "$(rm x)", "`x`", "ü", "\\", "{{ x }}", "a\nb", "--vars", "#"]
)
def test_a_value_with_odd_characters_stays_one_value(value: str) -> None:
    (command,) = with_variables(["dbt build"], {"name": value})
    assert variables_of(command) == {"name": value}
    assert shlex.split(command)[:2] == ["dbt", "build"]


@pytest.mark.parametrize(
    ("command", "values", "expected"),
    [
        ("dbt build", {"rows": 3}, {"rows": 3}),
        ("dbt build --vars '{rows: 1, day: x}'", {"rows": 3}, {"rows": 3, "day": "x"}),
        ("dbt build --vars='{\"rows\": 1}' -s a", {"day": "y"}, {"rows": 1, "day": "y"}),
        ("dbt build --vars '{a: 1}' --vars '{b: 2}'", {"c": 3}, {"b": 2, "c": 3}),
    ],
)
def test_given_values_replace_those_of_the_command(
    command: str, values: JsonObject, expected: JsonObject
) -> None:
    (changed,) = with_variables([command], values)
    assert variables_of(changed) == expected
    assert ("-s" in shlex.split(changed)) is ("-s" in command)


@pytest.mark.parametrize(
    "command", ["dbt build --vars '{a: 1", "dbt run --vars '[1]'", "dbt run 'x"]
)
def test_a_command_that_cannot_be_read_gets_no_values(command: str) -> None:
    with pytest.raises(PlatformRefused, match="cannot get variables") as refusal:
        with_variables([command], {"a": "canary"})
    assert refusal.value.cause is FailureCause.PARAMETERS
    assert "canary" not in str(refusal.value)
    assert schema_of([command]).notes


def test_the_variables_of_all_commands_become_parameters() -> None:
    schema = schema_of(["dbt seed --vars '{a: 1}'", "dbt build --vars '{b: [x], a: 2}'"])
    assert {each.name: each.default for each in schema.parameters} == {"a": 2, "b": ["x"]}
    assert not schema.is_complete
