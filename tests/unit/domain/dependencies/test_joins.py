"""Tests of the joins of a Task: All, Any and AllDone."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from polysync_core.domain.definitions.tasks import Dependency, Join, Task
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.dependencies.decisions import GateRules
from polysync_core.domain.dependencies.tokens import SCHEDULE, GateEdge, Token, edges_of
from polysync_core.domain.runs.run import RunStatus
from tests.unit.domain.dependencies.test_decisions import (
    APART,
    NOON,
    an_edge,
    decided,
    gate,
    token,
)

S, F, C, K = RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.SKIPPED
OUTCOMES = (S, F, C, K)


def gate_of(join: Join, **facts: Any) -> GateRules:
    """Return the gate of a Task with two upstreams."""
    upstreams = (Dependency(task="a"), Dependency(task="b"))
    task = Task(name="child", job="job", join=join, dependencies=upstreams)
    return gate(*edges_of(task), join=join, **facts)


def met_by(edge: GateEdge) -> set[RunStatus]:
    return {each for each in OUTCOMES if edge.is_met_by(token(edge.upstream, "g", status=each))}


def both(one: RunStatus, other: RunStatus) -> list[Token]:
    return [token("a", "g", status=one), token("b", "g", minute=1, status=other)]


@pytest.mark.parametrize("join", Join)
def test_a_join_decides_about_every_pair_of_outcomes(join: Join) -> None:
    rules = gate_of(join)
    needed = {Join.ALL: 2, Join.ANY: 1, Join.ALL_DONE: 0}[join]
    for pair in product(OUTCOMES, repeat=2):
        starts = decided(rules, *both(*pair)).skip_reason is None
        assert starts == (pair.count(S) >= needed), pair


@pytest.mark.parametrize("join", Join)
def test_every_join_waits_for_all_upstreams_of_the_graph_run(join: Join) -> None:
    rules = gate_of(join)
    assert all(rules.decide([token("a", "g", status=each)]) is None for each in OUTCOMES)


def test_a_list_of_conditions_is_met_by_one_of_them() -> None:
    rules = gate(an_edge("a", Condition.ON_SUCCESS, Condition.ON_SKIPPED))
    met = {each for each in OUTCOMES if decided(rules, token("a", "g", status=each)).skip is None}
    assert met == {S, K}
    refused = decided(rules, token("a", "g", status=F, run="r1"))
    assert refused.skip_reason == (
        "Task 'a' ended as Failed (run r1); the dependency is OnSuccess or OnSkipped."
    )


def test_exclusive_branches_join_whichever_branch_ran() -> None:
    rules = gate("good", "bad", join=Join.ANY)
    for ran, skipped in (("good", "bad"), ("bad", "good")):
        tokens = [token(ran, "g"), token(skipped, "g", minute=1, status=K)]
        assert decided(rules, *tokens).skip is None


def test_independent_sources_are_alternatives_of_any() -> None:
    rules = gate("a", "b", below=APART, join=Join.ANY)
    assert [each.edge for each in decided(rules, token("b", "right/r")).used] == ["b"]
    assert decided(rules, token("a", "left/l", status=F)).skip is not None


@pytest.mark.parametrize("join", [Join.ALL, Join.ALL_DONE])
def test_independent_sources_wait_for_each_other(join: Join) -> None:
    rules = gate_of(join, below=APART)
    ended = S if join is Join.ALL else F
    first, second = token("a", "left/l", status=ended), token("b", "right/r", status=ended)
    assert rules.decide([first]) is None
    assert set(decided(rules, first, second).used) == {first, second}


def test_any_waits_for_the_fire_time_of_its_own_schedule() -> None:
    rules = gate("a", "b", an_edge(SCHEDULE), below=APART, join=Join.ANY)
    upstream, fire = token("b", "right/r"), token(SCHEDULE, finished_at=NOON)
    assert rules.decide([upstream]) is None
    assert rules.decide([fire]) is None
    assert set(decided(rules, upstream, fire).used) == {upstream, fire}
    (group,) = rules.groups([upstream])
    assert group.lacks == (SCHEDULE,), "the other alternative is not needed any more"


def test_an_upstream_of_two_dependencies_is_one_edge() -> None:
    twice = (
        Dependency(task="a", condition=Condition.ON_SUCCESS),
        Dependency(task="a", condition=Condition.ON_FAILURE),
    )
    (edge,) = edges_of(Task(name="child", job="job", join=Join.ANY, dependencies=twice))
    assert met_by(edge) == {S, F}


def test_all_dependencies_on_one_upstream_are_met_together() -> None:
    twice = (
        Dependency(task="a", condition=[Condition.ON_SUCCESS, Condition.ON_FAILURE]),
        Dependency(task="a", condition=[Condition.ON_SUCCESS, Condition.ON_SKIPPED]),
    )
    (edge,) = edges_of(Task(name="child", job="job", dependencies=twice))
    assert met_by(edge) == {S}
