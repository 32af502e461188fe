"""The embedded engine decides as Durable Functions does, on every recorded history and state."""

from __future__ import annotations

import pytest

from polysync_embedded.engine.activity_calls import ActivityCall
from tests.replay.dispatcher_states import StateRecording, begins_with, recorded_states
from tests.replay.embedded_replay import compare_history, dispatcher_steps
from tests.replay.history_recorder import record
from tests.replay.history_replay import HistoryRecording, recordings
from tests.replay.scenarios import SCENARIOS, Scenario


@pytest.mark.parametrize("recording", recordings(), ids=lambda each: each.name)
def test_the_embedded_engine_decides_as_the_recorded_engine(recording: HistoryRecording) -> None:
    engine = compare_history(recording.read())
    assert engine.live() == {}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.file)
def test_the_embedded_engine_decides_as_durable_functions_today(scenario: Scenario) -> None:
    engine = compare_history(record(scenario))
    assert engine.live() == {}


@pytest.mark.parametrize("recording", recorded_states(), ids=lambda each: each.name)
def test_the_embedded_dispatcher_decides_as_the_recorded_entity(recording: StateRecording) -> None:
    recorded = recording.steps()
    for now, then in zip(dispatcher_steps(recorded), recorded, strict=True):
        assert now["did"] == then["did"]
        assert begins_with(now["state"], then["state"])


def test_another_decision_of_the_embedded_engine_is_detected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ActivityCall, "delay", lambda *_: None)
    history = record(next(each for each in SCENARIOS if each.file == "end_run.alone.json"))
    with pytest.raises(AssertionError):
        compare_history(history)
