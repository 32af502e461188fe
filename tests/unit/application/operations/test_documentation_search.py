"""Tests of the sections of a page and of their ranking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.application.operations.documentation_search import SectionIndex, sections_of

PAGE = """\
# Runs

What a run is.

## Retries

After `maxRetryAttempts` the run has failed.

```
# no heading
```

## Empty

### Deeper

How long runs are kept.
"""


def test_a_page_is_split_into_its_sections() -> None:
    found = [(each.headings, each.text.splitlines()[0]) for each in sections_of("runs.md", PAGE)]

    assert found == [
        (("Runs",), "What a run is."),
        (("Runs", "Retries"), "After `maxRetryAttempts` the run has failed."),
        (("Runs", "Empty", "Deeper"), "How long runs are kept."),
    ]


@pytest.mark.parametrize(
    ("question", "best"),
    [
        pytest.param("calendar", None, id="a word that no section has"),
        pytest.param("retry", "Retries", id="the singular of a word"),
        pytest.param("how are retries counted?", "Retries", id="a word of the heading"),
        pytest.param("attempts", "Retries", id="a part of a name"),
        pytest.param("MAXRETRYATTEMPTS", "Retries", id="a name in upper case"),
        pytest.param("kept", "Deeper", id="a word of the text"),
        pytest.param("what is the", None, id="only stop words"),
    ],
)
def test_the_best_section_comes_first(question: str, best: str | None) -> None:
    found = SectionIndex(sections_of("a.md", PAGE)).best(question, limit=1)

    assert [each.headings[-1] for each in found] == ([best] if best else [])


@given(st.text(), st.text(), st.integers(1, 5))
def test_a_search_accepts_any_page_and_question(page: str, question: str, limit: int) -> None:
    sections = list(sections_of("a.md", page))

    found = SectionIndex(sections).best(question, limit=limit)

    assert len(found) <= limit
    assert all(each in sections for each in found)
