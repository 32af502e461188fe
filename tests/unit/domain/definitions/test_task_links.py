"""Tests the links of a Task, read from its stored text."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import encode_definition, read_definition
from polysync_core.domain.definitions.task_links import TaskLinks, links_of


def test_links_are_those_of_the_whole_task() -> None:
    raw = {
        "name": "load",
        "job": "sales",
        "tags": {"team": "sales"},
        "dependencies": [{"task": "a"}, {"task": "b", "condition": "OnFailure"}],
    }
    text = encode_definition(read_definition(Kind.TASK, raw))

    assert links_of("load", text) == TaskLinks(
        name="load", tags={"team": "sales"}, upstreams=("a", "b")
    )


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "no json",
        "[]",
        "{}",
        '{"tags": [], "dependencies": {}}',
        '{"tags": {"a": 1}, "dependencies": [1, null, {"task": 2}, {}]}',
    ],
)
def test_a_broken_text_has_a_name_only(text: str | None) -> None:
    assert links_of("load", text) == TaskLinks(name="load")
