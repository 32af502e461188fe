"""The line and the column of a field in a text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.strict_documents import write_yaml
from polysync_core.domain.text_positions import TextPosition, positions_of

TEXT = """\
jobs:
  - name: load
    parameters:
      - {name: day, dataType: Date}
tasks:
- name: nightly
  schedules:
    - cron: "99 * * * *"
      timeZone: Mars/Olympus
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ("jobs", 1, 1),
        ("jobs[0]", 2, 5),
        ("jobs[0].parameters[0].dataType", 4, 21),
        ("tasks[0].schedules[0].cron", 8, 7),
        ("tasks[0].schedules[0].timeZone", 9, 7),
    ],
)
def test_a_field_begins_at_its_key(path: str, line: int, column: int) -> None:
    assert positions_of(TEXT, [path]) == {path: TextPosition(line, column)}


@pytest.mark.parametrize(
    ("missing", "present"),
    [
        ("tasks[0].job", "tasks[0]"),
        ("tasks[0].schedules[0].retry.backoff", "tasks[0].schedules[0]"),
        ("tasks[7].name", "tasks"),
        ("webhooks[0].url", ""),
    ],
)
def test_a_missing_field_has_the_position_of_what_is_around_it(missing: str, present: str) -> None:
    positions = positions_of(TEXT, [missing, present])
    assert positions[missing] == positions[present]


def test_a_key_with_a_point_is_found_by_its_whole_name() -> None:
    text = "jobs:\n  - tags:\n      cost.centre: 7\n"
    assert positions_of(text, ["jobs[0].tags.cost.centre"])["jobs[0].tags.cost.centre"].line == 3


def test_json_has_positions_too() -> None:
    text = json.dumps({"tasks": [{"name": "a", "job": "b"}]}, indent=2)
    assert positions_of(text, ["tasks[0].job"])["tasks[0].job"].line == 5


@pytest.mark.parametrize("text", ["{", "a: b: c", "\t- x", "'"])
def test_a_text_that_is_not_yaml_has_no_positions(text: str) -> None:
    assert positions_of(text, ["a"]) == {}


def test_an_empty_text_has_no_positions() -> None:
    assert positions_of("", ["tasks"]) == {}


_VALUES = st.recursive(
    st.text("ab", max_size=3) | st.integers(0, 9) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", min_size=1), inner),
    max_leaves=20,
)


def _paths(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Return each path inside a value with the key or the index that ends it."""
    if isinstance(value, dict):
        steps = [(f"{path}.{key}" if path else key, each) for key, each in value.items()]
    elif isinstance(value, list):
        steps = [(f"{path}[{index}]", each) for index, each in enumerate(value)]
    else:
        return []
    return [pair for step, each in steps for pair in [(step, step), *_paths(each, step)]]


@pytest.mark.slow
@given(st.dictionaries(st.text("xyz", min_size=1), _VALUES, min_size=1))
def test_every_field_of_any_document_is_found_in_order(value: dict[str, Any]) -> None:
    paths = [path for path, _ in _paths(value)]
    found = positions_of(write_yaml(value), paths)
    places = [(found[path].line, found[path].column) for path in paths]
    assert places == sorted(places)
    assert len(found) == len(paths)
