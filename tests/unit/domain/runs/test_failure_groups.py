"""Groups of failed runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.groups import FailureGroup, grouped
from polysync_core.domain.runs.run import RunStatus, TaskRun
from tests.fakes.builders import NOON, a_job, a_run, run_id


def failed(
    number: int, error: str | None, cause: Any = FailureCause.ARTEFACT, **facts: Any
) -> TaskRun:
    attempt = Attempt(number=1, status=RunStatus.FAILED, cause=cause, error=error)
    at = NOON - timedelta(minutes=number)
    found = {"run_id": run_id(str(number)), "queued_at": at, "attempts": (attempt,), **facts}
    return a_run(status=RunStatus.FAILED, reason="The platform reports failure.", **found)


def sizes(groups: list[FailureGroup]) -> list[int]:
    return [group.count for group in groups]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Run 4711 failed.", "Run 815 failed."),
        ("No cluster 0102-101112-abc123.", "No cluster 0304-202122-xyz789."),
        ("Stopped at 2026-01-01T06:00:00Z.", "Stopped at 2026-12-31T23:59:59Z."),
        (
            "Request 5f2b8c1e-90aa-4c1d-8f00-aa11bb22cc33 failed",
            "Request 00000000-90aa-4c1d-8f00-aa11bb22cc44 failed",
        ),
    ],
)
def test_errors_that_differ_in_numbers_and_ids_are_one_group(one: str, other: str) -> None:
    (group,) = grouped([failed(0, one), failed(1, other)])
    assert (group.count, group.error) == (2, one)
    assert group.run_ids == (run_id("0"), run_id("1"))
    assert (group.last_at, group.first_at) == (NOON, NOON - timedelta(minutes=1))


def test_other_tasks_causes_and_errors_are_other_groups() -> None:
    runs = [
        failed(0, "x"),
        failed(1, "x", FailureCause.TIMEOUT),
        failed(2, "x", task="other"),
        failed(3, "x", task=None),
        failed(4, "x", task=None, job=a_job(name="other")),
        failed(5, "y"),
        failed(6, "x"),
    ]
    assert sizes(grouped(runs)) == [2, 1, 1, 1, 1, 1]


def test_a_run_without_an_error_is_grouped_by_its_reason() -> None:
    (group,) = grouped([failed(0, None), failed(1, None)])
    assert group.error == "The platform reports failure."


def test_a_group_names_its_newest_hundred_runs() -> None:
    (group,) = grouped([failed(number, "x") for number in range(120)])
    assert (group.count, len(group.run_ids), group.run_ids[0]) == (120, 100, run_id("0"))


def test_no_runs_are_no_groups() -> None:
    assert grouped([]) == []
