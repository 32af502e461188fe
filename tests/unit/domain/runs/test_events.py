"""The content of run events, which always fits into a message."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.runs.events import encode_message, events_of
from polysync_core.domain.runs.problem import Failure, ProblemKind, ProblemStep
from polysync_core.domain.runs.progress import with_failure, without_problem
from polysync_core.domain.runs.run import RunStatus, begin_attempt, new_run, note
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
        "tags": {"team": "sales"},
        "statusUrl": f"/api/task-runs/{run_id()}",
    }


def test_the_first_event_comes_from_nowhere() -> None:
    (event,) = events_of(new_run(a_run(), actor="api"), after=0)
    assert event.as_json()["from"] is None
    assert event.status is RunStatus.QUEUED


_TEXT = st.text(st.characters(), min_size=200, max_size=256)


@given(
    letter=st.characters(),
    tags=st.dictionaries(st.text(st.characters(), max_size=64), _TEXT, max_size=20),
)
def test_an_event_of_any_content_fits_into_a_message(letter: str, tags: dict[str, str]) -> None:
    run = a_run(reason=letter * 20_000, tags=tags | {str(i): letter * 256 for i in range(100)})
    (event,) = events_of(new_run(run, actor=letter * 5_000), after=0)
    message = encode_message(event.as_json())
    assert len(message.encode()) < 32 * 1024
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


def test_a_change_of_the_status_has_no_problem() -> None:
    (event,) = events_of(new_run(a_run(), actor="api"), after=0)
    assert "problem" not in event.as_json()
