"""Wide graphs and concurrent graph runs in virtual time."""

from __future__ import annotations

from collections import Counter

import pytest

from polysync_core.domain.definitions.tasks import Dependency
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.platforms.connector import ProviderStatus
from tests.faults.invariants import check_invariants
from tests.faults.virtual_app import VirtualApp

WIDE = [f"part-{number}" for number in range(200)]


def after(*tasks: str, condition: Condition = Condition.ON_SUCCESS) -> tuple[Dependency, ...]:
    return tuple(Dependency(task=task, condition=condition) for task in tasks)


def run_graph(
    monkeypatch: pytest.MonkeyPatch, verdict: ProviderStatus, parts: list[str]
) -> list[TaskRun]:
    """Run `root`, which starts the parts, which start `end`."""
    app = VirtualApp(monkeypatch)
    app.platform.verdict = verdict
    app.definitions.dependencies = {
        **{name: after("root") for name in parts},
        "end": after(*parts),
        "alarm": after("end", condition=Condition.ON_SKIPPED),
    }
    app.start("root")
    app.advance(70)
    app.run_until_idle()
    return check_invariants(app)


def test_one_run_starts_200_runs_and_these_start_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = run_graph(monkeypatch, ProviderStatus.SUCCESS, WIDE)
    assert Counter(run.status for run in runs) == {RunStatus.SUCCEEDED: 202, RunStatus.SKIPPED: 1}
    (end,) = (run for run in runs if run.task == "end")
    assert {parent.task for parent in end.parents} == set(WIDE)


def test_a_failure_skips_all_dependents_and_starts_the_task_that_depends_on_a_skip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = run_graph(monkeypatch, ProviderStatus.FAILED, WIDE[:60])
    failed = sorted(run.task for run in runs if run.status is RunStatus.FAILED)
    assert failed == ["alarm", "root"]
    assert sum(run.status is RunStatus.SKIPPED for run in runs) == 61


def test_concurrent_graph_runs_do_not_mix(monkeypatch: pytest.MonkeyPatch) -> None:
    app = VirtualApp(monkeypatch)
    app.definitions.limits = {"slow": 2}
    app.definitions.dependencies = {
        "slow": after("root"),
        "quick": after("root"),
        "end": after("slow"),
    }
    app.definitions.dependencies["end"] = after("slow", "quick", "root")
    for _ in range(12):
        app.start("root")
    app.advance(70)
    app.run_until_idle()
    runs = check_invariants(app)
    assert Counter(run.task for run in runs) == dict.fromkeys(("root", "slow", "quick", "end"), 12)
    graph_of = {run.run_id: run.graph_run_id for run in runs}
    for run in runs:
        assert {graph_of[parent.run_id] for parent in run.parents} <= {run.graph_run_id}
