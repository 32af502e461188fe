"""The content of run events, which always fits into a message."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.runs.attempts import Attempt, Outcome
from polysync_core.domain.runs.events import encode_message, events_of
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.problem import Failure, ProblemKind, ProblemStep
from polysync_core.domain.runs.interruptions import with_failure, without_problem
from polysync_core.domain.runs.run import (
    RunStatus,
    TaskRun,
    back_off,
    begin_attempt,
    finish,
    new_run,
    note,
    with_attempt,
)
from tests.fakes.builders import NOON, a_run, run_id


def test_an_event_says_what_changed_and_nothing_of_the_values() -> None:
    run = new_run(a_run(parameters={"key": "vault://v/key"}, tags={"team": "sales"}), actor="api")
    begun = begin_attempt(run, at=NOON, actor="polysync")
    _, event = events_of(begun, after=0)
    assert event.as_json() == {
        "eventId": f"{run_id()}/2",
        "runId": run_id(),
        "task": "sales-load-daily",
        "job": "sales-load",
        "platform": "lakehouse",
        "graphRunId": run_id(),
        "at": "2026-03-01T12:00:00.000Z",
        "from": "Queued",
        "to": "Running",
        "reason": "Submitting attempt 1.",
        "actor": "polysync",
        "attempt": 1,
        "cause": None,
        "error": None,
        "monitorUrl": None,
        "tags": {"team": "sales"},
        "statusUrl": f"/api/task-runs/{run_id()}",
    }


def test_the_first_event_comes_from_nowhere() -> None:
    (event,) = events_of(new_run(a_run(), actor="api"), after=0)
    assert event.as_json()["from"] is None
    assert event.status is RunStatus.QUEUED


def ended(outcome: Outcome, **attempt: Any) -> TaskRun:
    """Return a run whose first attempt has ended; a failure is retried."""
    begun = begin_attempt(new_run(a_run(), actor="api"), at=NOON, actor="polysync")
    run = with_attempt(begun, replace(begun.attempts[0], **attempt))
    if outcome.status is RunStatus.FAILED:
        return back_off(run, outcome, until=NOON, at=NOON, actor="polysync")
    return finish(run, outcome, at=NOON, actor="polysync")


def last_event(run: TaskRun) -> Any:
    return [each.as_json() for each in events_of(run, after=0)][-1]


FAILURE = Outcome(
    status=RunStatus.FAILED,
    reason="The platform reports failure.",
    cause=FailureCause.ARTEFACT,
    error="no sales",
    monitor_url="https://adb-1/#job/1",
)


def test_the_end_of_an_attempt_names_its_cause_its_error_and_its_page() -> None:
    event = last_event(ended(FAILURE))
    assert (event["from"], event["to"], event["attempt"]) == ("Running", "Queued", 1)
    assert (event["cause"], event["error"]) == ("Artefact", "no sales")
    assert event["monitorUrl"] == "https://adb-1/#job/1"


def test_the_next_attempt_does_not_repeat_the_failure_of_the_one_before() -> None:
    run = begin_attempt(ended(FAILURE), at=NOON, actor="polysync")
    event = last_event(run)
    assert (event["to"], event["attempt"], event["cause"]) == ("Running", 2, None)
    done = finish(run, Outcome(status=RunStatus.SUCCEEDED, reason="x"), at=NOON, actor="polysync")
    assert (last_event(done)["to"], last_event(done)["error"]) == ("Succeeded", None)


def test_an_event_that_is_published_again_has_the_same_content() -> None:
    first = ended(FAILURE)
    before = [each.as_json() for each in events_of(first, after=0)]
    later = begin_attempt(first, at=NOON, actor="polysync")
    later = finish(later, replace(FAILURE, error="other"), at=NOON, actor="polysync")
    assert [each.as_json() for each in events_of(later, after=0)][: len(before)] == before


def test_a_cancellation_between_attempts_has_no_cause() -> None:
    cancelled = Outcome(status=RunStatus.CANCELLED, reason="Cancelled.")
    event = last_event(finish(ended(FAILURE), cancelled, at=NOON, actor="api"))
    assert (event["to"], event["cause"], event["error"]) == ("Cancelled", None, None)


def test_a_failure_in_the_queue_names_its_cause() -> None:
    queued = replace(new_run(a_run(), actor="api"), attempts=(Attempt(number=1),))
    failed = Outcome(
        status=RunStatus.FAILED, reason="late", cause=FailureCause.QUEUE_TIMEOUT, error="late"
    )
    event = last_event(finish(queued, failed, at=NOON, actor="polysync"))
    assert (event["cause"], event["error"], event["monitorUrl"]) == ("QueueTimeout", "late", None)


def test_a_link_that_is_too_long_is_left_out_and_an_error_is_cut() -> None:
    long = replace(FAILURE, error="e" * 5_000, monitor_url="https://x/" + "y" * 2_000)
    event = last_event(ended(long))
    assert event["monitorUrl"] is None
    assert len(event["error"]) == 1_000


_TEXT = st.text(st.characters(), min_size=200, max_size=256)


@pytest.mark.slow
@given(
    letter=st.characters(),
    tags=st.dictionaries(st.text(st.characters(), max_size=64), _TEXT, max_size=20),
)
def test_an_event_of_any_content_fits_into_a_message(letter: str, tags: dict[str, str]) -> None:
    run = a_run(tags=tags | {str(i): letter * 256 for i in range(100)})
    begun = begin_attempt(new_run(run, actor="api"), at=NOON, actor="p")
    outcome = replace(FAILURE, reason=letter * 20_000, error=letter * 20_000)
    ended = finish(begun, outcome, at=NOON, actor=letter * 5_000)
    *_, event = events_of(ended, after=0)
    message = encode_message(event.as_json())
    assert len(message.encode()) < 45 * 1024
    assert json.loads(message)["task"] == run.task


def test_the_begin_and_the_end_of_a_problem_are_events() -> None:
    failure = Failure(
        step=ProblemStep.POLL, kind=ProblemKind.UNREACHABLE, target="platform p", message="silent"
    )
    begun = begin_attempt(new_run(a_run(), actor="api"), at=NOON, actor="polysync")
    failing = with_failure(with_failure(begun, failure, at=NOON), failure, at=NOON)
    over = note(without_problem(failing, *ProblemStep, at=NOON), "Resumed.", at=NOON, actor="x")
    begins, ends = events_of(over, after=2)
    assert (begins.as_json()["problem"], ends.as_json()["problem"]) == ("Begins", "Ends")
    assert begins.as_json()["reason"] == "Cannot reach the platform: silent."
    assert (begins.as_json()["from"], begins.as_json()["to"]) == ("Running", "Running")
    assert all(event.is_problem for event in (begins, ends))
    assert (begins.as_json()["cause"], begins.as_json()["monitorUrl"]) == (None, None)


def test_a_change_of_the_status_has_no_problem() -> None:
    (event,) = events_of(new_run(a_run(), actor="api"), after=0)
    assert "problem" not in event.as_json()
