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
from tests.faults.faults import Fault, Plan
from tests.faults.promises import check_promises
from tests.faults.rig import World

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

    def play(self, world: World) -> None:
        raise NotImplementedError

    def check(self, world: World, runs: list[TaskRun]) -> None:
        """Assert what holds of this scenario alone."""


class OneRun(Scenario):
    def play(self, world: World) -> None:
        world.start()


class OneRunAndAWebhook(Scenario):
    def play(self, world: World) -> None:
        world.webhooks = [ON_CALL]
        world.start()


class OneFailure(Scenario):
    ends, calm = frozenset({FAILED}), (FAILED,)

    def play(self, world: World) -> None:
        world.platform.verdict = ProviderStatus.FAILED
        world.start()


class CancelledWhileWaiting(Scenario):
    ends, calm = frozenset({SUCCEEDED, CANCELLED}), (SUCCEEDED, CANCELLED)

    def play(self, world: World) -> None:
        world.limits["nap"] = 1
        world.start()
        world.pass_time(1)
        world.start()
        for run in world.stored():
            if run.status is RunStatus.QUEUED:
                world.cancel(run.run_id)


class CancelledWhileRunning(Scenario):
    ends, calm = frozenset({SUCCEEDED, CANCELLED}), (CANCELLED,)

    def play(self, world: World) -> None:
        world.platform.seconds = 90
        world.start()
        world.pass_time(4)
        for run in world.stored():
            world.cancel(run.run_id)


class CancelledBeforeItsOrchestrationBegins(Scenario):
    ends, calm = frozenset({SUCCEEDED, CANCELLED}), (CANCELLED,)

    def play(self, world: World) -> None:
        world.start()
        for run in world.stored():
            world.cancel(run.run_id)
            world.cancel(run.run_id)


class OneKeyTwice(Scenario):
    def play(self, world: World) -> None:
        world.start(key="monday")
        world.pass_time(1)
        world.start(key="monday")

    def check(self, world: World, runs: list[TaskRun]) -> None:
        assert len(runs) <= 1


class ExecutedNow(Scenario):
    """A Job without a Task, asked for twice under one key, beside a Task whose name it has."""

    calm = (SUCCEEDED,) * 2

    def play(self, world: World) -> None:
        world.execute(key="monday")
        world.start(key="monday")
        world.execute(key="monday")

    def check(self, world: World, runs: list[TaskRun]) -> None:
        assert {run.task for run in runs} <= {None, "nap"}
        assert len(runs) <= 2


class ThreeAndALimitOfOne(Scenario):
    calm = (SUCCEEDED,) * 3

    def play(self, world: World) -> None:
        world.limits["nap"] = 1
        for _ in range(3):
            world.start()
        world.pass_time(4)

    def check(self, world: World, runs: list[TaskRun]) -> None:
        assert world.platform.most_at_once() <= 1, "the limit was exceeded"


class LostSubmit(Scenario):
    def play(self, world: World) -> None:
        world.platform.lost_answers = 1
        world.start()


class DeniedForAWhile(Scenario):
    def play(self, world: World) -> None:
        world.platform.denials = 2
        world.start()


class AllByTheReconciler(Scenario):
    """No signal is heard, so that the reconciler has everything to do, passes that die included."""

    ends, calm = frozenset({SUCCEEDED, CANCELLED}), (SUCCEEDED, CANCELLED)

    def play(self, world: World) -> None:
        world.deaf = True
        world.start()
        world.start()
        for run in world.stored()[1:]:
            world.cancel(run.run_id)
        world.deaf = False
        world.pass_time(125)


class Join(Scenario):
    """A chain, and a Task that joins both ends of it."""

    calm = (SUCCEEDED,) * 3

    def play(self, world: World) -> None:
        world.dependencies = {"second": after("first"), "third": after("first", "second")}
        world.start("first")

    def check(self, world: World, runs: list[TaskRun]) -> None:
        tasks = sorted(run.task for run in runs)
        assert tasks == (["first", "second", "third"] if runs else [])


class SkippedBranch(Scenario):
    """A Task that is skipped, and one that runs because of it."""

    ends, calm = frozenset({FAILED, SKIPPED}), (FAILED, SKIPPED, FAILED)

    def play(self, world: World) -> None:
        world.platform.verdict = ProviderStatus.FAILED
        world.dependencies = {
            "second": after("first"),
            "instead": after("second", condition=Condition.ON_SKIPPED),
        }
        world.start("first")

    def check(self, world: World, runs: list[TaskRun]) -> None:
        assert len(runs) in {0, 3}


class CancelledAndDependedOn(Scenario):
    """A run that no orchestration carries ends, and a Task depends on it."""

    ends, calm = frozenset({SUCCEEDED, CANCELLED, SKIPPED}), (SUCCEEDED, CANCELLED, SKIPPED)

    def play(self, world: World) -> None:
        world.limits["nap"] = 1
        world.dependencies = {"second": after("nap")}
        world.start("nap", downstream=False)
        world.pass_time(1)
        world.start("nap")
        for run in world.stored():
            if run.status is RunStatus.QUEUED and run.fan_out:
                world.cancel(run.run_id)


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


def cases(scenario: Scenario, fault: Fault, *, engine_dies: bool) -> Iterator[Plan]:
    numbers: Iterable[int] = count(1)
    if fault is Fault.STALE:
        numbers = play(scenario, Plan())[0].plan.guarded
    for number in numbers:
        yield Plan(fault, number, engine_dies=engine_dies)


def play(scenario: Scenario, plan: Plan) -> tuple[World, list[TaskRun]]:
    with pytest.MonkeyPatch.context() as patch:
        world = World(patch, plan)
        scenario.play(world)
        world.pass_time(70)  # the work itself and one pass of the reconciler, all of it spoilt too
        world.come_to_rest()
        runs = check_promises(world)
        scenario.check(world, runs)
        return world, runs


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_ends_as_it_should_when_nothing_goes_wrong(
    scenario: Callable[[], Scenario],
) -> None:
    world, runs = play(scenario(), Plan())
    assert Counter(run.status for run in runs) == Counter(scenario().calm)
    assert world.crashes == 0


WAYS = {
    "the process dies before the step": (Fault.DIES_BEFORE, True),
    "a worker dies after the step": (Fault.DIES_AFTER, False),
    "the answer is lost": (Fault.ANSWER_LOST, False),
    "another writer comes first": (Fault.STALE, False),
    "storage goes away": (Fault.OUTAGE, False),
}
MORE_WAYS = {
    "the process dies after the step": (Fault.DIES_AFTER, True),
    "a worker dies before the step": (Fault.DIES_BEFORE, False),
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
            error.add_note(plan.spoilt)
            raise
        assert {run.status for run in runs} <= scenario().ends, plan.spoilt
        if not plan.spoilt:
            return
