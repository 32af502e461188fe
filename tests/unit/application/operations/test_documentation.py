"""Tests that search the deployed documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from polysync_core.application.operations.documentation import Documentation
from polysync_core.domain.errors import Unavailable

pytestmark = pytest.mark.slow

DOCUMENTATION = Documentation(folder=Path(__file__).parents[4] / "docs")
"""Shared, because it indexes all pages on its first search."""


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
def test_a_search_finds_the_page_of_a_question(question: str, page: str) -> None:
    found = DOCUMENTATION.search(question, limit=5)

    assert page in [each.page for each in found]


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("How do I run a task every day at 6 in the morning?", "reference/schedules.md"),
        ("How do I connect a Databricks workspace?", "reference/platforms/azure-databricks.md"),
        ("Which permission does AWS Glue need?", "reference/platforms/aws-glue.md"),
        ("How do I run an Airflow DAG?", "reference/platforms/apache-airflow.md"),
        ("What happens when a run fails, how do retries work?", "reference/runs.md"),
        ("How do I make one task start after another?", "reference/dependencies.md"),
        ("How to pass the output of one task to the next?", "reference/dependencies.md"),
        ("How do I limit how many runs go at the same time?", "reference/contention.md"),
        ("Where do I put my password or token?", "reference/definitions.md"),
        ("What is a Task and what is a Job?", "reference/definitions.md"),
        ("Who may change things?", "reference/access.md"),
        ("Can I skip a task on holidays?", "reference/schedules.md"),
        ("Why is my run waiting?", "reference/contention.md"),
        ("Trigger a run from another system", "howto/messages.md"),
    ],
)
def test_the_first_results_hold_the_page_of_a_question_in_everyday_words(
    question: str, page: str
) -> None:
    found = DOCUMENTATION.search(question, limit=3)

    assert page in [each.page for each in found]


def test_a_search_without_deployed_documentation_raises_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not part of this deployment"):
        Documentation(folder=tmp_path).search("cron", limit=1)
