"""The graph, through the whole stack."""

from __future__ import annotations

import pytest

from tests.faults.local_system import LocalSystem, has_ended
from tests.host_kinds import HostKind, on

pytestmark = [pytest.mark.devhost, on(HostKind.EMBEDDED)]


def test_the_graph_of_a_task_and_of_a_graph_run_show_the_outcome_of_the_run(
    system: LocalSystem,
) -> None:
    system.apply("tasks:\n  - {name: after-nap, job: nap, dependencies: [{task: nap}]}\n")
    try:
        (run,) = system.wait_for([system.run(0.1)], has_ended)
        of_task = system.host.get("/graph?task=nap")
        of_run = system.host.get(f"/graph?graphRunId={run['runId']}")
    finally:
        system.host.http.delete("/tasks/after-nap").raise_for_status()

    for graph in (of_task, of_run):
        assert [node["task"] for node in graph["nodes"]] == ["nap", "after-nap"]
        assert graph["nodes"][0]["lastRun"] == {
            "runId": run["runId"],
            "status": "Succeeded",
            "finishedAt": run["finishedAt"],
        }
        assert [(edge["from"], edge["to"]) for edge in graph["edges"]] == [("nap", "after-nap")]
