"""Values for parameters that the artefact no longer has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Invalid
from polysync_core.domain.parameters import resolve
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job
from tests.unit.application.runs.attempt_bench import PLATFORM

PARAMETERS = [
    {"name": "day", "default": "today"},
    {"name": "gone", "default": "old", "required": True, "missing": True},
]


def world(*, fail: bool, **task: Any) -> FakeApp:
    job = a_job(parameters=PARAMETERS, unknown_parameters="Fail" if fail else "Warn")
    return FakeApp(PLATFORM, job, Task(name="daily", job=job.name, **task))


def newest(app: FakeApp) -> TaskRun:
    return app.services.task_runs.page(Listing(limit=1)).items[0]


@pytest.mark.parametrize("fail", [True, False])
def test_the_default_of_a_missing_parameter_is_not_sent(fail: bool) -> None:
    job = a_job(parameters=PARAMETERS, unknown_parameters="Fail" if fail else "Warn")
    assert resolve(job, {}, {}) == {"day": "today"}


def test_a_run_with_such_a_value_starts_with_a_warning() -> None:
    app = world(fail=False, parameters={"gone": "x"})
    run = app.http.post("/tasks/daily/run").json()["runId"]
    (warning,) = app.http.get(f"/task-runs/{run}").json()["warnings"]
    assert "no longer reads parameter 'gone'" in warning
    assert newest(app).parameters == {"day": "today", "gone": "x"}


@pytest.mark.parametrize(
    ("task", "body"),
    [
        ({"parameters": {"gone": "x"}}, {}),
        ({}, {"parameters": {"gone": "x"}}),
        ({"parameters": {"gone": "${run.id}"}}, {"parameters": {"day": "y"}}),
    ],
)
def test_a_run_with_such_a_value_is_refused_if_the_job_says_so(
    task: dict[str, Any], body: dict[str, Any]
) -> None:
    app = world(fail=True, **task)
    answer = app.http.post("/tasks/daily/run", json=body)
    assert answer.status_code == 422
    (problem,) = answer.json()["errors"]
    assert problem["path"] == "parameters.gone"
    assert "sync the parameters of job" in problem["message"]
    assert app.services.task_runs.page(Listing(limit=1)).items == []


def test_execute_now_is_refused_too() -> None:
    app = world(fail=True)
    given = {"params": {"gone": "x"}}
    answer = app.http.post("/jobs/sales-load/run", json=given)
    assert answer.status_code == 422
    assert app.http.post("/jobs/sales-load/run").is_success


def test_a_scheduled_run_with_such_a_value_fails_and_says_why() -> None:
    schedule = Schedule(name="hourly", cron="0 * * * *", parameters={"gone": "x"})
    app = world(fail=True, schedules=[schedule])
    app.services.schedule_tick.tick(app.engine)
    app.clock.advance(hours=1, minutes=1)
    app.services.schedule_tick.tick(app.engine)

    run = newest(app)

    assert (run.status, run.attempts[-1].cause) == (RunStatus.FAILED, FailureCause.PARAMETERS)
    assert "no longer reads parameter 'gone'" in run.reason
    assert run.queued_at - app.clock() < timedelta(minutes=2)


def test_the_job_without_the_setting_warns() -> None:
    assert a_job().unknown_parameters == "Warn"
    with pytest.raises(Invalid):
        resolve(a_job(parameters=PARAMETERS, unknown_parameters="Fail"), {"gone": "x"}, {})
