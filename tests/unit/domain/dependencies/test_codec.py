"""Tests of the stored form of tokens and decisions."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from polysync_core.domain.dependencies.codec import (
    decode_pending,
    decode_token,
    encode_pending,
    encode_token,
)
from polysync_core.domain.dependencies.decisions import GateDecision
from polysync_core.domain.dependencies.stored_gate import PendingDecision
from polysync_core.domain.dependencies.tokens import ScheduledFire, Token, token_of_fire_time
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import NOON, run_id

MINIMAL = Token(
    edge="parent",
    run_id=run_id("parent"),
    finished_at=NOON,
    status=RunStatus.SUCCEEDED,
    graph_run_id=run_id("root"),
)
FIRE_TIME = token_of_fire_time(
    "child", ScheduledFire(schedule="daily", scheduled_time=NOON, time_zone="UTC")
)


@pytest.mark.parametrize("token", [MINIMAL, FIRE_TIME])
def test_a_token_survives_its_stored_form(token: Token) -> None:
    assert decode_token(encode_token(token)) == token


def test_a_decision_survives_its_stored_form() -> None:
    decision = GateDecision(run_id=run_id("child"), used=(MINIMAL,), recalled=(FIRE_TIME,))
    pending = PendingDecision.of(decision, at=NOON)
    assert decode_pending(encode_pending(pending)) == pending


def test_a_changed_default_does_not_change_a_stored_token() -> None:
    """Every field is stored, so that decoding never uses a default."""
    assert set(json.loads(encode_token(MINIMAL))) == {each.name for each in fields(Token)}
    fire = json.loads(encode_token(FIRE_TIME))["fire"]
    assert set(fire) == {each.name for each in fields(ScheduledFire)}


def test_a_changed_default_does_not_change_a_stored_decision() -> None:
    """Every field is stored, so that decoding never uses a default."""
    pending = PendingDecision(run_id=run_id("child"), decided_at=NOON, used=())
    stored = json.loads(encode_pending(pending))
    assert set(stored) == {each.name for each in fields(PendingDecision)}
