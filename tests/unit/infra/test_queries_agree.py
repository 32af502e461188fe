"""Alerts and workbook ask for what the code logs: its actions, and the fields beside them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.unit.infra.templates import BICEP, ROOT, deployed_files, template, variable

WORKBOOK = BICEP / "workbook.json"
MONITOR = ROOT / "docs" / "howto" / "monitor.md"


@cache
def _texts() -> tuple[frozenset[str], frozenset[str]]:
    """Return the actions that the code logs, and every name it might give a field."""
    actions, fields = set[str](), set[str]()
    for file in deployed_files():
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Dict():
                    for key, value in zip(node.keys, node.values, strict=True):
                        if isinstance(key, ast.Constant) and isinstance(key.value, str):
                            fields.add(key.value)
                            if key.value == "action":
                                actions |= set(_constants(value))
                case _:
                    pass
    return frozenset(actions), frozenset(fields)


def _constants(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from _constants(value.body)
            yield from _constants(value.orelse)


def _rules() -> dict[str, str]:
    rules = variable(template("modules/alerts.bicep"), "rules")
    return {str(rule["name"]): str(rule["query"]) for rule in rules}


def _items() -> dict[str, str]:
    items = json.loads(WORKBOOK.read_text())["items"]
    return {item["name"]: item["content"]["query"] for item in items if "query" in item["content"]}


QUERIES = {**_rules(), **_items()}


def _asked(query: str) -> set[str]:
    """Return the actions that a query compares with."""
    compared = re.findall(r'action\)? == "(\w+)"', query)
    lists = re.findall(r"action\)? in \(([^)]*)\)", query)
    return {*compared, *(name for each in lists for name in re.findall(r'"(\w+)"', each))}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_for_actions_and_fields_that_the_code_logs(name: str) -> None:
    actions, fields = _texts()
    query = QUERIES[name]
    assert _asked(query) <= actions
    assert set(re.findall(r"customDimensions\.(\w+)", query)) <= fields
    assert _asked(query) or 'name == "tick"' in query


def test_the_timer_that_is_missed_is_one_that_there_is() -> None:
    functions = json.loads((ROOT / "tests" / "integration" / "functions.json").read_text())
    assert functions["tick"]


def test_a_query_that_asks_for_an_unknown_action_would_be_found() -> None:
    query = 'traces | where tostring(customDimensions.action) in ("run_ended", "no_such")'
    assert _asked(query) - _texts()[0] == {"no_such"}
    assert _asked('traces | where action == "no_such"') == {"no_such"}


def test_the_how_to_tells_of_every_alert() -> None:
    told = set(re.findall(r"^### `([\w-]+)`", MONITOR.read_text(), re.MULTILINE))
    assert told == set(_rules())


def test_actions_that_the_how_to_names_exist() -> None:
    named = set(re.findall(r"action `(\w+)`", MONITOR.read_text()))
    assert named
    assert named <= _texts()[0]


def test_names_of_rules_and_items_are_given_once() -> None:
    assert len(QUERIES) == len(_rules()) + len(_items())
