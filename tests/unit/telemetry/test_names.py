"""Log lines and the reference use exactly the registered names."""

from __future__ import annotations

import ast
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest

from polysync_core.telemetry.actions import ACTIONS
from tests.unit.infra.templates import ROOT, deployed_files
from tests.unit.telemetry.reference import BEGIN, END, tables

pytestmark = pytest.mark.slow

EMBEDDED = ROOT / "polysync_embedded"
REFERENCE = ROOT / "docs" / "reference" / "telemetry.md"
PASSED_ON = {"_log_change", "_facts", "_log_fields", "_stop", "_log_edit"}
"""Functions that take an action and build the fields of a log line."""


def _constants(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from _constants(value.body)
            yield from _constants(value.orelse)


def _keys(node: ast.Dict) -> set[str]:
    return {key.value for key in node.keys if isinstance(key, ast.Constant)}


@cache
def _logged() -> dict[str, set[str]]:
    """Return every action in the code, with the fields of its log lines."""
    found = defaultdict[str, set[str]](set)
    for file in (*deployed_files(), *EMBEDDED.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Dict(keys=keys, values=values):
                    for key, value in zip(keys, values, strict=True):
                        if isinstance(key, ast.Constant) and key.value == "action":
                            for action in _constants(value):
                                found[action] |= _keys(node) - {"action"}
                case ast.Call(func=ast.Name(id=name), args=args) if name in PASSED_ON:
                    for action in (text for each in args for text in _constants(each)):
                        if re.fullmatch(r"[a-z]+(_[a-z]+)+", action):
                            found[action] |= set()
                case _:
                    pass
    return dict(found)


def test_every_action_that_is_logged_is_registered() -> None:
    """Register a new action in `polysync_core/telemetry/actions.py`."""
    assert set(_logged()) - set(ACTIONS) == set()


def test_every_registered_action_is_logged() -> None:
    assert set(ACTIONS) - set(_logged()) == set()


@pytest.mark.parametrize("action", ACTIONS)
def test_the_fields_beside_an_action_are_registered(action: str) -> None:
    assert _logged().get(action, set()) <= set(ACTIONS[action].fields)


def test_the_reference_lists_the_registered_names() -> None:
    """With `ACCEPT=1`, the test rewrites the tables."""
    text = REFERENCE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    expected = f"{before}{BEGIN}\n{tables()}{END}{after}"
    if os.environ.get("ACCEPT"):
        REFERENCE.write_text(expected)
    assert REFERENCE.read_text() == expected
