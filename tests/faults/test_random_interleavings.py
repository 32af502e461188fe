"""Random interleavings of calls, with messages that are lost, repeated, late or out of order.

A seed identifies an interleaving: `pytest -k "seed-17"` plays number 17 again.
"""

from __future__ import annotations

import random

import pytest

from orchestrations import activities
from polysync_core.domain.definitions.tasks import Dependency
from polysync_core.domain.runs.run import RunStatus
from tests.faults.faults import Disturbance, FaultPlan
from tests.faults.invariants import check_invariants
from tests.faults.virtual_app import VirtualApp

SHORT = range(200)
GRAPHS = range(200, 224)
KEYS = (None, None, "monday", "tuesday")


GRAPH = {"second": ("nap",), "third": ("nap", "second"), "fourth": ("second", "third")}
"""A Task with several paths to its dependents."""


def play(
    seed: int, *, moves: int, engine_dies: bool, disturbance: Disturbance, graph: bool = False
) -> VirtualApp:
    rng = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        app = VirtualApp(patch, FaultPlan(engine_dies=engine_dies))
        if seed % 3 == 2:
            use_two_processes(app, seed, patch)
        app.definitions.limits = {"nap": rng.choice([1, 2])}
        app.platform.seconds = rng.choice([0.5, 5.0, 40.0])
        app.platform.lost_answers = rng.choice([0, 0, 1, 2])
        app.platform.denials = rng.choice([0, 0, 2])
        app.disturb(seed, disturbance)
        if graph:
            app.definitions.dependencies = {
                task: tuple(Dependency(task=upstream) for upstream in upstreams)
                for task, upstreams in GRAPH.items()
            }
        for _ in range(moves):
            move(app, rng, ["nap"] if graph else ["nap", "stroll"])
        app.run_until_idle()
        runs = check_invariants(app)
        known = [RunStatus.SUCCEEDED, RunStatus.CANCELLED, *([RunStatus.SKIPPED] * graph)]
        assert all(run.status in known for run in runs)
    return app


def use_two_processes(app: VirtualApp, seed: int, patch: pytest.MonkeyPatch) -> None:
    """Execute each activity in one of two processes, which remember different versions of a run.

    Only the first process crashes.
    """
    rng, second = random.Random(seed), app._new_process()
    patch.setattr(activities, "services", lambda: rng.choice([app.process, second]))


def move(app: VirtualApp, rng: random.Random, tasks: list[str]) -> None:
    """Send random requests, or let time pass."""
    match rng.randrange(4):
        case 0 | 1:
            for _ in range(rng.randint(1, 2)):
                app.start(rng.choice(tasks), key=rng.choice(KEYS))
        case 2:
            for run in rng.sample(runs := app.stored(), min(len(runs), 1)):
                app.cancel(run.run_id)
        case _:
            app.advance(rng.choice([0.001, 1, 10, 61]))


def cases(seeds: range) -> list[object]:
    return [pytest.param(seed, id=f"seed-{seed}") for seed in seeds]


@pytest.mark.parametrize("seed", cases(SHORT))
def test_random_interleavings_lose_no_run_and_start_none_twice(seed: int) -> None:
    crash = 0.004 if seed % 2 else 0.0
    play(seed, moves=4, engine_dies=seed % 4 == 1, disturbance=Disturbance(crash=crash))


@pytest.mark.parametrize("seed", cases(GRAPHS))
def test_random_interleavings_notify_every_dependent_exactly_once(seed: int) -> None:
    crash = 0.004 if seed % 2 else 0.0
    play(seed, moves=2, engine_dies=seed % 4 == 1, disturbance=Disturbance(crash=crash), graph=True)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(1000, 11000, 500), ids=lambda first: f"from-{first}")
def test_long_random_interleavings_lose_no_run_and_start_none_twice(first: int) -> None:
    for seed in range(first, first + 500):
        try:
            crash = random.Random(seed).choice([0.0, 0.002, 0.01])
            disturbance, engine_dies = Disturbance(crash=crash), seed % 4 == 1
            play(
                seed,
                moves=12,
                engine_dies=engine_dies,
                disturbance=disturbance,
                graph=seed % 3 == 0,
            )
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise


def test_the_interleavings_contain_crashes_and_accepted_runs() -> None:
    """Interleavings without a crash or an accepted run would prove nothing."""
    worlds = [
        play(seed, moves=8, engine_dies=False, disturbance=Disturbance(crash=0.01))
        for seed in range(10)
    ]
    assert sum(app.crashes for app in worlds) >= 5
    assert sum(len(app.accepted) for app in worlds) >= 10
