"""The current orchestrators continue from the recorded histories of earlier releases."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from orchestrations import complete_run, end_run, task_run
from orchestrations.durable_functions import DURABLE_FUNCTIONS
from orchestrations.names import COMPLETE_RUN, END_RUN, TASK_RUN
from scripts import record_histories
from tests.replay.dispatcher_scenarios import DISPATCHER_SCENARIOS
from tests.replay.history_recorder import record
from tests.replay.history_replay import (
    HISTORIES,
    HistoryRecording,
    Incompatible,
    recordings,
    replay,
)
from tests.replay.scenarios import SCENARIOS

ORCHESTRATORS = DURABLE_FUNCTIONS.orchestrations
PYPROJECT = HISTORIES.parents[2] / "pyproject.toml"


@pytest.mark.parametrize("recording", recordings(), ids=lambda each: each.name)
def test_the_orchestrators_continue_from_every_recorded_episode(
    recording: HistoryRecording,
) -> None:
    history = recording.read()
    assert replay(history, ORCHESTRATORS[history["orchestration"]]) >= 2


def test_the_current_release_has_a_recording_of_every_scenario() -> None:
    version = tomllib.loads(PYPROJECT.read_text())["project"]["version"]
    recorded = {path.name for path in (HISTORIES / version).glob("*.json")}
    assert recorded == {each.file for each in SCENARIOS}, "see docs/howto/release.md"


def test_every_orchestration_has_scenarios() -> None:
    assert {scenario.orchestration for scenario in SCENARIOS} == set(ORCHESTRATORS)


def test_a_recording_contains_the_events_of_its_scenario() -> None:
    recorded = {scenario.file: record(scenario) for scenario in SCENARIOS}
    assert len(recorded["task_run.continue_as_new.json"]["executions"]) == 3
    cancelled = _kinds(recorded["task_run.cancel.json"])
    assert cancelled.count("eventRaised") == 2
    assert _kinds(recorded["task_run.lost_answer.json"]).count("taskFailed") == 1
    for name in ("task_run", "end_run", "complete_run"):
        kinds = _kinds(recorded[f"{name}.fan_out.json"])
        assert kinds.count("taskFailed") == 1, "one step must be repeated among the others"


def _kinds(recording: dict[str, Any]) -> list[str]:
    return [
        kind
        for execution in recording["executions"]
        for event in execution
        for kind in event
        if kind not in {"eventId", "timestamp"}
    ]


# A change that breaks active runs fails these tests.


def _with_an_activity_first(context: Any, work: dict[str, Any]) -> Generator[Any, Any]:
    yield context.call_activity("added_activity", input=work)
    yield from ORCHESTRATORS[TASK_RUN](context, work)


def _with_a_timer_first(context: Any, work: dict[str, Any]) -> Generator[Any, Any]:
    yield from task_run._wait(context, 1.0)
    yield from ORCHESTRATORS[TASK_RUN](context, work)


def _that_fails(context: Any, work: dict[str, Any]) -> Generator[Any, Any]:
    yield context.call_activity(task_run.SUBMIT, input=work)
    raise KeyError("a field that earlier releases did not write")


def _newest(scenario: str) -> dict[str, Any]:
    return record(next(each for each in SCENARIOS if each.file == f"{scenario}.json"))


@pytest.mark.parametrize("changed", [_with_an_activity_first, _with_a_timer_first])
@pytest.mark.parametrize("scenario", ["success", "retry", "cancel", "fan_out"])
def test_an_added_step_is_detected(changed: Callable[..., Any], scenario: str) -> None:
    with pytest.raises(Incompatible, match="NonDeterminismError"):
        replay(_newest(f"task_run.{scenario}"), changed)


@pytest.mark.parametrize(
    ("name", "module", "constant"),
    [
        (TASK_RUN, task_run, "POLL"),
        (END_RUN, end_run, "END_QUEUED"),
        (COMPLETE_RUN, complete_run, "DEACTIVATE_RUNS"),
    ],
)
def test_a_renamed_activity_is_detected(
    name: str, module: Any, constant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = _newest(f"{name}.fan_out")
    monkeypatch.setattr(module, constant, "renamed")
    with pytest.raises(Incompatible, match="NonDeterminismError"):
        replay(history, ORCHESTRATORS[name])


def test_a_larger_fan_out_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    history = _newest("complete_run.fan_out")
    monkeypatch.setattr(complete_run, "TASKS_A_CALL", 10)
    with pytest.raises(Incompatible, match="NonDeterminismError"):
        replay(history, ORCHESTRATORS[COMPLETE_RUN])


def test_an_orchestrator_that_fails_on_an_old_answer_is_detected() -> None:
    with pytest.raises(Incompatible, match="KeyError"):
        replay(_newest("task_run.success"), _that_fails)


# Recording


@pytest.mark.parametrize("version", ["latest", "1.0", "../1.0.0", "1.0.0/x"])
def test_an_invalid_version_is_refused(version: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        record_histories.main([version])
    assert "version" in capsys.readouterr().err


def test_a_release_is_recorded_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    histories, states = tmp_path / "histories", tmp_path / "states"
    monkeypatch.setattr(record_histories, "HISTORIES", histories)
    monkeypatch.setattr(record_histories, "STATES", states)
    assert record_histories.main(["9.0.0"]) == 0
    assert len(list((histories / "9.0.0").iterdir())) == len(SCENARIOS)
    assert len(list((states / "9.0.0").iterdir())) == len(DISPATCHER_SCENARIOS)
    with pytest.raises(SystemExit):
        record_histories.main(["9.0.0"])
    assert "recorded already" in capsys.readouterr().err
