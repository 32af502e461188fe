"""Tests of runs: transitions, attempts, notes and the stored history."""

from __future__ import annotations

import pytest

from polysync_core.domain.errors import Broken
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.codec import decode_run, encode_run
from polysync_core.domain.runs.interruptions import request_cancel
from polysync_core.domain.runs.run import (
    ALLOWED_TRANSITIONS,
    RunStatus,
    begin_attempt,
    finish,
    note,
)
from tests.fakes.builders import NOON, a_run

TERMINAL = [status for status in RunStatus if status.is_terminal]


def test_the_terminal_statuses_are_the_four_of_the_contract() -> None:
    assert set(TERMINAL) == {
        RunStatus.SUCCEEDED,
        RunStatus.FAILED,
        RunStatus.CANCELLED,
        RunStatus.SKIPPED,
    }


@pytest.mark.parametrize("ended", TERMINAL)
@pytest.mark.parametrize("wanted", list(RunStatus))
def test_a_terminal_status_never_changes(ended: RunStatus, wanted: RunStatus) -> None:
    run = a_run(status=ended)
    if wanted is ended:
        return
    with pytest.raises(Broken):
        finish(run, Outcome(status=wanted, reason="late"), at=NOON, actor="test")


def test_every_status_has_its_row_in_the_table_of_transitions() -> None:
    assert set(ALLOWED_TRANSITIONS) == set(RunStatus)


def test_a_run_keeps_what_each_attempt_was() -> None:
    run = begin_attempt(a_run(), at=NOON, actor="polysync")
    run = finish(
        run,
        Outcome(status=RunStatus.FAILED, reason="It failed.", error="Division by zero."),
        at=NOON,
        actor="polysync",
    )
    assert run.attempts[0].error == "Division by zero."
    assert run.attempts[0].finished_at == NOON
    assert [(entry.from_status, entry.to_status) for entry in run.history] == [
        (RunStatus.QUEUED, RunStatus.RUNNING),
        (RunStatus.RUNNING, RunStatus.FAILED),
    ]


def test_a_request_to_cancel_is_a_note_and_no_change_of_status() -> None:
    running = begin_attempt(a_run(), at=NOON, actor="polysync")
    asked = request_cancel(running, at=NOON, actor="api")
    entry = asked.history[-1]
    assert asked.status is RunStatus.RUNNING
    assert asked.cancel_requested == NOON
    assert entry.from_status is entry.to_status


def test_a_repeated_note_is_written_once() -> None:
    run = note(a_run(), "Resumed.", at=NOON, actor="polysync")
    assert note(run, "Resumed.", at=NOON, actor="polysync") == run


def test_a_run_survives_storage_with_its_history() -> None:
    run = begin_attempt(a_run(parameters={"n": [1, {"a": None}]}), at=NOON, actor="x")
    assert decode_run(encode_run(run)) == run
