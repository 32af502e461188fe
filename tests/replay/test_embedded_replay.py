"""The embedded engine decides as Durable Functions does, on every recorded history and state."""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize("after", ["eventRaised", "taskScheduled"])
def test_a_timer_that_fires_after_its_cancellation_changes_nothing_on_both_engines(
    after: str,
) -> None:
    (recording,) = [each for each in recordings() if each.name.endswith("task_run.cancelled")]
    history = recording.read()
    (events,) = history["executions"]
    # The wake-up ends the wait. Its timer fires in the same episode, or in the next one.
    timer = next(each for each in events if "timerFired" in each)
    wake = next(each for each in events if "eventRaised" in each)
    polled = next(at for at, each in enumerate(events) if _answers(each, task=3))
    del events[polled + 1 :]
    events.remove(timer)
    position = events.index(wake) + 1 if after == "eventRaised" else polled - 1
    events.insert(position, timer)

    engine = compare_history(history)

    assert len(engine.live()) == 1


def _answers(event: dict[str, Any], *, task: int) -> bool:
    return event.get("taskCompleted", {}).get("taskScheduledId") == task
