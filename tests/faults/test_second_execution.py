"""A second execution of an attempt's orchestration, in every phase of the first.

An engine may deliver a start message twice: after a scale-in, Durable Functions can run the same
instance again under another execution id. The rows make the second execution harmless.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.platforms.connector import ProviderStatus
from tests.faults.faults import Disturbance, Fault, FaultPlan
from tests.faults.invariants import check_invariants
from tests.faults.test_every_step import SCENARIOS, Scenario, after, play
from tests.faults.virtual_app import VirtualApp

FAULTS = [Fault.STARTED_AGAIN, Fault.OVERTAKEN]
PHASES = {
    "submitting": "submit (platform)",
    "polling": "read (platform)",
    "cancelling": "cancel (platform)",
    "writing the row": "Runs",
    "telling dependents": "Gates",
    "deactivating": "send_batch on RunIndex",
}
"""A part of the name of a step in each phase."""


class RetriedUnderALimit(Scenario):
    """Two runs that fail and are retried, and a limit of one; one of them always waits."""

    possible, without_faults = frozenset({RunStatus.FAILED}), (RunStatus.FAILED,) * 2

    def play(self, app: VirtualApp) -> None:
        app.definitions.limits["nap"] = 1
        app.definitions.retry = Retry(enabled=True, max_retry_attempts=1, initial_delay_seconds=3)
        app.platform.verdict = ProviderStatus.FAILED
        app.platform.seconds = 8
        app.start()
        app.start()

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        assert app.platform.most_at_once() <= 1, "the limit was exceeded"
        assert {len(run.attempts) for run in runs} == {2}


ALL = {**SCENARIOS, "retries under a limit": RetriedUnderALimit}


def _check_leases(app: VirtualApp) -> None:
    """Assert that each lease was released once."""
    assert set(Counter(app.engine.released).values()) <= {1}, "a lease was released twice"


def _check_ends(runs: list[TaskRun]) -> None:
    """Assert that each run ended once."""
    for run in runs:
        ends = [
            entry
            for entry in run.history
            if entry.to_status.is_terminal and entry.from_status is not entry.to_status
        ]
        assert len(ends) == 1


def _plays(
    scenario: Callable[[], Scenario], fault: Fault
) -> Iterator[tuple[FaultPlan, VirtualApp, list[TaskRun]]]:
    """Play a scenario once for each of its steps, with the fault there."""
    for number in count(1):
        plan = FaultPlan(fault, number)
        try:
            yield plan, *play(scenario(), plan)
        except AssertionError as error:
            error.add_note(plan.injected)
            raise
        if not plan.injected:
            return


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scenario", ALL.values(), ids=ALL)
def test_a_second_execution_that_begins_at_any_step_changes_nothing(
    scenario: Callable[[], Scenario], fault: Fault
) -> None:
    for plan, app, runs in _plays(scenario, fault):
        _check_ends(runs)
        _check_leases(app)
        assert Counter(run.status for run in runs) == Counter(scenario().without_faults), (
            plan.injected
        )


def test_the_steps_contain_every_phase() -> None:
    """A phase without a step would prove nothing."""
    seen = " ".join(
        plan.injected or ""
        for name in ("a chain and a join", "a cancel while running")
        for plan, *_ in _plays(SCENARIOS[name], Fault.STARTED_AGAIN)
    )

    assert [phase for phase, step in PHASES.items() if step not in seen] == []


@pytest.mark.parametrize("scenario", ALL.values(), ids=ALL)
def test_a_second_execution_after_the_end_changes_no_run(
    scenario: Callable[[], Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = VirtualApp(monkeypatch)
    scenario().play(app)
    app.run_until_idle()
    runs = check_invariants(app)
    orders, events = list(app.platform.orders), list(app.messages["run-events"])

    app.engine.start_again()
    app.run_until_idle()

    assert check_invariants(app) == runs
    assert app.platform.orders == orders
    assert app.messages["run-events"] == events
    _check_leases(app)


@pytest.mark.parametrize("seed", range(20))
def test_second_executions_at_random_moments_change_nothing(seed: int) -> None:
    _play_at_random(seed)


@pytest.mark.soak
def test_many_second_executions_at_random_moments_change_nothing() -> None:
    for seed in range(20, 1000):
        try:
            _play_at_random(seed)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise


def _play_at_random(seed: int) -> None:
    """Let the calls of both executions overlap at every step.

    A late message may lease an ended attempt again; the orchestration releases it at once.
    """
    rng = random.Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        app = VirtualApp(patch, FaultPlan())
        app.definitions.limits["nap"] = rng.choice([1, 2])
        app.definitions.dependencies = {"second": after("nap"), "third": after("nap", "second")}
        app.platform.seconds = rng.choice([0.5, 5.0, 40.0])
        app.disturb(seed, Disturbance(lost=0, repeated=0, longest_delay=20.0))
        for _ in range(4):
            app.start()
            app.advance(rng.choice([0.001, 0.5, 3, 20]))
            app.engine.start_again()
        for run in rng.sample(app.stored(), 1):
            app.cancel(run.run_id)
        app.engine.start_again()
        app.run_until_idle()
        runs = check_invariants(app)
    _check_ends(runs)
    assert app.platform.most_at_once() >= 1
