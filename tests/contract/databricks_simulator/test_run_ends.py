"""The ends of runs: cancellations, time-outs, lost processes and a stopped simulator."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psutil
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import (
    Run,
    RunLifeCycleState,
    RunResultState,
    TerminationCodeCode,
)

from tests.contract.databricks_simulator.run_steps import (
    WAIT,
    a_task,
    result_of,
    submit,
    task_id,
    wait_until_ended,
)


def wait_until_running(databricks: WorkspaceClient, run_id: int) -> Run:
    deadline = time.monotonic() + WAIT.total_seconds()
    while time.monotonic() < deadline:
        run = databricks.jobs.get_run(run_id)
        assert run.state is not None
        if run.state.life_cycle_state is RunLifeCycleState.RUNNING:
            return run
        time.sleep(0.02)
    raise AssertionError("The run did not start.")


def test_an_exception_fails_the_run_with_error_and_trace(databricks: WorkspaceClient) -> None:
    run = wait_until_ended(databricks, submit(databricks, a_task("fail")))

    assert result_of(run) is RunResultState.FAILED
    assert run.state is not None
    assert run.state.state_message == "Workload failed, see run output for details"
    assert run.status is not None
    assert run.status.termination_details is not None
    assert run.status.termination_details.code is TerminationCodeCode.RUN_EXECUTION_ERROR
    output = databricks.jobs.get_run_output(task_id(run))
    assert output.error == "ZeroDivisionError: division by zero"
    assert output.error_trace is not None
    assert "line 7" in output.error_trace
    assert "simulators" not in output.error_trace


def test_a_dead_process_fails_its_run_and_no_other_run(
    databricks: WorkspaceClient,
) -> None:
    other = submit(databricks, a_task("sleep", parameters={"seconds": "0.3"}))

    run = wait_until_ended(databricks, submit(databricks, a_task("die")))

    assert result_of(run) is RunResultState.FAILED
    assert "SIGKILL" in (databricks.jobs.get_run_output(task_id(run)).error or "")
    assert result_of(wait_until_ended(databricks, other)) is RunResultState.SUCCESS


def test_a_missing_notebook_is_an_internal_error_of_the_run(databricks: WorkspaceClient) -> None:
    run = wait_until_ended(databricks, submit(databricks, a_task("absent")))

    assert run.state is not None
    assert run.state.life_cycle_state is RunLifeCycleState.INTERNAL_ERROR
    assert "Unable to access the notebook" in (run.state.state_message or "")


def test_a_cancelled_run_ends_as_canceled(databricks: WorkspaceClient) -> None:
    run_id = submit(databricks, a_task("sleep"))
    wait_until_running(databricks, run_id)

    databricks.jobs.cancel_run(run_id)

    run = wait_until_ended(databricks, run_id)
    assert result_of(run) is RunResultState.CANCELED
    assert run.state is not None
    assert run.state.user_cancelled_or_timedout


def test_a_cancel_kills_a_process_that_ignores_sigterm_and_its_children(
    databricks: WorkspaceClient, simulator: Any
) -> None:
    run_id = submit(databricks, a_task("stubborn"))
    run = wait_until_running(databricks, run_id)
    log = f"runs/{task_id(run)}/log"
    deadline = time.monotonic() + WAIT.total_seconds()
    while not (printed := simulator.control("GET", log).strip()) and time.monotonic() < deadline:
        time.sleep(0.02)

    databricks.jobs.cancel_run(run_id)

    assert result_of(wait_until_ended(databricks, run_id)) is RunResultState.CANCELED
    assert _is_gone(int(printed))


def _is_gone(pid: int) -> bool:
    """Return whether a process ends; a killed process may need a moment."""
    deadline = time.monotonic() + WAIT.total_seconds()
    while _is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_cancel_of_a_finished_run_changes_nothing(databricks: WorkspaceClient) -> None:
    run_id = submit(databricks, a_task("quiet"))
    before = wait_until_ended(databricks, run_id)

    databricks.jobs.cancel_run(run_id)

    assert databricks.jobs.get_run(run_id).as_dict() == before.as_dict()


def test_a_run_past_its_timeout_ends_as_timedout(databricks: WorkspaceClient) -> None:
    whole = submit(databricks, a_task("sleep"), timeout_seconds=1)
    task = submit(databricks, a_task("sleep", timeout_seconds=1))

    assert result_of(wait_until_ended(databricks, whole)) is RunResultState.TIMEDOUT
    assert result_of(wait_until_ended(databricks, task)) is RunResultState.TIMEDOUT


def test_finished_runs_outlive_a_kill_and_running_ones_are_lost(
    start_simulator: Any, tmp_path: Path
) -> None:
    simulator = start_simulator(tmp_path)
    client = simulator.client()
    finished = submit(client, a_task("quiet"), idempotency_token="kept")
    before = wait_until_ended(client, finished)
    lost = submit(client, a_task("sleep"))
    wait_until_running(client, lost)
    pid = next(run for run in simulator.control("GET", "runs")["runs"] if run["run_id"] == lost)[
        "tasks"
    ][0]["pid"]

    simulator.kill()
    client = start_simulator(tmp_path).client()

    assert result_of(client.jobs.get_run(finished)) is result_of(before)
    assert submit(client, a_task("quiet"), idempotency_token="kept") == finished
    state = client.jobs.get_run(lost).state
    assert state is not None
    assert state.life_cycle_state is RunLifeCycleState.INTERNAL_ERROR
    assert _is_gone(pid)


def test_a_lost_fork_server_loses_its_runs_and_is_started_again(
    start_simulator: Any, tmp_path: Path
) -> None:
    simulator = start_simulator(tmp_path)
    client = simulator.client()
    lost = submit(client, a_task("sleep"))
    wait_until_running(client, lost)

    [fork_server] = psutil.Process(simulator.process.pid).children()
    fork_server.kill()

    state = wait_until_ended(client, lost).state
    assert state is not None
    assert state.life_cycle_state is RunLifeCycleState.INTERNAL_ERROR
    assert (
        result_of(wait_until_ended(client, submit(client, a_task("quiet"))))
        is RunResultState.SUCCESS
    )


def test_sigterm_ends_the_simulator_and_its_notebooks(start_simulator: Any, tmp_path: Path) -> None:
    simulator = start_simulator(tmp_path)
    client = simulator.client()
    run = wait_until_running(client, submit(client, a_task("sleep")))
    children = psutil.Process(simulator.process.pid).children(recursive=True)
    assert run.run_id

    assert simulator.stop() == 0

    assert len(children) >= 2
    assert all(_is_gone(child.pid) for child in children)
