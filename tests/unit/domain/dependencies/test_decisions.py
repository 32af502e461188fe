"""Tests of the rules of gates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.dependencies.conditions import DEFAULT_CONDITIONS, Condition
from polysync_core.domain.dependencies.decisions import (
    MAX_COMPLETE_GROUPS,
    MAX_GROUPS,
    GateDecision,
    GateRules,
)
from polysync_core.domain.dependencies.tokens import SCHEDULE, GateEdge, Requirement, Token
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import Origin, RunStatus
from tests.fakes.builders import NOON

SUCCEEDED, FAILED = RunStatus.SUCCEEDED, RunStatus.FAILED
CANCELLED, SKIPPED = RunStatus.CANCELLED, RunStatus.SKIPPED


def token(edge: str, *graphs: str, minute: int = 0, run: str = "", **facts: Any) -> Token:
    """Return a token; each root is a run of the Task `root`, or is named `task/id`."""
    origins = []
    for graph in graphs:
        task, _, name = graph.rpartition("/")
        origins.append(Origin(run_id=RunId(name), task=task or "root"))
    return Token(
        **{
            "edge": edge,
            "run_id": RunId(run or f"{edge}-{'+'.join(graphs)}-{minute}"),
            "finished_at": NOON + timedelta(minutes=minute),
            "status": SUCCEEDED,
            "graph_run_id": RunId(origins[0].run_id if origins else "own"),
            "origins": tuple(origins),
        }
        | facts
    )


def an_edge(upstream: str, *conditions: Condition) -> GateEdge:
    required = Requirement(conditions=conditions or DEFAULT_CONDITIONS)
    return GateEdge(upstream=upstream, requirements=(required,))


def gate(
    *edges: str | GateEdge, below: dict[str, set[str]] | None = None, **facts: Any
) -> GateRules:
    """Return the rules of a gate; all upstreams descend from `root` unless `below` is given."""
    made = tuple(edge if isinstance(edge, GateEdge) else an_edge(edge) for edge in edges)

    def descends(task: str, roots: frozenset[str]) -> bool:
        if below is None:
            return "root" in roots
        return task in roots or any(task in below.get(root, ()) for root in roots)

    return GateRules(task="child", edges=made, descends=descends, **facts)


def decided(rules: GateRules, *tokens: Token) -> GateDecision:
    decision = rules.decide(tokens)
    assert decision is not None
    return decision


@pytest.mark.parametrize(
    ("condition", "meets"),
    [
        (Condition.ON_SUCCESS, {SUCCEEDED}),
        (Condition.ON_FAILURE, {FAILED}),
        (Condition.ON_COMPLETION, {SUCCEEDED, FAILED, CANCELLED}),
        (Condition.ON_SKIPPED, {SKIPPED}),
        (Condition.ALWAYS, {SUCCEEDED, FAILED, CANCELLED, SKIPPED}),
    ],
)
def test_each_condition_is_met_by_its_outcomes_and_any_other_outcome_skips(
    condition: Condition, meets: set[RunStatus]
) -> None:
    rules = gate(an_edge("a", condition))
    for status in (SUCCEEDED, FAILED, CANCELLED, SKIPPED):
        decision = decided(rules, token("a", "g", status=status))
        assert (decision.skip_reason is None) == (status in meets), status


def test_an_incomplete_group_waits_for_its_graph_run() -> None:
    assert gate("a", "b").decide([token("a", "g")]) is None
    assert gate("a", "b").decide([token("a", "g", status=FAILED)]) is None, "also after a failure"


def test_outcomes_of_the_same_graph_run_are_used_first() -> None:
    old, new = token("a", "g1", minute=1), token("a", "g2", minute=2)
    decision = decided(gate("a", "b"), old, new, token("b", "g2", minute=3))
    assert [each.run_id for each in decision.used] == ["a-g2-2", "b-g2-3"]


def test_a_skip_reason_names_the_parent_its_outcome_and_the_condition() -> None:
    tokens = [token("a", "g"), token("b", "g", minute=1, status=FAILED, run="r1")]
    decision = decided(gate("a", "b"), *tokens)
    assert decision.skip_reason == "Task 'b' ended as Failed (run r1); the dependency is OnSuccess."
    assert set(decision.used) == set(tokens), "the decision uses all outcomes of the group"


APART = {"left": {"a"}, "right": {"b"}}


def test_outcomes_without_a_common_root_are_used_oldest_first() -> None:
    tokens = [
        token("a", "left/l2", minute=2),
        token("a", "left/l1", minute=1),
        token("b", "right/r1", minute=3),
        token("b", "right/r2", minute=4),
    ]
    decision = decided(gate("a", "b", below=APART), *tokens)
    assert [each.run_id for each in decision.used] == ["a-left/l1-1", "b-right/r1-3"]


def test_a_failure_on_one_side_skips_without_waiting_for_the_other() -> None:
    decision = decided(gate("a", "b", below=APART), token("a", "left/l", status=FAILED))
    assert decision.skip_reason


def test_a_joined_run_is_grouped_with_the_direct_outcome_of_one_of_its_roots() -> None:
    """A Task needs a join and one of its two independent sources.

    Grouped by graph run alone, the Task would wait for ever, because the run of the join belongs
    to the graph run of the other source.
    """
    below = {"left": {"join"}, "right": {"join"}}
    rules = gate("left", "join", below=below)
    direct = token("left", "left/l", minute=1)
    assert rules.decide([direct]) is None
    decision = decided(rules, direct, token("join", "right/r", "left/l", minute=3))
    assert [each.edge for each in decision.sources] == ["left", "join"]


def test_the_tokens_of_a_removed_dependency_are_dropped() -> None:
    decision = decided(gate("a"), token("gone", "g"), token("a", "g"))
    assert decision.void
    assert [each.edge for each in decision.used] == ["gone"]


def test_a_schedule_is_one_more_edge_that_belongs_to_no_graph_run() -> None:
    rules = gate("a", SCHEDULE)
    first, second = token(SCHEDULE, minute=0), token(SCHEDULE, minute=60)
    assert rules.decide([first, second]) is None
    decision = decided(rules, first, second, token("a", "g", minute=90))
    assert {each.run_id for each in decision.used} == {first.run_id, "a-g-90"}
    assert decided(rules, first, token("a", "g", status=FAILED)).used == (
        token("a", "g", status=FAILED),
    ), "the fire time stays for the next graph run"


def test_of_several_outcomes_of_one_upstream_in_a_group_the_newest_counts() -> None:
    tokens = [token("a", "g", minute=1, status=FAILED), token("a", "g", minute=2)]
    decision = decided(gate("a", "b"), *tokens, token("b", "g", minute=3))
    assert not decision.skip_reason
    assert len(decision.used) == 3


def test_a_rerun_recalls_missing_tokens_from_the_repeated_graph_run_and_does_not_use_them() -> None:
    asked: list[Any] = []

    def recall(edge: str, graphs: tuple[RunId, ...]) -> Token:
        asked.append((edge, graphs))
        return token("b", "old", minute=-60)

    rules = gate("a", "b", below={"a": set()}, recall=recall)
    again = token("a", "a/new", repeats=(RunId("old"),))
    decision = decided(rules, again)
    assert asked == [("b", ("old",))]
    assert decision.used == (again,)
    assert [each.edge for each in decision.sources] == ["b", "a"]
    assert decided(rules, replace_status(again)).skip_reason


def replace_status(one: Token) -> Token:
    return token("a", "a/new", repeats=one.repeats, status=FAILED)


def test_too_many_complete_groups_skip_the_oldest_group_with_a_reason() -> None:
    rules = gate("a", "b", below=APART)
    standing = [token("a", f"left/l{n}", minute=n) for n in range(MAX_COMPLETE_GROUPS)]
    assert rules.decide(standing) is None
    decision = decided(rules, *standing, token("a", "left/last", minute=MAX_COMPLETE_GROUPS))
    assert decision.used == (standing[0],)
    assert "100 newer outcomes of task 'a' wait for task 'b'" in decision.skip_reason


def test_many_more_incomplete_groups_than_complete_groups_may_wait() -> None:
    rules = gate("a", "b")
    on_their_way = [token("a", f"g{n}", minute=n) for n in range(MAX_GROUPS)]
    assert rules.decide(on_their_way) is None
    decision = decided(rules, *on_their_way, token("a", "last", minute=MAX_GROUPS))
    assert decision.used == (on_their_way[0],)


def test_the_id_of_a_decision_does_not_depend_on_the_order_of_its_tokens() -> None:
    tokens = [token("a", "g"), token("b", "g", minute=1)]
    one, other = decided(gate("a", "b"), *tokens), decided(gate("a", "b"), *reversed(tokens))
    assert one == other
