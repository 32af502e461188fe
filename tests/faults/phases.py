"""Runs in every phase of their life at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from tests.faults.local_system import LocalSystem, has_ended, is_submitted
from tests.integration.devhost.host_process import eventually

TASKS: list[dict[str, Any]] = [
    {"name": "one-at-a-time", "job": "nap", "maxConcurrentRuns": 1, "parameters": {"seconds": 2}},
    {"name": "parent", "job": "nap", "parameters": {"seconds": 0.1}},
    {
        "name": "child",
        "job": "nap",
        "parameters": {"seconds": 0.1},
        "dependencies": [{"task": "parent"}],
    },
    {
        "name": "retried",
        "job": "flaky",
        "parameters": {"failures": 1, "key": "first"},
        "retry": {"enabled": True, "maxRetryAttempts": 1, "initialDelaySeconds": 8},
    },
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """The runs that were started, each with the status in which it must end."""

    expected: dict[str, str]
    dependents: int
    """The dependent runs that the system must have at the end."""

    def check_ends(self, system: LocalSystem, *, within: float) -> None:
        """Wait until all runs have ended; fail if any is lost or was started twice."""
        system.wait_for(list(self.expected), has_ended, within=within)
        eventually(lambda: len(_ended_dependents(system)) == self.dependents, within=within)
        ended = {run["runId"]: run["status"] for run in system.runs(list(self.expected))}
        assert ended == self.expected
        assert {run["status"] for run in _ended_dependents(system)} == {"Succeeded"}
        listed = system.host.get("/task-runs?limit=100")["items"]
        runs = system.runs([run["runId"] for run in listed])
        attempts = [attempt for run in runs for attempt in run["attempts"]]
        sent = [each["externalRunId"] for each in attempts if each["externalRunId"]]
        tokens = system.databricks.started()
        assert len(tokens) == len(set(tokens)) == len(sent) == len(set(sent))
        for status in ("Queued", "Running"):
            assert system.host.get(f"/task-runs?status={status}")["items"] == []


def define_phases(system: LocalSystem) -> None:
    """Store the tasks of the phases."""
    system.apply(yaml.safe_dump({"tasks": TASKS}))


def start_phases(system: LocalSystem, key: str) -> Phases:
    """Start runs until each phase has one; a new key makes the retried task fail once again."""
    dependents = len(_ended_dependents(system))
    retried = system.run_task("retried", {"key": key})
    system.wait_for([retried], _waits_for_retry)
    running, cancelled = system.run(6), system.run(60)
    holder, queued = system.run_task("one-at-a-time"), system.run_task("one-at-a-time")
    system.wait_for([running, cancelled, holder], is_submitted)
    submits = {"endpoint": "jobs/runs/submit", "fault": "slow", "seconds": 3, "times": 1}
    system.databricks.inject_fault(**submits)
    submitted = system.run(0.1)
    system.host.http.post(f"/task-runs/{cancelled}/cancel").raise_for_status()
    parent = system.run_task("parent")
    system.wait_for([parent], has_ended)
    succeeded = (retried, running, holder, queued, submitted, parent)
    expected = dict.fromkeys(succeeded, "Succeeded") | {cancelled: "Cancelled"}
    return Phases(expected=expected, dependents=dependents + 1)


def _waits_for_retry(run: dict[str, Any]) -> bool:
    return bool(run["attempts"]) and run["attempts"][-1]["status"] == "Failed"


def _ended_dependents(system: LocalSystem) -> list[dict[str, Any]]:
    runs = system.host.get("/task-runs?task=child")["items"]
    return [run for run in runs if has_ended(run)]
