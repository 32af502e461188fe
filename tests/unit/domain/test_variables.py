"""Tests of run variables in texts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.errors import Invalid
from polysync_core.domain.variables import RunVariables, check_template, substitute

RUN = RunVariables(
    id="run-1",
    attempt=2,
    scheduled_time=datetime(2026, 2, 28, 19, 30, tzinfo=UTC),
    time_zone="Australia/Sydney",
    trigger_type="Schedule",
    graph_run_id="graph-1",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${run.id}/${run.attempt}", "run-1/2"),
        ("${run.triggerType} ${run.graphRunId}", "Schedule graph-1"),
        ("${run.scheduledTime}", "2026-02-28T19:30:00Z"),
        ("${run.scheduledTime:%Y-%m-%d}", "2026-03-01"),
        ("${run.scheduledTime:%H:%M}", "06:30"),
        ("$${run.id}", "${run.id}"),
        ("$$${run.id}", "$${run.id}"),
        ("$ {run.id} }{ $x 100%", "$ {run.id} }{ $x 100%"),
    ],
)
def test_variables_are_replaced(text: str, expected: str) -> None:
    check_template(text)
    assert substitute(text, RUN) == expected


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("${run.date}", "is not a run variable"),
        ("${}", "is not a run variable"),
        ("${run.id", "has no '}'"),
        ("${run.id:%Y}", "only ${run.scheduledTime}"),
        ("${run.scheduledTime:}", "is empty"),
        ("${run.scheduledTime:%Q}", "not a format directive"),
        ("${run.scheduledTime:%}", "not a format directive"),
    ],
)
def test_a_text_with_an_invalid_variable_is_refused_with_the_remedy(text: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        check_template(text)
    assert remedy in str(caught.value)
    with pytest.raises(Invalid):
        substitute(text, RUN)


@given(st.text())
def test_an_inserted_value_is_never_substituted_again(hostile: str) -> None:
    run = RunVariables(
        id=hostile + "${run.attempt}",
        attempt=1,
        scheduled_time=RUN.scheduled_time,
        trigger_type="Manual",
        graph_run_id="g",
    )

    assert substitute("<${run.id}>", run) == f"<{hostile}${{run.attempt}}>"


@given(st.text(alphabet="$${}run.id:%Ya ", max_size=30))
def test_an_accepted_text_can_be_substituted(text: str) -> None:
    try:
        check_template(text)
    except ValueError:
        return
    substitute(text, RUN)
