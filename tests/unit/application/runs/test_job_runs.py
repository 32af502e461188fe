"""Execute Now: a Job that runs without a Task."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.application.runs.finishing import failure
from polysync_core.application.runs.job_runs import JobRequest
from polysync_core.application.runs.reconciling import ACCEPTANCE_TIMEOUT
from polysync_core.application.runs.submission import SubmissionBuilder
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.definitions.contention import ConcurrencyProfile
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dispatch.explain import explain
from polysync_core.domain.errors import Conflict, Invalid, NotFound
from polysync_core.domain.runs.events import events_of
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import new_run_id
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType, begin_attempt
from polysync_core.domain.security.secrets import Secret
from tests.fakes.app import FakeApp
from tests.fakes.builders import NOON, a_job
from tests.fakes.runs import Crash, FakeRunTable, unpublished

CAP = ConcurrencyProfile.model_validate(
    {"name": "one", "type": "Concurrency", "settings": {"maxConcurrentTasks": 1}}
)
PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
    contention_profiles=("one",),
)
JOB = a_job(
    parameters=[
        {"name": "day", "default": "2026-01-01"},
        {"name": "limit", "dataType": "Int"},
        {"name": "key", "dataType": "Secret", "default": "vault://v/key"},
    ],
    tags={"team": "sales"},
)
OTHER = a_job(name="other")
TASK = Task(name="daily", job=JOB.name, retry={"enabled": True})  # type: ignore[arg-type]
DEPENDENT = Task(name="after", job=JOB.name, dependencies=({"task": "daily"},))  # type: ignore[arg-type]


class World:
    def __init__(self) -> None:
        self.runs = FakeRunTable()
        self.app = FakeApp(CAP, PLATFORM, JOB, OTHER, TASK, DEPENDENT, runs=self.runs)
        self.engine, self.clock = self.app.engine, self.app.clock
        self.task_runs = self.app.services.task_runs
        self.job_runs = self.app.services.job_runs

    def execute(self, job: str = JOB.name, **asked: Any) -> TaskRun:
        self.clock.advance(seconds=1)
        request = JobRequest(**{"job": job, "parameters": {}, "actor": "ann"} | asked)
        return self.job_runs.execute(request, self.engine)

    def run_task(self) -> TaskRun:
        request = RunRequest(task="daily", parameters={}, actor="ann")
        return self.task_runs.run_once(request, self.engine)

    def begun(self, run: TaskRun) -> TaskRun:
        """Write a run as it is once its first attempt is under way."""
        stored = self.runs.rows[run.run_id]
        return self.runs.save(stored, begin_attempt(run, at=self.clock(), actor="p")).run

    def reconcile(self) -> None:
        self.app.services.reconciler.reconcile(self.engine)


@pytest.fixture
def world() -> World:
    return World()


def test_a_job_run_has_no_task_and_nothing_that_a_task_would_say(world: World) -> None:
    run = world.execute(parameters={"limit": "7"})
    assert (run.task, run.job, run.title) == (None, JOB, "sales-load")
    assert run.parameters == {"day": "2026-01-01", "limit": 7, "key": "vault://v/key"}
    assert (run.trigger_type, run.priority, run.tags) == (TriggerType.MANUAL, 100, JOB.tags)
    assert (run.retry.enabled, run.fan_out, run.execution_timeout_seconds) == (False, False, None)
    assert [entry.actor for entry in run.history] == ["ann"]


def test_a_job_run_is_stored_listed_as_active_and_enqueued(world: World) -> None:
    run = world.execute()
    assert world.runs.writes == 2
    assert [entry.run_id for entry in world.runs.active_runs()] == [run.run_id]
    assert (run.run_id, 1) in world.engine.live


def test_the_profiles_of_its_platform_gate_it_beside_runs_of_tasks(world: World) -> None:
    holder, waiting = world.run_task(), world.execute()
    assert world.engine.live == {(holder.run_id, 1)}
    found = explain(world.engine.dispatcher("main"), waiting.run_id, now=world.clock())
    assert found is not None
    assert [(reason.profile, reason.holders[0].run_id) for reason in found.reasons] == [
        ("one", holder.run_id)
    ]
    world.engine.release("main", holder.run_id, 1)
    assert world.engine.live == {(waiting.run_id, 1)}


@pytest.mark.parametrize(
    ("params", "path"),
    [
        pytest.param({"dya": 1}, "params.dya", id="an unknown name"),
        pytest.param({"limit": "many"}, "params.limit", id="a wrong type"),
        pytest.param({"key": "hunter2"}, "params.key", id="a secret itself"),
    ],
)
def test_values_that_do_not_fit_are_refused_before_anything_is_stored(
    world: World, params: dict[str, Any], path: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        world.execute(parameters=params)
    assert [problem.path for problem in refusal.value.problems] == [path]
    assert "hunter2" not in str(refusal.value)
    assert world.runs.writes == 0


def test_an_unknown_job_is_not_found(world: World) -> None:
    for ask in (
        lambda: world.execute("nothing"),
        lambda: world.job_runs.newest("nothing"),
        lambda: world.job_runs.page("nothing", limit=1, continuation_token=None),
    ):
        with pytest.raises(NotFound, match="nothing"):
            ask()


class TestIdempotency:
    def test_the_same_request_under_a_key_is_the_same_run(self, world: World) -> None:
        first = world.execute(idempotency_key="k", parameters={"limit": 1})
        assert world.execute(idempotency_key="k", parameters={"limit": 1}) == first
        assert len(world.runs.rows) == 1

    def test_another_request_under_a_key_is_a_conflict(self, world: World) -> None:
        world.execute(idempotency_key="k")
        with pytest.raises(Conflict, match="other content"):
            world.execute(idempotency_key="k", parameters={"limit": 1})

    def test_a_key_is_of_its_job_alone_and_not_of_a_task_of_the_same_name(
        self, world: World
    ) -> None:
        ours, theirs = (world.execute(job, idempotency_key="k") for job in (JOB.name, OTHER.name))
        request = RunRequest(task="daily", parameters={}, actor="ann", idempotency_key="k")
        task_run = world.task_runs.run_once(request, world.engine)
        assert len({ours.run_id, theirs.run_id, task_run.run_id}) == 3

    @pytest.mark.parametrize("write", [1, 2])
    def test_a_crash_between_the_writes_leaves_one_run_after_asking_again(
        self, world: World, write: int
    ) -> None:
        world.runs.crash_at = write
        with pytest.raises(Crash):
            world.execute(idempotency_key="k")
        run = world.execute(idempotency_key="k")
        world.clock.advance(seconds=(ACCEPTANCE_TIMEOUT + timedelta(seconds=1)).total_seconds())
        world.reconcile()
        assert [entry.queued_at for entry in world.runs.active_runs()] == [run.queued_at]
        assert list(world.runs.rows) == [run.run_id]

    def test_the_faster_of_two_requests_counts(self, world: World) -> None:
        first = world.execute(idempotency_key="k")
        slower = replace(first, queued_at=first.queued_at + timedelta(seconds=1))
        world.runs.index_active(slower)
        known = world.app.services.run_factory.accept(
            replace(slower, request_digest=first.request_digest), world.engine
        )
        assert known == first
        assert [entry.queued_at for entry in world.runs.active_runs()] == [first.queued_at]


class TestReading:
    def test_runs_of_a_job_are_its_own_without_those_of_its_tasks(self, world: World) -> None:
        ours = [world.execute().run_id for _ in range(2)]
        world.execute(OTHER.name)
        world.run_task()
        page = world.job_runs.page(JOB.name, limit=10, continuation_token=None)
        assert [run.run_id for run in page.items] == ours[::-1]
        assert world.job_runs.newest(JOB.name) == page.items[0]

    def test_runs_of_tasks_are_listed_without_those_of_jobs(self, world: World) -> None:
        world.execute()
        task_run = world.run_task()
        assert [run.run_id for run in world.task_runs.page(Listing()).items] == [task_run.run_id]

    def test_a_job_that_was_never_executed_has_no_newest_run(self, world: World) -> None:
        world.run_task()
        assert world.job_runs.newest(JOB.name) is None

    def test_a_run_of_another_job_or_of_a_task_is_not_found(self, world: World) -> None:
        theirs, task_run = world.execute(OTHER.name), world.run_task()
        for run_id in (theirs.run_id, task_run.run_id, new_run_id()):
            with pytest.raises(NotFound, match="has no run of this id"):
                world.job_runs.get(JOB.name, run_id)
            with pytest.raises(NotFound, match="has no run of this id"):
                world.job_runs.cancel(JOB.name, run_id, actor="ann", engine=world.engine)
        assert not any(stored.run.cancel_requested for stored in world.runs.rows.values())


class TestLife:
    def test_cancelling_a_queued_run_ends_and_deactivates_it(self, world: World) -> None:
        run = world.execute()
        ended = world.job_runs.cancel(JOB.name, run.run_id, actor="bob", engine=world.engine)
        again = world.job_runs.cancel(JOB.name, run.run_id, actor="bob", engine=world.engine)
        assert ended.status is RunStatus.CANCELLED
        assert unpublished(again) == unpublished(ended)
        assert list(world.runs.active_runs()) == []

    def test_the_cancellation_of_a_running_job_run_reaches_its_platform(self, world: World) -> None:
        run = world.begun(world.execute())
        asked = world.job_runs.cancel(JOB.name, run.run_id, actor="bob", engine=world.engine)
        assert (asked.status, asked.cancel_requested) == (RunStatus.RUNNING, world.clock())
        assert world.engine.woken == [(run.run_id, 1)]

    def test_a_failure_ends_the_run_and_notifies_no_dependent(self, world: World) -> None:
        run = world.begun(world.execute())
        recorder = world.app.services.attempt_recorder
        lost = failure(FailureCause.LOST, "gone")
        result = recorder.end(world.runs.rows[run.run_id], lambda _: lost)
        assert (result.done, result.retry, result.notify) == (True, None, ())
        assert world.runs.deactivated == {run.run_id: RunStatus.FAILED}

    def test_a_lost_signal_is_repeated(self, world: World) -> None:
        world.engine.unavailable = True
        run = world.execute()
        world.engine.unavailable = False
        world.reconcile()
        assert world.engine.live == {(run.run_id, 1)}

    def test_a_job_run_cannot_be_rerun(self, world: World) -> None:
        run = world.execute()
        world.job_runs.cancel(JOB.name, run.run_id, actor="ann", engine=world.engine)
        with pytest.raises(Conflict, match="execute the job again"):
            world.task_runs.rerun(
                run.run_id, idempotency_key=None, actor="ann", engine=world.engine
            )

    def test_the_platform_and_the_events_name_a_job_run_by_its_job(self, world: World) -> None:
        run = world.begun(world.execute())
        assert run.attempt is not None
        submissions = SubmissionBuilder(resolve_secret=Secret)
        request = submissions.request(run, run.attempt, is_resend=False)
        assert request.run_name == f"sales-load {run.run_id} attempt 1"
        event = next(events_of(run, after=0)).as_json()
        assert (event["task"], event["job"]) == (None, "sales-load")
        assert run.queued_at == NOON + timedelta(seconds=1)
