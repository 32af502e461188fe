"""Runs whose vault or platform does not answer, across restarts, clock jumps and duplicates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.errors import PlatformRefused, Unavailable, VaultUnavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus, TaskRun
from tests.faults.faults import Disturbance, FaultPlan
from tests.faults.invariants import check_invariants
from tests.faults.virtual_app import VirtualApp

VAULT_SILENT = VaultUnavailable(
    "the secret databricks-token of the vault team cannot be read: Key Vault does not answer",
    vault="team",
)
HOST_SILENT = Unavailable("adb-999.9.azuredatabricks.net cannot be reached")
REFUSED = PlatformRefused("grant the identity Can View", cause=FailureCause.SUBMIT, status=403)


def raising(error: Exception) -> Callable[..., Any]:
    def call(*_: object) -> Any:
        raise error

    return call


def the_run(app: VirtualApp) -> TaskRun:
    (run,) = app.stored()
    return run


def pass_minutes(app: VirtualApp, minutes: int, *, restarts: bool) -> None:
    for _ in range(minutes):
        app.advance(60)
        if restarts:
            app.restart()


@pytest.fixture(params=[False, True], ids=["engine survives", "engine dies"])
def app(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> VirtualApp:
    return VirtualApp(monkeypatch, FaultPlan(engine_dies=request.param))


@pytest.mark.parametrize("restarts", [False, True])
def test_a_silent_vault_is_shown_and_given_up_in_time(
    app: VirtualApp, monkeypatch: pytest.MonkeyPatch, restarts: bool
) -> None:
    monkeypatch.setattr(app.platform, "submit", raising(VAULT_SILENT))
    app.start()
    pass_minutes(app, 10, restarts=restarts)
    problem = the_run(app).problem
    assert problem is not None
    assert (problem.target, problem.tries >= 7) == ("vault team", True)
    pass_minutes(app, 11, restarts=restarts)
    run = the_run(app)
    assert run.status is RunStatus.FAILED
    assert run.attempts[0].cause is FailureCause.SECRET
    assert run.attempts[0].begun_at is not None
    assert run.finished_at is not None
    assert (run.finished_at - run.attempts[0].begun_at).total_seconds() <= 15 * 60 + 70
    assert run.reason.endswith(f"for 15 minutes; last error: {VAULT_SILENT}.")
    app.run_until_idle()
    check_invariants(app)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("minutes", [0, 1, 7])
@pytest.mark.parametrize("error", [VAULT_SILENT, HOST_SILENT], ids=["vault", "platform"])
def test_a_run_that_was_not_sent_is_cancelled_at_once(
    app: VirtualApp,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    minutes: int,
    restarts: bool,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(app.platform, "submit", raising(error))
        app.start()
        app.advance(1)
        pass_minutes(app, minutes, restarts=restarts)
        app.cancel(the_run(app).run_id)
        assert the_run(app).status is RunStatus.CANCELLED
        app.advance(1)
        assert app.engine.dispatcher("main").is_empty
    app.run_until_idle()
    check_invariants(app)
    assert app.platform.started == {}


@pytest.mark.parametrize("jump", [-7200, 7200])
def test_a_clock_that_jumps_neither_extends_a_limit_nor_keeps_a_cancelled_run(
    app: VirtualApp, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    monkeypatch.setattr(app.platform, "submit", raising(HOST_SILENT))
    app.start()
    app.start()
    pass_minutes(app, 3, restarts=False)
    app.clock_error = jump
    first, second = app.stored()
    app.cancel(first.run_id)
    pass_minutes(app, 18, restarts=False)
    ended = {run.run_id: run.status for run in app.stored()}
    assert ended == {first.run_id: RunStatus.CANCELLED, second.run_id: RunStatus.FAILED}


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("error", [HOST_SILENT, REFUSED], ids=["silent", "refused"])
def test_a_cancelled_run_whose_platform_does_not_report_ends_in_bounded_time(
    app: VirtualApp, monkeypatch: pytest.MonkeyPatch, error: Exception, restarts: bool
) -> None:
    app.platform.seconds = 120.0
    app.start()
    app.advance(10)
    monkeypatch.setattr(app.platform, "read", raising(error))
    monkeypatch.setattr(app.platform, "cancel", raising(error))
    app.advance(60)
    app.cancel(the_run(app).run_id)
    app.advance(2)
    assert the_run(app).problem is not None
    pass_minutes(app, 7, restarts=restarts)
    run = the_run(app)
    assert run.status is RunStatus.CANCELLED
    assert str(error) in run.reason
    assert "check the run there" in run.reason
    app.run_until_idle()
    check_invariants(app)


@pytest.mark.parametrize("seed", range(30))
def test_a_cancellation_among_duplicates_and_crashes_starts_nothing_after_it(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    app = VirtualApp(monkeypatch, FaultPlan(engine_dies=seed % 3 == 0))
    app.disturb(seed, Disturbance(crash=0.01))
    with monkeypatch.context() as patch:
        patch.setattr(app.platform, "submit", raising(VAULT_SILENT))
        app.start()
        app.advance(20 + 7 * seed)
    for run in app.stored():
        app.cancel(run.run_id)
        app.advance(seed % 5)
    app.run_until_idle()
    for run in check_invariants(app):
        assert run.status is RunStatus.CANCELLED or run.cancel_requested is None
