"""What waits and runs survives a deployment: recorded states on the Dispatcher of today."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from functools import cache
from typing import Any

import pytest

from orchestrations import dispatcher
from orchestrations.names import DISPATCHER
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
from tests.faults.virtual_engine import durable_functions
from tests.replay.dispatcher_scenarios import DISPATCHER_SCENARIOS
from tests.replay.dispatcher_states import (
    STATES,
    StateRecording,
    Step,
    begins_with,
    go_on,
    record,
    recorded_states,
    take_over,
)
from tests.replay.history_replay import Broken

ROOT = STATES.parents[2]


@cache
def _version() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize("told", recorded_states(), ids=lambda each: each.name)
def test_a_recorded_state_is_gone_on_with_at_every_point(told: StateRecording) -> None:
    go_on(told.steps())


@pytest.mark.parametrize("told", recorded_states(), ids=lambda each: each.name)
def test_a_recorded_state_is_taken_over_whole(told: StateRecording) -> None:
    states = [step["state"] for step in told.steps() if step["state"] is not None]
    assert states
    assert [state for state in states if not begins_with(take_over(state), state)] == []


def test_the_release_that_is_worked_on_has_every_life() -> None:
    told = {path.name for path in (STATES / _version()).glob("*.json")}
    assert told == {each.file for each in DISPATCHER_SCENARIOS}, "see docs/howto/release.md"


def test_every_entity_has_lives() -> None:
    assert {name for (kind, name), _ in durable_functions() if kind == "entity"} == {DISPATCHER}


def test_every_operation_is_recorded() -> None:
    operations = {name for name in vars(dispatcher.Dispatcher) if not name.startswith("_")}
    told = {step["operation"] for each in recorded_states() for step in each.steps()}
    assert told == operations


def _kept() -> Iterator[Any]:
    """Yield all that the recorded states of the release that is worked on hold."""
    for told in recorded_states():
        if told.path.parent.name != _version():
            continue
        for step in told.steps():
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
def test_the_recordings_hold_every_value_as_more_than_its_default(kind: type[Any]) -> None:
    """A column that is always empty in them could be lost without anybody noticing."""
    held = [each for each in _kept() if isinstance(each, kind)]
    unused = [
        name
        for name, default in _defaults(kind).items()
        if all(getattr(each, name) == default for each in held)
    ]
    assert held
    assert unused == []


# The proof that a change which breaks what is stored does not pass.


def _steps(name: str) -> list[Step]:
    told = record(next(each for each in DISPATCHER_SCENARIOS if each.name == name))
    return json.loads(json.dumps(told))["steps"]


def test_a_state_that_is_not_understood_any_more_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = _steps("max_concurrent_runs")
    monkeypatch.setattr(dispatcher, "decode_state", lambda _: DispatcherState())
    with pytest.raises(Broken, match="forgets 1 runs"):
        go_on(told)


def test_a_message_that_is_not_understood_any_more_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = _steps("back_off")
    monkeypatch.setattr(dispatcher, "decode_waiting", lambda data: data["notBeforeMillis"])
    with pytest.raises(Broken, match="KeyError"):
        go_on(told)


def test_a_value_that_is_lost_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _steps("backfill")

    def without_backfills(data: Any) -> DispatcherState:
        state = decode_state(data)
        state.leases = {of: replace(each, backfill_id=None) for of, each in state.leases.items()}
        return state

    monkeypatch.setattr(dispatcher, "decode_state", without_backfills)
    with pytest.raises(Broken, match="it does"):
        go_on(told)


def test_an_operation_that_is_gone_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _steps("late_policies")
    monkeypatch.delattr(dispatcher.Dispatcher, "update_policies")
    with pytest.raises(Broken, match="update_policies"):
        go_on(told)


def test_other_decisions_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = _steps("start_rates")
    monkeypatch.setattr(decisions, "_set_timer", lambda *_: None)
    with pytest.raises(Broken, match="it does \\[\\]"):
        go_on(told)


@pytest.mark.parametrize(
    ("longer", "shorter", "it_does"),
    [
        ({"a": [1, 2], "b": 0}, {"a": [1]}, True),
        ({"a": [[1, 2, 3]]}, {"a": [[1, 2]]}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": [2, 1]}, {"a": [1]}, False),
        ({}, {"a": []}, False),
    ],
)
def test_more_may_follow_and_nothing_may_move(longer: Any, shorter: Any, it_does: bool) -> None:
    assert begins_with(longer, shorter) is it_does
