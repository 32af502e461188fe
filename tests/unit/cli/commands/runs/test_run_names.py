"""Names of runs: an id or its first characters, `@TASK` and `--last`, in every command."""

from __future__ import annotations

import pytest

from tests.unit.cli.conftest import Invoke, build_run
from tests.unit.cli.fake_api import Answer, FakeApi, problem

ID, ROOT = "r2ylptlsbt5nf5sbwi3fdfz2eh", "rqgm4x3ejp6hn3oudohvvxkrak"
RUN = build_run("Cancelled", runId=ID, graphRunId=ROOT)
COMMANDS = {
    "show": ("GET", f"/task-runs/{ID}"),
    "explain": ("GET", f"/task-runs/{ID}/explain"),
    "cancel": ("POST", f"/task-runs/{ID}/cancel"),
    "rerun": ("POST", f"/task-runs/{ID}/rerun"),
}


@pytest.mark.parametrize(("name", "task"), [("--last", None), ("@daily", "daily")])
@pytest.mark.parametrize("command", COMMANDS)
def test_the_newest_run_is_found(
    api: FakeApi, polysync: Invoke, command: str, name: str, task: str | None
):
    api.on("GET", "/task-runs", Answer({"items": [RUN], "continuationToken": "more"}))
    api.on(*COMMANDS[command], Answer(RUN))
    api.on("GET", f"/task-runs/{ID}/history", Answer({"items": []}))

    result = polysync(command, name)

    assert result.exit_code == 0
    assert api.requests[0].query == {"limit": "1"} | ({"task": task} if task else {})
    assert api.requests_of(*COMMANDS[command])


@pytest.mark.parametrize("command", COMMANDS)
def test_either_a_run_or_last_is_given(api: FakeApi, polysync: Invoke, command: str):
    assert polysync(command).exit_code == 2
    assert polysync(command, ID, "--last").exit_code == 2
    assert api.requests == []


def test_a_prefix_is_left_to_the_api_and_its_candidates_are_shown(api: FakeApi, polysync: Invoke):
    detail = f"Several task runs have an id that begins with 'r2yl': {ID}, {ROOT}."
    api.on("GET", "/task-runs/r2yl", problem(409, "The id is ambiguous", detail))

    result = polysync("show", "r2yl")

    assert (result.exit_code, result.stdout) == (1, "")
    assert f"The id is ambiguous: {detail}" in result.stderr


def test_a_cancelled_run_is_named_by_its_complete_id(api: FakeApi, polysync: Invoke):
    api.on("POST", "/task-runs/r2yl/cancel", Answer(RUN | {"status": "Running"}))
    assert ID in polysync("cancel", "r2yl").stdout


@pytest.mark.parametrize(
    ("command", "path"),
    [(("runs", "--graph", "@daily"), "/task-runs"), (("graph", "--graph-run", "@daily"), "/graph")],
)
def test_a_task_names_the_graph_run_of_its_newest_run(
    api: FakeApi, polysync: Invoke, command: tuple[str, ...], path: str
):
    api.on("GET", "/task-runs", Answer({"items": [RUN]}))
    api.on("GET", "/graph", Answer({"nodes": [], "edges": []}))

    assert polysync(*command).exit_code == 0
    assert api.requests_of("GET", path)[-1].query["graphRunId"] == ROOT


@pytest.mark.parametrize("command", [("show", "@slepy"), ("runs", "--task", "slepy")])
def test_an_unknown_task_is_not_a_task_without_runs(
    api: FakeApi, polysync: Invoke, command: tuple[str, ...]
):
    api.on("GET", "/task-runs", Answer({"items": []}))
    unknown = "There is no task 'slepy'; did you mean 'sleepy'?"
    api.on("GET", "/tasks/slepy", problem(404, "Not found", unknown))

    result = polysync(*command)

    assert result.exit_code == 1
    assert unknown.rstrip("?") in result.stderr


def test_a_task_without_runs_is_named(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs", Answer({"items": []}))
    api.on("GET", "/tasks/quiet", Answer({"name": "quiet"}))

    assert "Task quiet has no runs." in polysync("show", "@quiet").stderr
    assert "No runs." in polysync("runs", "--task", "quiet").stderr
    assert "There are no runs." in polysync("show", "--last").stderr
