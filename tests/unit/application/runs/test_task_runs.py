"""Run Once, idempotency and cancel."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.application.runs.accepting import waiting_message
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.definitions.jobs import Direction, Parameter
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.tasks import Retry, Task
from polysync_core.domain.errors import Conflict, Invalid, NotFound
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType, back_off, begin_attempt
from tests.fakes.app import FakeApp
from tests.fakes.builders import NOON, a_job
from tests.fakes.runs import Crash, FakeRunTable, unpublished

PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)
JOB = a_job(
    parameters=[
        {"name": "day", "default": "2026-01-01"},
        {"name": "limit", "dataType": "Int"},
        {"name": "key", "dataType": "Secret"},
    ]
)
TASK = Task(name="daily", job=JOB.name, parameters={"limit": "5", "key": "vault://v/key"})


class World:
    def __init__(self, *tasks: Task, runs: FakeRunTable | None = None) -> None:
        self.runs = runs or FakeRunTable()
        self.app = FakeApp(PLATFORM, JOB, *(tasks or (TASK,)), runs=self.runs)
        self.engine, self.clock = self.app.engine, self.app.clock
        self.task_runs = self.app.services.task_runs

    def run_once(self, task: str = "daily", **asked: Any) -> TaskRun:
        request = RunRequest(
            **{"task": task, "parameters": {}, "actor": "test", "idempotency_key": None} | asked
        )
        return self.task_runs.run_once(request, self.engine)

    def rerun(self, run: TaskRun, key: str | None = None) -> TaskRun:
        return self.task_runs.rerun(
            run.run_id, idempotency_key=key, actor="test", engine=self.engine
        )

    def change(self, run: TaskRun, **facts: Any) -> TaskRun:
        """Write a run as it would be after something else has happened."""
        changed = replace(run, **facts)
        self.runs.save(self.runs.rows[run.run_id], changed)
        return changed

    def cancel(self, run: TaskRun) -> TaskRun:
        return self.task_runs.cancel(run.run_id, actor="test", engine=self.engine)


@pytest.fixture
def world() -> World:
    return World()


def test_a_run_is_stored_listed_as_active_and_enqueued(world: World) -> None:
    run = world.run_once()
    assert world.runs.rows[run.run_id].run == run
    assert [entry.run_id for entry in world.runs.active_runs()] == [run.run_id]
    assert (run.run_id, 1) in world.engine.live


def test_accepting_a_run_costs_two_writes(world: World) -> None:
    world.run_once()
    assert world.runs.writes == 2


def test_values_are_taken_from_the_request_then_the_task_then_the_job(world: World) -> None:
    run = world.run_once(parameters={"limit": 7})
    assert run.parameters == {"day": "2026-01-01", "limit": 7, "key": "vault://v/key"}


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        pytest.param({"limit": "many"}, "parameters.limit", id="a wrong type"),
        pytest.param({"lmit": 1}, "parameters.lmit", id="an unknown name"),
        pytest.param({"key": "in clear"}, "parameters.key", id="a secret in clear text"),
    ],
)
def test_parameters_that_cannot_be_right_are_refused_by_their_path(
    world: World, parameters: dict[str, Any], path: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        world.run_once(parameters=parameters)
    assert [problem.path for problem in refusal.value.problems] == [path]
    assert not world.runs.rows
    assert "in clear" not in str(refusal.value)


def test_a_disabled_task_is_not_run() -> None:
    world = World(TASK.model_copy(update={"enabled": False}))
    with pytest.raises(Conflict, match="disabled"):
        world.run_once()


def test_an_unknown_task_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.run_once("weekly")


def test_one_idempotency_key_starts_one_run_of_a_task(world: World) -> None:
    first = world.run_once(idempotency_key="k")
    world.clock.advance(minutes=5)
    assert world.run_once(idempotency_key="k") == first
    assert len(world.runs.rows) == 1


def test_one_idempotency_key_for_two_contents_is_a_conflict(world: World) -> None:
    world.run_once(idempotency_key="k")
    with pytest.raises(Conflict, match="other content"):
        world.run_once(idempotency_key="k", parameters={"limit": 1})


def test_the_same_key_for_another_task_is_another_run() -> None:
    world = World(TASK, TASK.model_copy(update={"name": "weekly"}))
    assert world.run_once(idempotency_key="k") != world.run_once("weekly", idempotency_key="k")


class ReadsBeforeTheOtherWrote(FakeRunTable):
    """The first read finds no run, as for two concurrent requests."""

    blind = 0

    def get(self, run_id: Any) -> Any:
        if self.blind:
            self.blind -= 1
            return None
        return super().get(run_id)


def test_two_concurrent_requests_leave_one_index_entry() -> None:
    runs = ReadsBeforeTheOtherWrote()
    world = World(runs=runs)
    first = world.run_once(idempotency_key="k")
    world.clock.advance(seconds=1)
    runs.blind = 1
    assert world.run_once(idempotency_key="k") == first
    assert [entry.queued_at for entry in world.runs.active_runs()] == [first.queued_at]


@pytest.mark.parametrize("write", [1, 2])
def test_a_crash_while_accepting_leaves_no_half_run(write: int) -> None:
    world = World()
    world.runs.crash_at = write
    with pytest.raises(Crash):
        world.run_once(idempotency_key="k")
    world.runs.crash_at = None
    world.clock.advance(minutes=1)
    run = world.run_once(idempotency_key="k")
    world.clock.advance(minutes=20)
    world.app.services.reconciler.reconcile(world.engine)
    assert [entry.queued_at for entry in world.runs.active_runs()] == [run.queued_at]
    assert world.engine.live == {(run.run_id, 1)}


def test_an_unavailable_engine_does_not_lose_an_accepted_run(world: World) -> None:
    world.engine.unavailable = True
    run = world.run_once()
    world.engine.unavailable = False
    world.clock.advance(minutes=20)
    world.app.services.reconciler.reconcile(world.engine)
    assert world.engine.live == {(run.run_id, 1)}


def test_max_concurrent_runs_holds_the_second_run_back() -> None:
    world = World(TASK.model_copy(update={"max_concurrent_runs": 1}))
    first, second = world.run_once(), world.run_once()
    assert world.engine.live == {(first.run_id, 1)}
    world.engine.release("main", first.run_id, 1)
    assert world.engine.live == {(second.run_id, 1)}


def test_a_waiting_run_is_cancelled_at_once_and_forgotten_by_the_dispatcher() -> None:
    world = World(TASK.model_copy(update={"max_concurrent_runs": 1}))
    world.run_once()
    waiting = world.run_once()
    assert world.cancel(waiting).status is RunStatus.CANCELLED
    assert waiting.run_id not in world.engine.dispatcher("main").waiting
    assert waiting.run_id not in {entry.run_id for entry in world.runs.active_runs()}


def test_a_running_run_is_marked_and_its_orchestration_is_woken(world: World) -> None:
    run = world.run_once()
    stored = world.runs.rows[run.run_id]
    world.runs.save(stored, begin_attempt(run, at=world.clock(), actor="polysync"))
    assert world.cancel(run).cancel_requested is not None
    assert world.engine.woken == [(run.run_id, 1)]


def test_a_second_cancellation_changes_nothing(world: World) -> None:
    run = world.run_once()
    stored = world.runs.rows[run.run_id]
    world.runs.save(stored, begin_attempt(run, at=world.clock(), actor="polysync"))
    world.cancel(run)
    world.cancel(run)
    reasons = [entry.reason for entry in world.runs.rows[run.run_id].run.history]
    assert reasons.count("Cancellation was requested.") == 1


def test_the_cancellation_of_an_ended_run_changes_nothing(world: World) -> None:
    run = world.cancel(world.run_once())
    assert unpublished(world.cancel(run)) == unpublished(run)


def test_cancelling_an_unknown_run_is_not_found(world: World) -> None:
    run = world.run_once()
    world.runs.rows.clear()
    with pytest.raises(NotFound):
        world.cancel(run)


def test_a_run_takes_its_tasks_policies_with_it() -> None:
    policy = Retry(enabled=True, max_retry_attempts=3)
    world = World(TASK.model_copy(update={"retry": policy, "execution_timeout_seconds": 60}))
    run = world.run_once()
    assert (run.retry, run.execution_timeout_seconds) == (policy, 60)


def in_back_off(world: World) -> TaskRun:
    run = world.run_once()
    begun = begin_attempt(run, at=world.clock(), actor="polysync")
    failed = Outcome(status=RunStatus.FAILED, reason="no", cause=FailureCause.ARTEFACT)
    until = world.clock() + timedelta(minutes=5)
    queued = back_off(begun, failed, until=until, at=world.clock(), actor="polysync")
    world.runs.save(world.runs.rows[run.run_id], queued)
    world.engine.clock = world.clock
    policies = world.app.services.policies.for_run(run.task, "lakehouse")
    world.engine.enqueue("main", waiting_message(queued), policies)
    return queued


def test_a_run_in_back_off_is_cancelled_at_once_and_keeps_its_attempt(world: World) -> None:
    queued = in_back_off(world)
    cancelled = world.cancel(queued)
    assert cancelled.status is RunStatus.CANCELLED
    assert "waited for its next attempt" in cancelled.reason
    assert cancelled.not_before is None
    assert cancelled.attempts == queued.attempts
    assert not world.engine.dispatcher("main").waiting
    assert not list(world.runs.active_runs())


def ended(world: World, **asked: Any) -> TaskRun:
    return world.cancel(world.run_once(**asked))


def test_a_rerun_is_a_new_run_of_the_same_request(world: World) -> None:
    former = ended(world, parameters={"limit": 7, "day": "2026-02-02"}, priority=9)
    world.clock.advance(minutes=1)
    run = world.rerun(former)
    assert run.run_id != former.run_id
    assert run.rerun_of == former.run_id
    assert (run.parameters, run.priority) == (former.parameters, 9)
    assert run.status is RunStatus.QUEUED
    assert run.graph_run_id == run.run_id
    assert (run.run_id, 1) in world.engine.live
    assert unpublished(world.runs.rows[former.run_id].run) == unpublished(former)


def test_a_rerun_keeps_the_nominal_time_of_a_scheduled_run(world: World) -> None:
    former = world.change(
        ended(world),
        trigger_type=TriggerType.SCHEDULE,
        scheduled_time=NOON,
        time_zone="Australia/Sydney",
    )
    run = world.rerun(former)
    assert run.trigger_type is TriggerType.MANUAL
    assert (run.scheduled_time, run.time_zone) == (NOON, "Australia/Sydney")


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING])
def test_an_active_run_is_not_started_again(world: World, status: RunStatus) -> None:
    run = world.run_once()
    if status is RunStatus.RUNNING:
        run = world.change(run, status=status)
    with pytest.raises(Conflict, match="only a finished run"):
        world.rerun(run)


def test_parameters_that_todays_job_has_no_more_are_refused(world: World) -> None:
    former = world.change(ended(world), parameters={"limit": 5, "gone": "x"})
    with pytest.raises(Invalid) as refusal:
        world.rerun(former)
    assert [problem.path for problem in refusal.value.problems] == ["parameters.gone"]


def test_outputs_that_were_shown_with_the_parameters_are_not_repeated(world: World) -> None:
    former = ended(world)
    outputs = Parameter(name="rows", direction=Direction.OUTPUT)
    job = former.job.model_copy(update={"parameters": (*former.job.parameters, outputs)})
    former = world.change(former, job=job, parameters={**former.parameters, "rows": "0"})
    assert "rows" not in world.rerun(former).parameters


def test_one_key_is_one_rerun_and_no_other_request(world: World) -> None:
    first, second = ended(world), ended(world)
    run = world.rerun(first, key="k")
    assert world.rerun(first, key="k").run_id == run.run_id
    with pytest.raises(Conflict, match="other content"):
        world.rerun(second, key="k")
    with pytest.raises(Conflict, match="other content"):
        world.run_once(idempotency_key="k", parameters=first.parameters, priority=first.priority)


def test_a_rerun_of_a_disabled_task_is_refused(world: World) -> None:
    former = ended(world)
    world.app.define(TASK.model_copy(update={"enabled": False}))
    with pytest.raises(Conflict, match="disabled"):
        world.rerun(former)
