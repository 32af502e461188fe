"""Tests that no fault at any step of a scenario loses or doubles a run.

The cases are generated. A scenario is played many times, and each time the fault hits its next call
to storage, to the engine or to the platform.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count

import pytest

from polysync_core.domain.definitions.tasks import Dependency
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.platforms.connector import ProviderStatus
from tests.faults.faults import Fault, FaultPlan
from tests.faults.invariants import check_invariants
from tests.faults.virtual_app import VirtualApp

SUCCEEDED, FAILED, CANCELLED = RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED
SKIPPED = RunStatus.SKIPPED

ON_CALL = Webhook.model_validate(
    {"name": "on-call", "url": "https://hooks.example.com/", "secret": "vault://local/KEY"}
)


class Scenario:
    """A sequence of requests, and the outcomes that its runs may have."""

    possible: frozenset[RunStatus] = frozenset({SUCCEEDED})
    without_faults: tuple[RunStatus, ...] = (SUCCEEDED,)
    """The outcomes of its runs without any fault."""

    def play(self, app: VirtualApp) -> None:
        raise NotImplementedError

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        """Assert the invariants of this scenario alone."""


class SeveralRuns(Scenario):
    """Runs that end after few polls: `OneRun` proves the polls in between."""

    def play(self, app: VirtualApp) -> None:
        app.platform.seconds = 1.5
        self.request(app)

    def request(self, app: VirtualApp) -> None:
        raise NotImplementedError


class OneRun(Scenario):
    def play(self, app: VirtualApp) -> None:
        app.start()


class OneRunAndAWebhook(Scenario):
    def play(self, app: VirtualApp) -> None:
        app.definitions.webhooks = [ON_CALL]
        app.start()


class OneFailure(Scenario):
    possible, without_faults = frozenset({FAILED}), (FAILED,)

    def play(self, app: VirtualApp) -> None:
        app.platform.verdict = ProviderStatus.FAILED
        app.start()


class CancelledWhileWaiting(Scenario):
    possible, without_faults = frozenset({SUCCEEDED, CANCELLED}), (SUCCEEDED, CANCELLED)

    def play(self, app: VirtualApp) -> None:
        app.definitions.limits["nap"] = 1
        app.start()
        app.advance(1)
        app.start()
        for run in app.stored():
            if run.status is RunStatus.QUEUED:
                app.cancel(run.run_id)


class CancelledWhileRunning(Scenario):
    possible, without_faults = frozenset({SUCCEEDED, CANCELLED}), (CANCELLED,)

    def play(self, app: VirtualApp) -> None:
        app.platform.seconds = 90
        app.start()
        app.advance(4)
        for run in app.stored():
            app.cancel(run.run_id)


class CancelledBeforeItsOrchestrationBegins(Scenario):
    possible, without_faults = frozenset({SUCCEEDED, CANCELLED}), (CANCELLED,)

    def play(self, app: VirtualApp) -> None:
        app.start()
        for run in app.stored():
            app.cancel(run.run_id)
            app.cancel(run.run_id)


class OneKeyTwice(Scenario):
    def play(self, app: VirtualApp) -> None:
        app.start(key="monday")
        app.advance(1)
        app.start(key="monday")

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        assert len(runs) <= 1


class JobRun(SeveralRuns):
    """A Job run is requested twice, beside a Task of the same name."""

    without_faults = (SUCCEEDED,) * 2

    def request(self, app: VirtualApp) -> None:
        app.execute(key="monday")
        app.start(key="monday")
        app.execute(key="monday")

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        assert {run.task for run in runs} <= {None, "nap"}
        assert len(runs) <= 2


class ThreeAndALimitOfOne(SeveralRuns):
    without_faults = (SUCCEEDED,) * 3

    def request(self, app: VirtualApp) -> None:
        app.definitions.limits["nap"] = 1
        for _ in range(3):
            app.start()
        app.advance(4)

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        assert app.platform.most_at_once() <= 1, "the limit was exceeded"


class LostSubmit(Scenario):
    def play(self, app: VirtualApp) -> None:
        app.platform.lost_answers = 1
        app.start()


class DeniedTwice(Scenario):
    def play(self, app: VirtualApp) -> None:
        app.platform.denials = 2
        app.start()


class RepairedByTheReconciler(Scenario):
    """Every signal is lost, so the reconciler must do everything, and its passes may die."""

    possible, without_faults = frozenset({SUCCEEDED, CANCELLED}), (SUCCEEDED, CANCELLED)

    def play(self, app: VirtualApp) -> None:
        app.drops_signals = True
        app.start()
        app.start()
        for run in app.stored()[1:]:
            app.cancel(run.run_id)
        app.drops_signals = False
        app.advance(125)


class Join(SeveralRuns):
    """A chain of two Tasks, and a Task that depends on both."""

    without_faults = (SUCCEEDED,) * 3

    def request(self, app: VirtualApp) -> None:
        app.definitions.dependencies = {"second": after("first"), "third": after("first", "second")}
        app.start("first")

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        tasks = sorted(run.task for run in runs)
        assert tasks == (["first", "second", "third"] if runs else [])


class SkippedBranch(SeveralRuns):
    """A skipped Task, and a Task that runs because of the skip."""

    possible, without_faults = frozenset({FAILED, SKIPPED}), (FAILED, SKIPPED, FAILED)

    def request(self, app: VirtualApp) -> None:
        app.platform.verdict = ProviderStatus.FAILED
        app.definitions.dependencies = {
            "second": after("first"),
            "instead": after("second", condition=Condition.ON_SKIPPED),
        }
        app.start("first")

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        assert len(runs) in {0, 3}


class CancelledWithADependent(SeveralRuns):
    """A run without an orchestration is cancelled, and a Task depends on it."""

    possible, without_faults = (
        frozenset({SUCCEEDED, CANCELLED, SKIPPED}),
        (SUCCEEDED, CANCELLED, SKIPPED),
    )

    def request(self, app: VirtualApp) -> None:
        app.definitions.limits["nap"] = 1
        app.definitions.dependencies = {"second": after("nap")}
        app.start("nap", downstream=False)
        app.advance(1)
        app.start("nap")
        for run in app.stored():
            if run.status is RunStatus.QUEUED and run.fan_out:
                app.cancel(run.run_id)


def after(*tasks: str, condition: Condition = Condition.ON_SUCCESS) -> tuple[Dependency, ...]:
    return tuple(Dependency(task=task, condition=condition) for task in tasks)


SCENARIOS = {
    "one run": OneRun,
    "one run and a webhook": OneRunAndAWebhook,
    "one run that fails": OneFailure,
    "a cancel while waiting": CancelledWhileWaiting,
    "a cancel while running": CancelledWhileRunning,
    "a cancel before the orchestration begins": CancelledBeforeItsOrchestrationBegins,
    "one idempotency key twice": OneKeyTwice,
    "a job without a task": JobRun,
    "three runs and a limit of one": ThreeAndALimitOfOne,
    "a submit whose answer is lost": LostSubmit,
    "a platform that denies the run": DeniedTwice,
    "everything by the reconciler": RepairedByTheReconciler,
    "a chain and a join": Join,
    "a skipped branch": SkippedBranch,
    "a cancel that another task depends on": CancelledWithADependent,
}


def cases(scenario: Scenario, fault: Fault, *, engine_dies: bool) -> Iterator[FaultPlan]:
    numbers: Iterable[int] = count(1)
    if fault is Fault.STALE:
        numbers = play(scenario, FaultPlan())[0].plan.guarded
    for number in numbers:
        yield FaultPlan(fault, number, engine_dies=engine_dies)


def play(scenario: Scenario, plan: FaultPlan) -> tuple[VirtualApp, list[TaskRun]]:
    with pytest.MonkeyPatch.context() as patch:
        app = VirtualApp(patch, plan)
        scenario.play(app)
        app.advance(70)  # the work and one pass of the reconciler, also with faults
        app.run_until_idle()
        runs = check_invariants(app)
        scenario.check(app, runs)
        return app, runs


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_without_faults_has_the_expected_outcomes(
    scenario: Callable[[], Scenario],
) -> None:
    app, runs = play(scenario(), FaultPlan())
    assert Counter(run.status for run in runs) == Counter(scenario().without_faults)
    assert app.crashes == 0


FAULTS = {
    "the process dies before the step": (Fault.CRASH_BEFORE, True),
    "a worker dies after the step": (Fault.CRASH_AFTER, False),
    "the answer is lost": (Fault.ANSWER_LOST, False),
    "another writer comes first": (Fault.STALE, False),
    "storage is unavailable": (Fault.OUTAGE, False),
    "the engine dies without the process": (Fault.ENGINE_LOST, False),
}
MORE_FAULTS = {
    "the process dies after the step": (Fault.CRASH_AFTER, True),
    "a worker dies before the step": (Fault.CRASH_BEFORE, False),
    "the call is not sent": (Fault.NOT_SENT, False),
}
"""Nearly the same as the other faults, one step later."""


@pytest.mark.parametrize(
    ("fault", "engine_dies"),
    [
        *(pytest.param(*each, id=name) for name, each in FAULTS.items()),
        *(
            pytest.param(*each, id=name, marks=pytest.mark.soak)
            for name, each in MORE_FAULTS.items()
        ),
    ],
)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_no_run_is_lost_or_started_twice_if_any_step_fails(
    scenario: Callable[[], Scenario], fault: Fault, *, engine_dies: bool
) -> None:
    for plan in cases(scenario(), fault, engine_dies=engine_dies):
        try:
            _, runs = play(scenario(), plan)
        except AssertionError as error:
            error.add_note(plan.injected)
            raise
        assert {run.status for run in runs} <= scenario().possible, plan.injected
        if not plan.injected:
            return
