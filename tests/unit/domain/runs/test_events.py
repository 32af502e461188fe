"""The content of run events, which always fits into a message."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.runs.events import encode_message, events_of
from polysync_core.domain.runs.run import RunStatus, begin_attempt, new_run
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
