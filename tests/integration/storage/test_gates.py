"""Gates in Table Storage."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.domain.dependencies.decisions import GateDecision
from polysync_core.domain.dependencies.stored_gate import PendingDecision, StoredGate
from polysync_core.domain.dependencies.tokens import ScheduledFire, Token, token_of_fire_time
from polysync_core.domain.errors import StaleETag
from polysync_core.domain.runs.run import Origin, RunStatus
from polysync_core.storage.dependencies.gates import TableGates
from polysync_core.storage.tables import Tables
from tests.fakes.builders import NOON, run_id

pytestmark = pytest.mark.azurite


@pytest.fixture
def gates(storage: Tables) -> TableGates:
    return TableGates(storage)


def token(number: int = 0, edge: str = "up") -> Token:
    name = run_id(f"{edge}{number}")
    return Token(
        edge=edge,
        run_id=name,
        finished_at=NOON + timedelta(seconds=number),
        status=RunStatus.SUCCEEDED,
        graph_run_id=name,
        origins=(Origin(run_id=name, task=edge),),
        repeats=(run_id("old"),),
    )


def decided(gates: TableGates, *tokens: Token) -> StoredGate:
    decision = GateDecision(run_id=run_id("child"), used=tokens, recalled=(token(9, "other"),))
    return gates.save_decision("child", gates.read("child"), PendingDecision.of(decision, at=NOON))


def test_a_new_gate_is_empty(gates: TableGates) -> None:
    assert gates.read("child") == StoredGate()


def test_a_token_is_read_unchanged_and_only_once(gates: TableGates) -> None:
    fire = ScheduledFire(
        schedule="daily",
        scheduled_time=NOON,
        time_zone="Asia/Kathmandu",
        parameters={"day": [1, None]},
    )
    tokens = [token_of_fire_time("child", fire), token(1), token(2)]
    for each in [*tokens, *tokens]:
        gates.deliver("child", each)
    gates.deliver("another", token(1))
    assert list(gates.read("child").tokens) == tokens, "by edge, the oldest first"


def test_a_stored_decision_has_its_tokens_and_its_completion_removes_them(
    gates: TableGates,
) -> None:
    used = [token(number) for number in range(3)]
    for each in [*used, token(3)]:
        gates.deliver("child", each)
    decided(gates, *used)
    stored = gates.read("child")
    assert stored.decision == GateDecision(
        run_id=run_id("child"), used=tuple(used), recalled=(token(9, "other"),)
    )
    gates.complete_decision("child", stored)
    left = gates.read("child")
    assert (left.tokens, left.pending) == ((token(3),), None)
    gates.deliver("child", used[0])
    assert gates.read("child").tokens == (token(3),), "what is used up does not come again"


def test_of_two_decisions_about_one_version_of_a_gate_the_second_is_stale(
    gates: TableGates,
) -> None:
    for each in (token(1), token(2)):
        gates.deliver("child", each)
    fresh = gates.read("child")
    first = PendingDecision.of(GateDecision(run_id=run_id("x"), used=(token(1),)), at=NOON)
    gates.complete_decision("child", gates.save_decision("child", fresh, first))
    with pytest.raises(StaleETag):
        gates.save_decision("child", fresh, first)
    used = gates.read("child")
    gates.save_decision(
        "child",
        used,
        PendingDecision.of(GateDecision(run_id=run_id("y"), used=(token(2),)), at=NOON),
    )
    with pytest.raises(StaleETag):
        gates.save_decision("child", used, first)


@pytest.mark.parametrize("count", [99, 100, 101])
def test_a_decision_may_use_more_tokens_than_one_transaction_holds(
    gates: TableGates, count: int
) -> None:
    used = [token(number) for number in range(count)]
    for each in used:
        gates.deliver("child", each)
    stored = decided(gates, *used)
    gates.complete_decision("child", stored)
    assert gates.read("child").tokens == ()
    with pytest.raises(StaleETag):
        gates.complete_decision("child", stored)


def test_a_decision_with_a_removed_token_creates_no_run(gates: TableGates) -> None:
    used = [token(number) for number in range(2)]
    for each in used:
        gates.deliver("child", each)
    stored = decided(gates, *used)
    half = StoredGate(tokens=stored.tokens[:1], pending=stored.pending, etag=stored.etag)
    assert half.decision is None
    with pytest.raises(StaleETag):
        gates.complete_decision(
            "child", StoredGate(tokens=half.tokens, pending=half.pending, etag='W/"x"')
        )
    gates.complete_decision("child", stored)
    assert gates.read("child").pending is None
