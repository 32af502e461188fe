"""Prints the maximum load of Azure deployments, and confirms it by simulation."""

from __future__ import annotations

import argparse

from bench.report import row, title
from bench.scale.model import LONG, SHORT, Deployment, Engine, Work, capacities
from bench.scale.simulation import Outcome, Simulation

DEPLOYMENTS: dict[str, Deployment] = {
    "default": Deployment(engine=Engine.STORAGE),
    "Azure Storage, enlarged": Deployment(engine=Engine.STORAGE, shards=8, partitions=16),
    "scheduler, consumption": Deployment(engine=Engine.CONSUMPTION, shards=4),
    "scheduler, 3 units": Deployment(engine=Engine.DEDICATED, shards=8, instances=100),
    "3 apps of that kind": Deployment(engine=Engine.DEDICATED, apps=3, shards=8, instances=100),
    "21 apps of that kind": Deployment(engine=Engine.DEDICATED, apps=21, shards=8, instances=100),
}
_SHARES = (0.1, 0.5, 0.9, 1.2)
"""The simulated loads, as shares of the computed capacity."""
_MOST = 1_000.0
"""The largest simulated load in runs per second."""


def scale(_: argparse.Namespace) -> None:
    """Print the computed capacities, and simulated loads below and beyond them."""
    for work in (SHORT, LONG):
        title(f"Runs of {work.name}, {work.polls} polls, 1,000,000 Tasks")
        for name, deployment in DEPLOYMENTS.items():
            first, second = capacities(deployment, work)[:2]
            row(name, f"{first.runs_per_second:.0f} runs/s by {first.limit}")
            row("", f"then {second.runs_per_second:.0f} by {second.limit}")
            loads = {min(share * first.runs_per_second, _MOST) for share in _SHARES}
            for load in sorted(loads):
                row(f"  {load:.1f} runs/s", _text(simulate(deployment, work, load)))


def simulate(deployment: Deployment, work: Work, runs_per_second: float) -> Outcome:
    """Simulate a load until its polls are steady, and some time after."""
    warm_up = max(20.0, 1.3 * work.seconds)
    return Simulation(deployment, work, runs_per_second).run(warm_up=warm_up, seconds=60.0)


def _text(outcome: Outcome) -> str:
    parts = (
        f"{outcome.achieved / outcome.offered:.0%} started",
        f"{outcome.start_p50:.2f} s p50",
        f"{outcome.start_p99:.2f} s p99",
        f"ends found after {outcome.end_p99:.1f} s p99",
        f"{outcome.most_live} live",
        f"{outcome.busiest} {outcome.use:.0%}",
    )
    return ", ".join(parts)
