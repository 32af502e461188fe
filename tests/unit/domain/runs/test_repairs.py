"""The failed run that an attempt repairs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import Conflict
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.parameters.values import values_of, with_values
from polysync_core.domain.runs.repairs import failed_run_to_repair
from polysync_core.domain.runs.run import RunStatus, TaskRun
from tests.fakes.builders import a_job, a_run

WORKFLOW = {"job_type": JobType.DATABRICKS_WORKFLOW, "external_id": "42"}
REPAIRING = a_job(**WORKFLOW, settings={"retryFrom": "Failure"})
STARTING = a_job(**WORKFLOW)


def attempts(*facts: dict[str, Any]) -> tuple[Attempt, ...]:
    return tuple(Attempt(number=number, **each) for number, each in enumerate(facts, start=1))


FAILED = {"external_run_id": "7", "cause": FailureCause.ARTEFACT, "status": RunStatus.FAILED}
UNSENT = {"external_run_id": None, "cause": FailureCause.PLATFORM_UNREACHABLE}
GONE = {"external_run_id": "8", "cause": FailureCause.LOST}


def run_with(*facts: dict[str, Any], **changes: Any) -> TaskRun:
    return a_run(**{"job": REPAIRING, "attempts": attempts(*facts)} | changes)


@pytest.mark.parametrize(
    ("run", "attempt", "repaired"),
    [
        pytest.param(run_with(), 1, None, id="a first attempt starts"),
        pytest.param(run_with(FAILED), 2, "7", id="a retry repairs the failed attempt"),
        pytest.param(run_with(FAILED, job=STARTING), 2, None, id="unless the Job says so"),
        pytest.param(run_with(UNSENT), 2, None, id="an attempt that never arrived"),
        pytest.param(run_with(FAILED, UNSENT), 3, "7", id="the last one that arrived"),
        pytest.param(run_with(FAILED, GONE), 3, None, id="a lost run cannot be repaired"),
        pytest.param(run_with(repairs="5"), 1, "5", id="a rerun from the failure"),
        pytest.param(run_with(UNSENT, repairs="5"), 2, "5", id="and its retry before a start"),
        pytest.param(run_with(FAILED, job=STARTING, repairs="5"), 2, None, id="not its retries"),
        pytest.param(run_with(FAILED, FAILED, FAILED), 2, "7", id="a former attempt, later"),
    ],
)
def test_the_run_that_an_attempt_repairs(run: TaskRun, attempt: int, repaired: str | None) -> None:
    assert run.repaired_by(attempt) == repaired


def test_a_repair_keeps_the_values_of_the_failed_attempt() -> None:
    sent = {**FAILED, "parameters": {"day": "2026-11-30"}}
    run = run_with(sent, {}, parameters={"day": "${run.scheduledTime:%Y}", "rows": 7})

    values = values_of(run, with_values(run).attempts[-1])

    assert values is not None
    assert values.values == {"day": "2026-11-30", "rows": 7}


def test_the_values_of_another_run_are_not_claimed() -> None:
    run = run_with({}, parameters={"day": "${run.id}"}, repairs="5")

    values = values_of(run, with_values(run).attempts[-1])

    assert values is not None
    assert (values.values, values.not_kept) == ({}, ("day",))


ENDED = run_with(FAILED, status=RunStatus.FAILED)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED])
def test_a_failed_run_that_the_platform_knows_can_be_repaired(status: RunStatus) -> None:
    assert failed_run_to_repair(replace(ENDED, status=status), REPAIRING) == "7"


@pytest.mark.parametrize(
    ("run", "changes", "reason"),
    [
        pytest.param(replace(ENDED, status=RunStatus.SUCCEEDED), {}, "no part of it", id="success"),
        pytest.param(replace(ENDED, status=RunStatus.SKIPPED), {}, "no part of it", id="skipped"),
        pytest.param(replace(ENDED, attempts=()), {}, "does not know", id="never started"),
        pytest.param(replace(ENDED, attempts=attempts(GONE)), {}, "does not know", id="lost"),
        pytest.param(ENDED, {"external_id": "43"}, "another artefact", id="other artefact"),
        pytest.param(ENDED, {"platform": "other"}, "another artefact", id="other platform"),
    ],
)
def test_a_run_without_a_failed_part_is_refused(
    run: TaskRun, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Conflict, match=reason):
        failed_run_to_repair(run, REPAIRING.model_copy(update=changes))
