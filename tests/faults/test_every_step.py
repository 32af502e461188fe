"""Every step of every scenario goes wrong once, in every way: nothing lost, nothing twice.

The cases are generated: a scenario is run again and again, and each time the next call that it
makes to storage, to the engine or to the platform is spoilt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count

import pytest

from polysync_core.domain.definitions.tasks import Condition, Dependency
from polysync_core.domain.definitions.webhooks import Webhook
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
    """What is done, and how each run of it may end."""

    ends: frozenset[RunStatus] = frozenset({SUCCEEDED})
    calm: tuple[RunStatus, ...] = (SUCCEEDED,)
    """How its runs end when nothing goes wrong."""

    def play(self, app: VirtualApp) -> None:
        raise NotImplementedError

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        """Assert what holds of this scenario alone."""


class OneRun(Scenario):
    def play(self, app: VirtualApp) -> None:
        app.start()


class OneRunAndAWebhook(Scenario):
    def play(self, app: VirtualApp) -> None:
        app.definitions.webhooks = [ON_CALL]
        app.start()


class OneFailure(Scenario):
    ends, calm = frozenset({FAILED}), (FAILED,)

    def play(self, app: VirtualApp) -> None:
        app.platform.verdict = ProviderStatus.FAILED
        app.start()


class CancelledWhileWaiting(Scenario):
    ends, calm = frozenset({SUCCEEDED, CANCELLED}), (SUCCEEDED, CANCELLED)

    def play(self, app: VirtualApp) -> None:
        app.definitions.limits["nap"] = 1
        app.start()
        app.advance(1)
        app.start()
        for run in app.stored():
            if run.status is RunStatus.QUEUED:
                app.cancel(run.run_id)


class CancelledWhileRunning(Scenario):
    ends, calm = frozenset({SUCCEEDED, CANCELLED}), (CANCELLED,)

    def play(self, app: VirtualApp) -> None:
        app.platform.seconds = 90
        app.start()
        app.advance(4)
        for run in app.stored():
            app.cancel(run.run_id)


class CancelledBeforeItsOrchestrationBegins(Scenario):
    ends, calm = frozenset({SUCCEEDED, CANCELLED}), (CANCELLED,)

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


class ExecutedNow(Scenario):
    """A Job without a Task, asked for twice under one key, beside a Task whose name it has."""

    calm = (SUCCEEDED,) * 2

    def play(self, app: VirtualApp) -> None:
        app.execute(key="monday")
        app.start(key="monday")
        app.execute(key="monday")

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        assert {run.task for run in runs} <= {None, "nap"}
        assert len(runs) <= 2


class ThreeAndALimitOfOne(Scenario):
    calm = (SUCCEEDED,) * 3

    def play(self, app: VirtualApp) -> None:
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


class DeniedForAWhile(Scenario):
    def play(self, app: VirtualApp) -> None:
        app.platform.denials = 2
        app.start()


class AllByTheReconciler(Scenario):
    """No signal is heard, so that the reconciler has everything to do, passes that die included."""

    ends, calm = frozenset({SUCCEEDED, CANCELLED}), (SUCCEEDED, CANCELLED)

    def play(self, app: VirtualApp) -> None:
        app.drops_signals = True
        app.start()
        app.start()
        for run in app.stored()[1:]:
            app.cancel(run.run_id)
        app.drops_signals = False
        app.advance(125)


class Join(Scenario):
    """A chain, and a Task that joins both ends of it."""

    calm = (SUCCEEDED,) * 3

    def play(self, app: VirtualApp) -> None:
        app.definitions.dependencies = {"second": after("first"), "third": after("first", "second")}
        app.start("first")

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        tasks = sorted(run.task for run in runs)
        assert tasks == (["first", "second", "third"] if runs else [])


class SkippedBranch(Scenario):
    """A Task that is skipped, and one that runs because of it."""

    ends, calm = frozenset({FAILED, SKIPPED}), (FAILED, SKIPPED, FAILED)

    def play(self, app: VirtualApp) -> None:
        app.platform.verdict = ProviderStatus.FAILED
        app.definitions.dependencies = {
            "second": after("first"),
            "instead": after("second", condition=Condition.ON_SKIPPED),
        }
        app.start("first")

    def check(self, app: VirtualApp, runs: list[TaskRun]) -> None:
        assert len(runs) in {0, 3}


class CancelledAndDependedOn(Scenario):
    """A run that no orchestration carries ends, and a Task depends on it."""

    ends, calm = frozenset({SUCCEEDED, CANCELLED, SKIPPED}), (SUCCEEDED, CANCELLED, SKIPPED)

    def play(self, app: VirtualApp) -> None:
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
    "a job without a task": ExecutedNow,
    "three runs and a limit of one": ThreeAndALimitOfOne,
    "a submit whose answer is lost": LostSubmit,
    "a platform that denies the run": DeniedForAWhile,
    "all by the reconciler": AllByTheReconciler,
    "a chain and a join": Join,
    "a skipped branch": SkippedBranch,
    "a cancel that another task depends on": CancelledAndDependedOn,
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
        app.advance(70)  # the work itself and one pass of the reconciler, all of it spoilt too
        app.run_until_idle()
        runs = check_invariants(app)
        scenario.check(app, runs)
        return app, runs


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_ends_as_it_should_when_nothing_goes_wrong(
    scenario: Callable[[], Scenario],
) -> None:
    app, runs = play(scenario(), FaultPlan())
    assert Counter(run.status for run in runs) == Counter(scenario().calm)
    assert app.crashes == 0


WAYS = {
    "the process dies before the step": (Fault.CRASH_BEFORE, True),
    "a worker dies after the step": (Fault.CRASH_AFTER, False),
    "the answer is lost": (Fault.ANSWER_LOST, False),
    "another writer comes first": (Fault.STALE, False),
    "storage goes away": (Fault.OUTAGE, False),
}
MORE_WAYS = {
    "the process dies after the step": (Fault.CRASH_AFTER, True),
    "a worker dies before the step": (Fault.CRASH_BEFORE, False),
    "the call is not sent": (Fault.NOT_SENT, False),
}
"""Nearly what the others are, one step on."""


@pytest.mark.parametrize(
    ("fault", "engine_dies"),
    [
        *(pytest.param(*way, id=name) for name, way in WAYS.items()),
        *(pytest.param(*way, id=name, marks=pytest.mark.soak) for name, way in MORE_WAYS.items()),
    ],
)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_no_run_is_lost_or_started_twice_whichever_step_goes_wrong(
    scenario: Callable[[], Scenario], fault: Fault, *, engine_dies: bool
) -> None:
    for plan in cases(scenario(), fault, engine_dies=engine_dies):
        try:
            _, runs = play(scenario(), plan)
        except AssertionError as error:
            error.add_note(plan.injected)
            raise
        assert {run.status for run in runs} <= scenario().ends, plan.injected
        if not plan.injected:
            return
