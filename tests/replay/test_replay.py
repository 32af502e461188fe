"""Runs in flight survive a deployment: recorded histories on the orchestrators of today."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from orchestrations import complete_run, end_run, task_run
from orchestrations.names import COMPLETE_RUN, END_RUN, TASK_RUN
from scripts import record_histories
from tests.faults.virtual_engine import durable_functions
from tests.replay.dispatcher_scenarios import DISPATCHER_SCENARIOS
from tests.replay.history_recorder import record
from tests.replay.history_replay import HISTORIES, Broken, HistoryRecording, recordings, replay
from tests.replay.scenarios import SCENARIOS

ORCHESTRATORS = {
    name: function
    for (kind, name), function in durable_functions()
    if kind == "orchestration" and not name.startswith("BuiltIn__")
}
PYPROJECT = HISTORIES.parents[2] / "pyproject.toml"


@pytest.mark.parametrize("recording", recordings(), ids=lambda each: each.name)
def test_a_recorded_history_is_gone_on_with_at_every_point(recording: HistoryRecording) -> None:
    told = recording.read()
    assert replay(told, ORCHESTRATORS[told["orchestration"]]) >= 2


def test_the_release_that_is_worked_on_has_every_scenario() -> None:
    version = tomllib.loads(PYPROJECT.read_text())["project"]["version"]
    told = {path.name for path in (HISTORIES / version).glob("*.json")}
    assert told == {each.file for each in SCENARIOS}, "see docs/howto/release.md"


def test_every_orchestration_has_scenarios() -> None:
    assert {scenario.orchestration for scenario in SCENARIOS} == set(ORCHESTRATORS)


def test_a_recording_holds_what_the_scenarios_are_named_after() -> None:
    told = {scenario.file: record(scenario) for scenario in SCENARIOS}
    assert len(told["task_run.continue_as_new.json"]["executions"]) == 3
    cancelled = _kinds(told["task_run.cancel.json"])
    assert cancelled.count("eventRaised") == 2
    assert _kinds(told["task_run.lost_answer.json"]).count("taskFailed") == 1
    for name in ("task_run", "end_run", "complete_run"):
        told_of = _kinds(told[f"{name}.fan_out.json"])
        assert told_of.count("taskFailed") == 1, "a step is repeated in the midst of others"


def _kinds(recording: dict[str, Any]) -> list[str]:
    return [
        kind
        for execution in recording["executions"]
        for event in execution
        for kind in event
        if kind not in {"eventId", "timestamp"}
    ]


# The proof that a change which breaks runs in flight does not pass.


def _with_an_activity_first(context: Any, work: dict[str, Any]) -> Generator[Any, Any]:
    yield context.call_activity("write_down", input=work)
    yield from ORCHESTRATORS[TASK_RUN](context, work)


def _with_a_timer_first(context: Any, work: dict[str, Any]) -> Generator[Any, Any]:
    yield from task_run._wait(context, 1.0)
    yield from ORCHESTRATORS[TASK_RUN](context, work)


def _that_fails(context: Any, work: dict[str, Any]) -> Generator[Any, Any]:
    yield context.call_activity(task_run.SUBMIT, input=work)
    raise KeyError("what the answers of today have and those of former releases had not")


def _newest(scenario: str) -> dict[str, Any]:
    return record(next(each for each in SCENARIOS if each.file == f"{scenario}.json"))


@pytest.mark.parametrize("changed", [_with_an_activity_first, _with_a_timer_first])
@pytest.mark.parametrize("scenario", ["success", "retry", "cancel", "fan_out"])
def test_a_step_that_was_added_is_caught(changed: Callable[..., Any], scenario: str) -> None:
    with pytest.raises(Broken, match="NonDeterminismError"):
        replay(_newest(f"task_run.{scenario}"), changed)


@pytest.mark.parametrize(
    ("name", "module", "constant"),
    [
        (TASK_RUN, task_run, "POLL"),
        (END_RUN, end_run, "END_QUEUED"),
        (COMPLETE_RUN, complete_run, "DEACTIVATE_RUNS"),
    ],
)
def test_an_activity_of_another_name_is_caught(
    name: str, module: Any, constant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _newest(f"{name}.fan_out")
    monkeypatch.setattr(module, constant, "renamed")
    with pytest.raises(Broken, match="NonDeterminismError"):
        replay(told, ORCHESTRATORS[name])


def test_more_at_once_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _newest("complete_run.fan_out")
    monkeypatch.setattr(complete_run, "TASKS_A_CALL", 10)
    with pytest.raises(Broken, match="NonDeterminismError"):
        replay(told, ORCHESTRATORS[COMPLETE_RUN])


def test_an_orchestrator_that_fails_on_an_old_answer_is_caught() -> None:
    with pytest.raises(Broken, match="KeyError"):
        replay(_newest("task_run.success"), _that_fails)


# Recording.


@pytest.mark.parametrize("version", ["latest", "1.0", "../1.0.0", "1.0.0/x"])
def test_a_version_that_is_none_is_refused(
    version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        record_histories.main([version])
    assert "version" in capsys.readouterr().err


def test_a_release_is_recorded_once(
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
