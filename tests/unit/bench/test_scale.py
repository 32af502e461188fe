"""The simulation of a deployment agrees with the computed capacity, and obeys the limits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.scale.curve import DEPLOYMENTS as DOCUMENTED
from bench.scale.model import LONG, SHORT, Deployment, Engine, Work, capacities, resources
from bench.scale.simulation import Outcome, Server, Simulation
from polysync_core.domain.dispatch.policies import TaskPolicy

STORAGE = Deployment(engine=Engine.STORAGE)
DEPLOYMENTS = [
    STORAGE,
    replace(STORAGE, shards=8, partitions=16),
    Deployment(engine=Engine.CONSUMPTION, shards=4),
    Deployment(engine=Engine.DEDICATED, apps=3, shards=8, instances=100),
]
WORK = Work(name="20 s", seconds=20)


def simulated(deployment: Deployment, share: float, work: Work = SHORT) -> Outcome:
    """Simulate a share of the computed capacity."""
    load = share * capacities(deployment, work)[0].runs_per_second
    return Simulation(deployment, work, load).run(warm_up=20, seconds=30)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: f"{each.engine} {each.apps}")
def test_a_load_below_the_capacity_is_sustained(deployment: Deployment) -> None:
    outcome = simulated(deployment, 0.8)
    assert outcome.achieved == pytest.approx(outcome.offered, rel=0.05)
    assert outcome.start_p99 < 1
    assert outcome.busiest == capacities(deployment, SHORT)[0].limit
    assert outcome.use == pytest.approx(0.8, rel=0.15)


def test_a_load_beyond_the_dispatcher_waits_for_its_start() -> None:
    outcome = simulated(STORAGE, 1.5)
    assert outcome.busiest == "Dispatcher"
    assert outcome.achieved < 0.8 * outcome.offered
    assert outcome.start_p99 > 5


def test_a_load_beyond_the_engine_delays_each_step_and_starts_nevertheless() -> None:
    """A run polls less often while each poll takes longer, so the delay stays small."""
    deployment = Deployment(engine=Engine.CONSUMPTION, shards=4)
    near, beyond = (simulated(deployment, share, WORK) for share in (0.5, 1.5))
    assert beyond.use == pytest.approx(1, rel=0.02)
    assert beyond.achieved == pytest.approx(beyond.offered, rel=0.05)
    assert near.start_p99 < 0.5 < beyond.start_p50 < beyond.start_p99 < 5


def test_the_number_of_tasks_changes_nothing() -> None:
    few, many = (
        Simulation(STORAGE, SHORT, 25, tasks=tasks).run(warm_up=10, seconds=20)
        for tasks in (10, 1_000_000)
    )
    assert many.achieved == pytest.approx(few.achieved, rel=0.1)
    assert many.start_p99 == pytest.approx(few.start_p99, rel=0.3)


def test_the_real_limits_of_the_dispatcher_apply() -> None:
    policies = (TaskPolicy(name="task-0", version=1, max_concurrent_runs=3),)
    simulation = Simulation(STORAGE, SHORT, 5, tasks=1, policies=policies)
    outcome = simulation.run(warm_up=10, seconds=20)
    assert outcome.most_live == 3
    assert outcome.most_waiting > 20
    assert outcome.achieved < 2


def test_a_simulation_can_be_repeated() -> None:
    one, other = (simulated(STORAGE, 0.5) for _ in range(2))
    assert one == other


def test_a_server_serves_in_order_at_its_rate() -> None:
    server = Server("x", rate=10, start=0, poll=0)
    assert [server.take(0, 5), server.take(0, 5), server.take(3, 1)] == [0.5, 1.0, 3.1]
    assert server.busy == pytest.approx(1.1)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: f"{each.engine} {each.apps}")
def test_twice_as_many_apps_have_twice_the_capacity(deployment: Deployment) -> None:
    double = replace(deployment, apps=2 * deployment.apps)
    for one, two in zip(capacities(deployment, SHORT), capacities(double, SHORT), strict=True):
        assert two.runs_per_second == pytest.approx(2 * one.runs_per_second)
        assert two.limit == one.limit
    assert len({each.name for each in resources(deployment)}) == len(list(resources(deployment)))


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_page_has_the_computed_capacities(name: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "scale.md").read_text()
    summary = page.partition("## In short")[2].partition("## What a run needs")[0]
    works = [LONG] if name.startswith("21") else [SHORT] if name.startswith("3 ") else [SHORT, LONG]
    for work in works:
        rate = capacities(DOCUMENTED[name], work)[0].runs_per_second
        assert f"| {rate:,.0f} runs/s" in summary
