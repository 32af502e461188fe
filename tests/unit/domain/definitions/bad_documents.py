"""Changes that make a valid document invalid, and the problems that are reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.definitions.document import read_document
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.domain.errors import Invalid
from polysync_core.platforms.registry import check_job, outputs_problem, platform_plugin
from tests.fakes.definitions import FakeDefinitions, documents_of, lakehouse

type Break = Callable[[dict[str, Any]], None]

RULES = Rules(
    development=True,
    check_platform=lambda platform: platform_plugin(platform.type) and None,
    check_job=check_job,
    outputs_problem=outputs_problem,
)


def set_value(*path: str | int, to: Any) -> Break:
    """Return a function that sets one value of a document."""

    def break_document(document: dict[str, Any]) -> None:
        parent: Any = document
        for part in path[:-1]:
            parent = parent[part]
        parent[path[-1]] = to

    return break_document


def change_schedule(**changes: Any) -> Break:
    def break_document(document: dict[str, Any]) -> None:
        document["tasks"][1]["schedules"][0].update(changes)

    return break_document


def assert_refused(break_document: Break, path: str, remedy: str) -> None:
    """Assert that a changed document is refused with the path and the remedy."""
    raw = lakehouse()
    break_document(raw)
    store = FakeDefinitions()

    with pytest.raises(Invalid) as caught:
        documents_of(store, RULES).apply(read_document(raw), engine=None)

    messages = {problem.path: problem.message for problem in caught.value.problems}
    assert path in messages, messages
    assert remedy in messages[path]
    assert not store.stored
