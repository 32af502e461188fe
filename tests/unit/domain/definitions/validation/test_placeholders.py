"""Tests that a wrong value is replaced once, even if several problems name it."""

from __future__ import annotations

from typing import Any

from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation.placeholders import replace_value


def test_a_value_inside_a_removed_object_needs_no_replacement() -> None:
    raw: dict[str, Any] = {"name": "t", "job": "j", "parameters": {"kept": 1}}

    assert replace_value(Task, raw, ("parameters", "removed", "dict", "deeper"), 1)

    assert raw["parameters"] == {"kept": 1}
