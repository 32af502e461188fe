"""Tests of dependencies that take the newest outcome of an upstream."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Dependency, Join, Take, Task
from polysync_core.domain.dependencies.tokens import SCHEDULE, GateEdge, Token
from polysync_core.domain.runs.run import RunStatus
from tests.unit.domain.dependencies.test_decisions import NOON, an_edge, decided, gate, token

APART = {"left": {"a"}, "right": {"n"}}
NEWEST = GateEdge(upstream="n", take=Take.NEWEST)
FIRE = token(SCHEDULE, finished_at=NOON)


def outcome(minute: int, status: RunStatus = RunStatus.SUCCEEDED) -> Token:
    return token("n", f"right/r{minute}", minute=minute, status=status)


def test_a_fire_time_takes_the_newest_outcome_and_leaves_it_for_the_next_one() -> None:
    rules = gate(NEWEST, an_edge(SCHEDULE), below=APART, latest=lambda _: outcome(-5))
    for hour in range(3):
        fire = token(SCHEDULE, finished_at=NOON + timedelta(hours=hour))
        decision = decided(rules, fire)
        assert decision.used == (fire,)
        assert decision.recalled == (outcome(-5),)
        assert decision.skip is None


def test_a_newest_outcome_starts_nothing() -> None:
    rules = gate(NEWEST, an_edge(SCHEDULE), below=APART, latest=lambda _: outcome(1))
    decision = decided(rules, outcome(1))
    assert decision.void
    assert decision.used == (outcome(1),)


def test_a_fire_time_waits_for_the_first_outcome() -> None:
    rules = gate(NEWEST, an_edge(SCHEDULE), below=APART)
    assert rules.decide([FIRE]) is None
    (group,) = rules.groups([FIRE])
    assert group.lacks == ("n",)


def test_a_newest_outcome_that_does_not_meet_its_condition_skips() -> None:
    failed = outcome(-5, RunStatus.FAILED)
    rules = gate(NEWEST, an_edge(SCHEDULE), below=APART, latest=lambda _: failed)
    assert "the dependency is OnSuccess" in (decided(rules, FIRE).skip_reason or "")


@pytest.mark.parametrize(("age", "is_recent"), [(59, True), (60, True), (61, False)])
def test_an_outcome_must_not_be_older_than_the_limit(age: int, is_recent: bool) -> None:
    edge = GateEdge(upstream="n", take=Take.NEWEST, within=timedelta(minutes=60))
    rules = gate(edge, an_edge(SCHEDULE), below=APART, latest=lambda _: outcome(-age))
    decision = decided(rules, FIRE)
    assert (decision.skip is None) is is_recent
    if not is_recent:
        assert "this newest outcome is older than 3600 seconds" in (decision.skip_reason or "")


def test_inside_one_graph_run_its_own_outcome_counts() -> None:
    rules = gate("a", NEWEST, latest=lambda _: outcome(-99))
    first = token("a", "g")
    assert rules.decide([first]) is None, "the upstream of this graph run has not ended"
    own = token("n", "g", minute=1)
    assert rules.decide([own]) is None
    assert set(decided(rules, first, own).used) == {first, own}


def test_independent_triggers_share_the_newest_outcome() -> None:
    below = {"left": {"a"}, "middle": {"b"}, "right": {"n"}}
    rules = gate("a", "b", NEWEST, below=below, latest=lambda _: outcome(-1))
    one, other = token("a", "left/l"), token("b", "middle/m", minute=1)
    assert rules.decide([one]) is None
    decision = decided(rules, one, other)
    assert set(decision.used) == {one, other}
    assert decision.recalled == (outcome(-1),)


@pytest.mark.parametrize("join", Join)
def test_a_task_that_only_takes_newest_outcomes_is_refused(join: Join) -> None:
    edge = Dependency(task="n", take=Take.NEWEST)
    with pytest.raises(ValidationError, match="a newest outcome starts no run"):
        Task(name="child", job="job", join=join, dependencies=(edge,))
    schedule = Schedule(name="s", cron="0 6 * * *")
    Task(name="child", job="job", join=join, dependencies=(edge,), schedules=(schedule,))


def test_an_age_limit_needs_the_newest_outcome() -> None:
    with pytest.raises(ValidationError, match="needs take: Newest"):
        Dependency(task="n", within_seconds=60)
