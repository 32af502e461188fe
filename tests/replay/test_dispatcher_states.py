"""The current Dispatcher continues from the recorded states of earlier releases."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from functools import cache
from typing import Any

import pytest

from orchestrations import dispatcher, dispatcher_messages
from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.codec import decode_state
from polysync_core.domain.dispatch.policies import (
    ConcurrencyRule,
    PlatformPolicy,
    ProfilePolicy,
    StartRateRule,
    TaskPolicy,
)
from polysync_core.domain.dispatch.rates import StartLog
from polysync_core.domain.dispatch.state import DispatcherState, Lease, WaitingEntry
from tests.replay.dispatcher_scenarios import DISPATCHER_SCENARIOS
from tests.replay.dispatcher_states import (
    STATES,
    StateRecording,
    Step,
    begins_with,
    continue_from,
    record,
    recorded_states,
    restored,
)
from tests.replay.history_replay import Incompatible

ROOT = STATES.parents[2]


@cache
def _version() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize("recording", recorded_states(), ids=lambda each: each.name)
def test_the_dispatcher_continues_from_every_recorded_state(recording: StateRecording) -> None:
    continue_from(recording.steps())


@pytest.mark.parametrize("recording", recorded_states(), ids=lambda each: each.name)
def test_no_part_of_a_recorded_state_is_lost(recording: StateRecording) -> None:
    states = [step["state"] for step in recording.steps() if step["state"] is not None]
    assert states
    assert [state for state in states if not begins_with(restored(state), state)] == []


def test_the_current_release_has_a_recording_of_every_scenario() -> None:
    recorded = {path.name for path in (STATES / _version()).glob("*.json")}
    assert recorded == {each.file for each in DISPATCHER_SCENARIOS}, "see docs/howto/release.md"


def test_every_operation_is_recorded() -> None:
    operations = {name for name in vars(dispatcher.Dispatcher) if not name.startswith("_")}
    recorded = {step["operation"] for each in recorded_states() for step in each.steps()}
    assert recorded == operations


def _recorded_values() -> Iterator[Any]:
    """Yield every value of the recorded states of the current release."""
    for recording in recorded_states():
        if recording.path.parent.name != _version():
            continue
        for step in recording.steps():
            state = decode_state(step["state"])
            yield from (*state.waiting.values(), *state.leases.values(), *state.start_logs.values())
            policies = state.policies
            yield from (*policies.tasks.values(), *policies.platforms.values())
            for profile in policies.profiles.values():
                yield from (profile, profile.rule)


def _defaults(kind: type[Any]) -> dict[str, Any]:
    if not is_dataclass(kind):
        return WaitingEntry._field_defaults
    return {
        each.name: each.default if each.default_factory is MISSING else each.default_factory()
        for each in fields(kind)
        if (each.default, each.default_factory) != (MISSING, MISSING)
    }


@pytest.mark.parametrize(
    "kind",
    [
        WaitingEntry,
        Lease,
        StartLog,
        TaskPolicy,
        PlatformPolicy,
        ProfilePolicy,
        ConcurrencyRule,
        StartRateRule,
    ],
    ids=lambda each: each.__name__,
)
def test_the_recordings_contain_every_field_with_another_value_than_its_default(
    kind: type[Any],
) -> None:
    """The tests would not notice the loss of a field that always has its default."""
    held = [each for each in _recorded_values() if isinstance(each, kind)]
    unused = [
        name
        for name, default in _defaults(kind).items()
        if all(getattr(each, name) == default for each in held)
    ]
    assert held
    assert unused == []


# An incompatible change of the stored state fails these tests.


def _steps(name: str) -> list[Step]:
    recording = record(next(each for each in DISPATCHER_SCENARIOS if each.name == name))
    return json.loads(json.dumps(recording))["steps"]


def test_a_lost_state_is_detected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = _steps("max_concurrent_runs")
    monkeypatch.setattr(dispatcher, "decode_state", lambda _: DispatcherState())
    with pytest.raises(Incompatible, match="1 runs are lost"):
        continue_from(steps)


def test_an_unreadable_message_is_detected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = _steps("back_off")
    monkeypatch.setattr(dispatcher_messages, "decode_waiting", lambda data: data["notBeforeMillis"])
    with pytest.raises(Incompatible, match="KeyError"):
        continue_from(steps)


def test_a_lost_value_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = _steps("backfill")

    def without_backfills(data: Any) -> DispatcherState:
        state = decode_state(data)
        state.leases = {of: replace(each, backfill_id=None) for of, each in state.leases.items()}
        return state

    monkeypatch.setattr(dispatcher, "decode_state", without_backfills)
    with pytest.raises(Incompatible, match="the actions are"):
        continue_from(steps)


def test_a_removed_operation_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = _steps("late_policies")
    monkeypatch.delattr(dispatcher.Dispatcher, "update_policies")
    with pytest.raises(Incompatible, match="update_policies"):
        continue_from(steps)


def test_another_decision_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = _steps("start_rates")
    monkeypatch.setattr(decisions, "_set_timer", lambda *_: None)
    with pytest.raises(Incompatible, match="the actions are \\[\\]"):
        continue_from(steps)


@pytest.mark.parametrize(
    ("longer", "shorter", "expected"),
    [
        ({"a": [1, 2], "b": 0}, {"a": [1]}, True),
        ({"a": [[1, 2, 3]]}, {"a": [[1, 2]]}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": [2, 1]}, {"a": [1]}, False),
        ({}, {"a": []}, False),
    ],
)
def test_a_list_may_get_more_values_at_its_end_only(
    longer: Any, shorter: Any, expected: bool
) -> None:
    assert begins_with(longer, shorter) is expected
