"""Histories and states of executions, in the forms that AWS documents and in odd ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.platforms.aws_step_functions.external_id import Execution
from polysync_core.platforms.aws_step_functions.failure_details import failed_states
from polysync_core.platforms.aws_step_functions.states import report_of
from polysync_core.platforms.connector import ProviderStatus, Wait

JOB = Job(
    name="load",
    platform="aws",
    job_type=JobType.STEP_FUNCTIONS_STATE_MACHINE,
    external_id="arn:aws:states:eu-west-1:123456789012:stateMachine:load",
)


def event(number: int, kind: str, previous: int | None = None, **details: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": number,
        "type": kind,
        "previousEventId": number - 1 if previous is None else previous,
    }
    if details:
        found[f"{kind[0].lower()}{kind[1:]}EventDetails"] = details
    if kind.endswith("StateEntered"):
        found["stateEnteredEventDetails"] = details
    return found


def parts(*events: dict[str, Any]) -> list[tuple[str, str, str]]:
    newest_first = sorted(events, key=lambda each: -each["id"])
    return [(each.part, each.error, each.trace) for each in failed_states(newest_first)]


def test_the_state_before_the_end_is_named_with_its_own_error() -> None:
    found = parts(
        event(1, "ExecutionStarted"),
        event(2, "TaskStateEntered", name="First"),
        event(3, "TaskStateExited"),
        event(4, "TaskStateEntered", name="Second"),
        event(5, "TaskFailed", error="Glue.Error", cause="no table"),
        event(6, "TaskFailed", error="Glue.Error", cause="no table again"),
        event(7, "ExecutionFailed", error="Glue.Error", cause="wrapped"),
    )

    assert found == [("Second", "Glue.Error", "no table again")]


def test_other_branches_are_not_on_the_path() -> None:
    found = parts(
        event(1, "ParallelStateEntered", name="Both"),
        event(2, "TaskStateEntered", previous=1, name="Good"),
        event(3, "TaskStateEntered", previous=1, name="Bad"),
        event(4, "TaskFailed", previous=3, error="E", cause="bad"),
        event(5, "TaskSucceeded", previous=2),
        event(6, "ExecutionFailed", previous=4, error="E", cause="bad"),
    )

    assert found == [("Bad", "E", "bad")]


def test_a_fail_state_has_the_error_of_the_end() -> None:
    found = parts(
        event(1, "FailStateEntered", name="Give up"),
        event(2, "ExecutionFailed", error="NoSales", cause="none today"),
    )

    assert found == [("Give up", "NoSales", "none today")]


def test_the_failure_of_an_earlier_attempt_is_not_that_of_the_redrive() -> None:
    found = parts(
        event(1, "TaskStateEntered", name="Work"),
        event(2, "TaskFailed", error="Old", cause="old"),
        event(3, "ExecutionFailed", error="Old", cause="old"),
        event(4, "ExecutionRedriven"),
        event(5, "ExecutionTimedOut", error="States.Timeout"),
    )

    assert found == [("", "States.Timeout", "")]


@pytest.mark.parametrize("events", [[], [{"id": 1, "previousEventId": 1}], [{"type": 7}]])
def test_an_odd_history_has_no_failure(events: list[dict[str, Any]]) -> None:
    assert list(failed_states(events)) == []


def test_the_states_and_the_times_are_decoded() -> None:
    report = report_of({"status": "PENDING_REDRIVE", "startDate": 1_700_000_000.5}, JOB)
    strange = report_of({"status": "DREAMING"}, JOB)
    left_out = report_of({"status": "SUCCEEDED", "outputDetails": {"included": False}}, JOB)

    assert (report.status, report.wait) == (ProviderStatus.RUNNING, Wait.RETRY)
    assert report.started_at == datetime.fromtimestamp(1_700_000_000.5, UTC)
    assert strange.status is ProviderStatus.UNKNOWN
    assert left_out.outputs_missing


@pytest.mark.parametrize("output", ["not json", "[1, 2]", '"text"', "7", "null"])
def test_an_output_that_is_no_object_does_not_fail_the_run(output: str) -> None:
    report = report_of({"status": "SUCCEEDED", "output": output}, JOB)

    assert report.status is ProviderStatus.SUCCESS
    assert set(report.outputs) <= {"_response"}


@pytest.mark.parametrize(("late", "status"), [(-60, "Starting"), (0, "Failed"), (60, "Failed")])
def test_a_state_from_before_the_redrive_is_not_its_end(late: float, status: str) -> None:
    redriven_at = datetime(2026, 11, 30, tzinfo=UTC)
    known = (redriven_at + timedelta(seconds=late)).timestamp()

    report = report_of(
        {"status": "FAILED", "redriveDate": known}, JOB, Execution(arn="x", redriven_at=redriven_at)
    )

    assert report.status.value == status
