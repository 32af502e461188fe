"""Retries and reruns that repair a failed run on its platform."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Conflict, Invalid
from polysync_core.domain.runs.attempts import Attempt
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus, TaskRun
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_run
from tests.fakes.platform import FAILED, SUCCESS
from tests.unit.application.runs.attempt_bench import PLATFORM, RETRY, Bench

WORKFLOW = a_job(
    job_type=JobType.DATABRICKS_WORKFLOW,
    external_id="42",
    parameters=[{"name": "day", "default": "${run.id}"}, {"name": "key", "dataType": "Secret"}],
    settings={"retryFrom": "Failure"},
)


def test_a_retry_repairs_the_failed_run_and_reads_no_secret_for_it() -> None:
    bench = Bench(a_run(job=WORKFLOW, retry=RETRY, parameters={"day": "${run.id}"}))
    bench.platform.reports = [FAILED, SUCCESS]
    bench.submit()
    bench.poll()
    bench.clock.advance(seconds=30)

    bench.submit(attempt=2)
    bench.poll(attempt=2)

    first, second = bench.platform.orders
    assert (first.repairs, second.repairs, second.parameters) == (None, "1", {})
    assert bench.run.status is RunStatus.SUCCEEDED
    assert bench.run.attempts[1].parameters == bench.run.attempts[0].parameters
    assert "Submitting attempt 2, a repair of 1." in [each.reason for each in bench.run.history]


def test_a_resend_repairs_the_same_run() -> None:
    bench = Bench(a_run(job=WORKFLOW, repairs="7"))
    bench.platform.lost_answers = 1
    bench.submit()
    bench.submit()
    assert [(each.repairs, each.is_resend) for each in bench.platform.orders] == [
        ("7", False),
        ("7", True),
    ]


class World:
    """A failed run of a Task whose Job the platform can repair."""

    def __init__(self, job: Job = WORKFLOW) -> None:
        self.app = FakeApp(PLATFORM, job, Task(name="daily", job=job.name))
        self.runs = self.app.services.task_runs

    def failed(self, **facts: Any) -> TaskRun:
        accepted = self.app.http.post("/tasks/daily/run").json()
        stored = self.app.services.task_runs.store.read(accepted["runId"])
        attempt = Attempt(
            number=1, external_run_id="7", status=RunStatus.FAILED, cause=FailureCause.ARTEFACT
        )
        changes: dict[str, Any] = {"status": RunStatus.FAILED, "attempts": (attempt,), **facts}
        updated = self.runs.store.update(stored, lambda run: replace(run, **changes))
        return updated.run

    def rerun(self, run: TaskRun, **wanted: Any) -> TaskRun:
        return self.runs.rerun(
            run.run_id,
            **{"from_failure": True, "idempotency_key": None, "actor": "test", **wanted},
            engine=self.app.engine,
        )


def test_a_rerun_from_the_failure_repairs_the_run_on_the_platform() -> None:
    world = World()
    former = world.failed()

    run = world.rerun(former)

    assert (run.repairs, run.rerun_of) == ("7", former.run_id)
    assert run.parameters == former.parameters


def test_a_rerun_from_the_failure_takes_no_other_values() -> None:
    world = World()
    with pytest.raises(Invalid) as refusal:
        world.rerun(world.failed(), parameters={"day": "x"})
    assert [each.path for each in refusal.value.problems] == ["parameters"]


def test_a_job_type_that_cannot_repair_is_refused_and_the_error_names_those_that_can() -> None:
    world = World(a_job())
    with pytest.raises(Invalid) as refusal:
        world.rerun(world.failed())
    (problem,) = refusal.value.problems
    assert problem.path == "fromFailure"
    for job_type in ("DatabricksJob", "DatabricksWorkflow", "ADFPipeline", "SynapsePipeline"):
        assert job_type in problem.message
    assert not world.runs.may_repair(world.failed())


def test_a_run_that_has_not_failed_is_not_repaired() -> None:
    world = World()
    succeeded = world.failed(status=RunStatus.SUCCEEDED)
    with pytest.raises(Conflict, match="no part of it has failed"):
        world.rerun(succeeded)
    assert not world.runs.may_repair(succeeded)
    assert world.runs.may_repair(world.failed())


def test_one_key_is_one_repair_and_no_start_from_the_beginning() -> None:
    world = World()
    former = world.failed()
    run = world.rerun(former, idempotency_key="k")
    assert world.rerun(former, idempotency_key="k").run_id == run.run_id
    with pytest.raises(Conflict, match="other content"):
        world.rerun(former, idempotency_key="k", from_failure=False)


def test_the_api_accepts_the_request_and_shows_the_repair() -> None:
    world = World()
    former = world.failed()
    path = f"/task-runs/{former.run_id}/rerun"

    accepted = world.app.http.post(path, json={"fromFailure": True})

    assert accepted.status_code == 202
    world.app.platform.reports = [SUCCESS]
    run_id = accepted.json()["runId"]
    world.app.services.attempt_steps.submit(run_id, 1, AttemptMemo())
    (attempt,) = world.app.http.get(f"/task-runs/{run_id}").json()["attempts"]
    assert attempt["repairs"] == "7"
    with_values = {"fromFailure": True, "parameters": {"day": "x"}}
    assert world.app.http.post(path, json=with_values).status_code == 422
    assert world.app.http.post(path, json={"fromFailure": "yes"}).status_code == 422
