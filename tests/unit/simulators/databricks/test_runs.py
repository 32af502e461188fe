"""States of runs, and their stored records."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from simulators.databricks.compute import Compute
from simulators.databricks.notebooks.notebook import Ending, Outcome
from simulators.databricks.run_log import RunLog
from simulators.databricks.runs import (
    BLOCKED,
    CANCELED,
    FAILED,
    PENDING,
    RUNNING,
    SUCCEEDED,
    TERMINATING,
    UPSTREAM_FAILED,
    LifeCycle,
    Result,
    Run,
    State,
    TaskRun,
    run_from_record,
    run_to_record,
)
from simulators.databricks.submission import Submission, TaskSpec


def a_run(*states: State, run_id: int = 1) -> Run:
    specs = tuple(
        TaskSpec(key=f"t{n}", notebook_path="/n", parameters={"a": "1"}, compute=Compute(fields={}))
        for n, _ in enumerate(states)
    )
    tasks = {
        spec.key: TaskRun(run_id=run_id + n + 1, spec=spec, state=state, submitted_at=5)
        for n, (spec, state) in enumerate(zip(specs, states, strict=True))
    }
    submission = Submission(run_name="r", token="t", tasks=specs, single_task=False)
    return Run(
        run_id=run_id, job_id=9, submission=submission, submitted_at=5, creator="c", tasks=tasks
    )


@pytest.mark.parametrize(
    ("states", "life_cycle", "result"),
    [
        pytest.param([PENDING, BLOCKED], LifeCycle.PENDING, None, id="nothing has begun"),
        pytest.param([SUCCEEDED, BLOCKED], LifeCycle.RUNNING, None, id="one is done"),
        pytest.param([RUNNING, TERMINATING], LifeCycle.TERMINATING, None, id="one is being ended"),
        pytest.param([SUCCEEDED, SUCCEEDED], LifeCycle.TERMINATED, Result.SUCCESS, id="all well"),
        pytest.param(
            [FAILED, UPSTREAM_FAILED], LifeCycle.TERMINATED, Result.FAILED, id="one failed"
        ),
        pytest.param([FAILED, CANCELED], LifeCycle.TERMINATED, Result.CANCELED, id="cancelled"),
    ],
)
def test_the_state_of_a_run_follows_from_its_tasks(
    states: list[State], life_cycle: LifeCycle, result: Result | None
) -> None:
    state = a_run(*states).state

    assert (state.life_cycle, state.result) == (life_cycle, result)


def test_the_first_final_state_never_changes() -> None:
    task = a_run(RUNNING).tasks["t0"].enter(SUCCEEDED, at=10)

    assert task.enter(CANCELED, at=20) == task


def test_a_run_survives_being_stored() -> None:
    run = a_run(SUCCEEDED, RUNNING)
    outcome = Outcome(ending=Ending.SUCCESS, result="x")
    run.tasks["t0"] = replace(run.tasks["t0"], outcome=outcome)

    assert run_from_record(json.loads(json.dumps(run_to_record(run)))) == run


def test_the_run_log_returns_the_last_record_of_each_run(tmp_path: Path) -> None:
    ledger = RunLog(tmp_path)
    ledger.save(a_run(RUNNING, run_id=1))
    ledger.save(a_run(RUNNING, run_id=10))
    ledger.save(a_run(SUCCEEDED, run_id=1))
    ledger.close()

    ledger = RunLog(tmp_path)
    states = {run.run_id: run.state.life_cycle for run in ledger.load(at=7)}
    ledger.close()

    assert states == {1: LifeCycle.TERMINATED, 10: LifeCycle.INTERNAL_ERROR}


def test_a_partial_last_line_is_ignored(tmp_path: Path) -> None:
    ledger = RunLog(tmp_path)
    ledger.save(a_run(SUCCEEDED))
    ledger.close()
    with (tmp_path / "runs.jsonl").open("a") as file:
        file.write('{"run_id": 2, "jo')

    ledger = RunLog(tmp_path)
    runs = ledger.load(at=7)
    ledger.save(a_run(SUCCEEDED, run_id=3))
    ledger.close()
    ledger = RunLog(tmp_path)
    again = ledger.load(at=7)
    ledger.close()

    assert [run.run_id for run in runs] == [1]
    assert [run.run_id for run in again] == [1, 3]
