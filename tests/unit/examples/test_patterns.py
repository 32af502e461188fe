"""The page of patterns shows documents that can be applied, each with a diagram."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from polysync_core.application.definitions.plans import ApplyPlan
from polysync_core.domain.definitions.document import read_document
from polysync_core.domain.strict_documents import read_yaml
from tests.fakes.definitions import FakeDefinitions, documents_of
from tests.unit.examples.test_definitions import RULES

PAGE = (Path(__file__).parents[3] / "docs/howto/patterns.md").read_text()
COMMON, *SECTIONS = PAGE.split("\n## ")
PATTERNS = {text.partition("\n")[0]: text for text in SECTIONS}
MAX_LINES = 10


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def applied(*documents: str) -> ApplyPlan:
    """Apply documents one after another, and return the last plan."""
    stored = FakeDefinitions()
    for text in documents:
        document: Any = read_yaml(text.encode())
        plan = documents_of(stored, RULES).apply(read_document(document), engine=None)
    return plan


@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_pattern_is_short_and_can_be_applied(pattern: str) -> None:
    text = PATTERNS[pattern]
    (common,) = blocks(COMMON, "yaml")
    for block in blocks(text, "yaml"):
        assert len(block.splitlines()) <= MAX_LINES
        plan = applied(common, block)
        assert list(plan.warnings) == []
    assert blocks(text, "yaml") or blocks(text, "console") or "](" in text


@pytest.mark.parametrize("pattern", [name for name, text in PATTERNS.items() if "```" in text])
def test_each_pattern_has_a_diagram(pattern: str) -> None:
    (diagram,) = blocks(PATTERNS[pattern], "mermaid")
    assert diagram.startswith("flowchart LR\n")
