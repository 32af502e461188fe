"""`polysync cancel` and `rerun` with filters, against an app in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, begin_attempt, finish
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.fakes.command_line import AppCommands, shared_commands


class World:
    """An app with two Tasks on two platforms, and its command line."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.app = FakeApp(
            a_platform(),
            a_platform(name="warehouse"),
            a_job(),
            a_job(name="clean", platform="warehouse"),
            Task(name="load", job="sales-load"),
            Task(name="clean", job="clean"),
        )
        self.polysync = AppCommands(self.app, patch)

    def start(self, task: str, *, fails: bool = False) -> str:
        self.app.clock.advance(minutes=1)
        run_id = RunId(self.app.http.post(f"/tasks/{task}/run").json()["runId"])
        if fails:
            outcome = Outcome(
                status=RunStatus.FAILED, reason="over", cause=FailureCause.TIMEOUT, error="late"
            )
            now, runs = self.app.clock(), self.app.services.ports.runs
            stored = runs.get(run_id)
            assert stored is not None
            begun = begin_attempt(stored.run, at=now, actor="test")
            runs.deactivate(runs.save(stored, finish(begun, outcome, at=now, actor="test")).run)
        return run_id

    def runs(self, **query: Any) -> list[Any]:
        return self.app.http.get("/task-runs", params={"limit": 100, **query}).json()["items"]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with shared_commands():
        yield World(monkeypatch)


def test_everything_of_a_platform_is_cancelled_after_a_list_and_a_question(world: World):
    kept, cancelled = world.start("load"), [world.start("clean"), world.start("clean")]

    result = world.polysync("cancel", "--platform", "warehouse", input="y\n")

    assert result.exit_code == 0, result.output
    assert all(run_id in result.stdout for run_id in cancelled)
    assert "Cancel 2 runs?" in result.stderr
    assert result.stdout.splitlines()[-1] == "2 runs cancelled"
    assert {run["runId"] for run in world.runs(status="Queued")} == {kept}


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_consent_nothing_is_cancelled(world: World, answer: str):
    world.start("load")

    result = world.polysync("cancel", "--task", "load", input=answer)

    assert result.exit_code == 1
    assert "Nothing is changed" in result.stderr
    assert world.runs(status="Queued")


def test_a_run_that_is_accepted_after_the_list_is_not_cancelled(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.start("load")
    later: list[str] = []
    monkeypatch.setattr(
        "polysync_core.cli.commands.runs.many_runs.require_consent",
        lambda _question, *, yes: later.append(world.start("load")),
    )

    world.polysync("cancel", "--task", "load")

    assert [run["runId"] for run in world.runs(status="Queued")] == later


def test_more_runs_than_one_page_are_cancelled(world: World):
    for _ in range(130):
        world.start("load")

    result = world.polysync("cancel", "--since", "1d", "--yes")

    assert "... and 110 more" in result.stderr
    assert "130 runs cancelled" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--task", "load", "--status", "Failed"], "a Failed run never changes"),
        (["rabcd", "--task", "load"], "cannot be combined with filters"),
        ([], "or filters such as --platform NAME"),
    ],
)
def test_a_contradiction_is_refused(world: World, words: list[str], message: str):
    result = world.polysync("cancel", *words)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_no_matching_run_is_no_error_and_an_unknown_task_is_one(world: World):
    nothing = world.polysync("cancel", "--task", "load")
    unknown = world.polysync("cancel", "--task", "laod")

    assert (nothing.exit_code, nothing.stderr) == (0, "No queued or running run matches.\n")
    assert (unknown.exit_code, "'load'" in unknown.stderr) == (1, True)


def test_a_backfill_is_cancelled_as_a_whole(world: World):
    world.app.http.patch(
        "/tasks/load", json={"schedules": [{"name": "daily", "cron": "0 6 * * *"}]}
    )
    days = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-04T00:00:00Z"}
    backfill = world.app.http.post("/tasks/load/backfill", json=days).json()["backfillId"]

    result = world.polysync("cancel", "--backfill", backfill, "--yes")

    assert result.stdout.splitlines()[-1] == f"Backfill {backfill} is cancelled."
    assert world.app.http.get(f"/backfills/{backfill}").json()["cancelledAt"] is not None


def test_failed_runs_are_run_again_the_oldest_first(world: World):
    failed = [world.start("load", fails=True), world.start("clean", fails=True)]

    result = world.polysync("rerun", "--status", "failed", "--since", "2h", "--yes")

    assert result.stdout.splitlines()[-1] == "2 runs started again."
    assert {run["rerunOf"] for run in world.runs(status="Queued")} == {*failed}
    asked = [each.url.path for each in world.polysync.requests if each.method == "POST"]
    assert [path.split("/")[-2] for path in asked] == failed


def test_a_failed_run_that_was_repeated_and_failed_again_is_repeated_once(world: World):
    first = world.start("load", fails=True)
    world.app.clock.advance(minutes=1)
    second = world.app.http.post(f"/task-runs/{first}/rerun").json()["runId"]
    world.app.http.post(f"/task-runs/{second}/cancel")

    query = ["--status", "failed", "--status", "cancelled", "--task", "load", "--yes"]
    result = world.polysync("rerun", *query)

    assert result.stdout.splitlines()[-1] == "1 run started again."
    assert [run["rerunOf"] for run in world.runs(status="Queued")] == [second]


def test_a_refused_run_does_not_stop_the_others_and_the_key_repeats_safely(world: World):
    world.start("load", fails=True)
    world.start("clean", fails=True)
    world.app.http.patch("/tasks/clean", json={"enabled": False})

    result = world.polysync("rerun", "--since", "2h", "--yes", "--idempotency-key", "k")

    assert result.exit_code == 1
    assert "1 run started again." in result.stdout
    assert "disabled" in result.stderr
    world.polysync("rerun", "--since", "2h", "--yes", "--idempotency-key", "k")
    assert len(world.runs(status="Queued")) == 1
