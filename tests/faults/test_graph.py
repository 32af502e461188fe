"""The graph through the whole stack."""

from __future__ import annotations

import pytest

from tests.faults.stand import Stand, has_ended

pytestmark = pytest.mark.devhost


def test_the_graph_shows_how_a_run_ended_and_that_of_its_graph_run(site: Stand) -> None:
    site.apply("tasks:\n  - {name: after-nap, job: nap, dependencies: [{task: nap}]}\n")
    try:
        (run,) = site.wait_for([site.run(0.1)], has_ended)
        around = site.host.get("/graph?task=nap")
        of_run = site.host.get(f"/graph?graphRunId={run['runId']}")
    finally:
        site.host.http.delete("/tasks/after-nap").raise_for_status()

    for graph in (around, of_run):
        assert [node["task"] for node in graph["nodes"]] == ["nap", "after-nap"]
        assert graph["nodes"][0]["lastRun"] == {
            "runId": run["runId"],
            "status": "Succeeded",
            "finishedAt": run["finishedAt"],
        }
        assert [(edge["from"], edge["to"]) for edge in graph["edges"]] == [("nap", "after-nap")]
