"""Searching the documentation that comes with the app."""

from __future__ import annotations

from pathlib import Path

import pytest

from polysync_core.application.documentation import Documentation
from polysync_core.domain.errors import Unavailable

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("how does daylight saving work", "reference/schedules.md"),
        ("retry backoff", "reference/definitions.md"),
        ("who may cancel a run", "reference/access.md"),
        ("what is imported from databricks", "howto/import.md"),
        ("rate limit token bucket", "reference/contention.md"),
        ("connect vs code to the copilot", "howto/copilot.md"),
    ],
)
def test_a_question_finds_its_page(question: str, page: str) -> None:
    found = Documentation(folder=DOCS).search(question, limit=5)

    assert page in [each.page for each in found]


def test_an_app_without_its_documentation_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not part of this deployment"):
        Documentation(folder=tmp_path).search("cron", limit=1)
