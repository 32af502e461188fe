"""Retries and time-outs, through the whole stack: on the platform and in the stored run."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from polysync_core.domain.runs.identity import RunId, submit_token
from tests.faults.local_system import LocalSystem, has_ended, local_system
from tests.host_kinds import HostKind, on

pytestmark = pytest.mark.devhost

DEFINITIONS = """
tasks:
  - &retried
    name: flaky-retried
    job: flaky
    maxConcurrentRuns: 1
    retry: {enabled: true, maxRetryAttempts: 2, initialDelaySeconds: 1, maxDelaySeconds: 2}
  - {<<: *retried, name: flaky-always}
  - {name: nap-limited, job: nap, executionTimeoutSeconds: 2}
  - name: nap-back-off
    job: nap
    maxConcurrentRuns: 1
    retry: {enabled: true, maxRetryAttempts: 1, initialDelaySeconds: 600}
    executionTimeoutSeconds: 1
"""


def start(system: LocalSystem, task: str, **parameters: Any) -> str:
    return system.host.post(f"/tasks/{task}/run", {"parameters": parameters})["runId"]


class StartedRuns(NamedTuple):
    """The runs of all tests, started together so that they wait at the same time."""

    system: LocalSystem
    twice: str
    always_failing: str
    limited: str
    in_back_off: str


@pytest.fixture(scope="module")
def started_runs(system: LocalSystem) -> StartedRuns:
    system.apply(DEFINITIONS)
    return StartedRuns(
        system,
        twice=start(system, "flaky-retried", failures=2, key="twice"),
        always_failing=start(system, "flaky-always", failures=9, key="always-again"),
        limited=start(system, "nap-limited", seconds=60),
        in_back_off=start(system, "nap-back-off", seconds=60),
    )


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_notebook_that_fails_twice_succeeds_in_its_third_attempt(
    started_runs: StartedRuns,
) -> None:
    (run,) = started_runs.system.wait_for([started_runs.twice], has_ended)

    assert run["status"] == "Succeeded"
    assert [attempt["status"] for attempt in run["attempts"]] == ["Failed", "Failed", "Succeeded"]
    assert [attempt["cause"] for attempt in run["attempts"]] == ["Artefact", "Artefact", None]
    assert len({attempt["externalRunId"] for attempt in run["attempts"]}) == 3
    assert all(attempt["monitorUrl"] for attempt in run["attempts"])
    started = Counter(started_runs.system.databricks.started())
    tokens = [submit_token(RunId(started_runs.twice), number) for number in (1, 2, 3, 4)]
    assert [started[token] for token in tokens] == [1, 1, 1, 0]
    for earlier, later in zip(run["attempts"], run["attempts"][1:], strict=False):
        pause = time_of(later["submittedAt"]) - time_of(earlier["finishedAt"])
        assert pause.total_seconds() >= 1
    history = started_runs.system.host.get(f"/task-runs/{started_runs.twice}/history")["items"]
    passed = [entry["to"] for entry in history]
    assert passed == ["Queued", *["Running", "Queued"] * 2, "Running", "Succeeded"]


def test_a_run_fails_after_its_last_attempt(started_runs: StartedRuns) -> None:
    (run,) = started_runs.system.wait_for([started_runs.always_failing], has_ended)
    assert run["status"] == "Failed"
    assert [attempt["cause"] for attempt in run["attempts"]] == ["Artefact"] * 3


def test_a_run_that_exceeds_its_time_out_is_cancelled_on_its_platform(
    started_runs: StartedRuns,
) -> None:
    (run,) = started_runs.system.wait_for([started_runs.limited], has_ended)
    attempt = run["attempts"][0]
    assert (run["status"], attempt["cause"]) == ("Failed", "Timeout")
    assert attempt["providerStatus"] == "Cancelled"


def test_a_run_in_back_off_holds_no_lease_and_is_cancelled_at_once(
    started_runs: StartedRuns,
) -> None:
    system, first = started_runs.system, started_runs.in_back_off
    (run,) = system.wait_for([first], lambda run: run["nextAttemptAt"] is not None)
    assert run["status"] == "Queued"
    second = start(system, "nap-back-off", seconds=0.1)
    assert system.wait_for([second], has_ended)[0]["attempts"][0]["externalRunId"]

    answer = system.host.http.post(f"/task-runs/{first}/cancel").json()
    assert (answer["status"], answer["nextAttemptAt"]) == ("Cancelled", None)
    assert len(answer["attempts"]) == 1


@on(HostKind.EMBEDDED)
def test_a_back_off_survives_a_killed_host(host_kind: HostKind, tmp_path: Path) -> None:
    with local_system(tmp_path, kind=host_kind) as system:
        system.apply(DEFINITIONS.replace("initialDelaySeconds: 1,", "initialDelaySeconds: 2,"))
        run_id = start(system, "flaky-retried", failures=1, key="killed")
        waiting = system.wait_for([run_id], lambda run: run["nextAttemptAt"] is not None)[0]
        system.kill()
        system.restart()
        run = system.wait_for([run_id], has_ended)[0]

        assert run["status"] == "Succeeded"
        assert run["attempts"][0] == waiting["attempts"][0]
        assert len(run["attempts"]) == len(system.databricks.started()) == 2
        assert time_of(run["attempts"][1]["submittedAt"]) >= time_of(waiting["nextAttemptAt"])
