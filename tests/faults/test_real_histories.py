"""The orchestrations continue from the histories that the real Durable extension stores.

`ACCEPT=1 pytest tests/faults/test_real_histories.py` keeps the histories of this run for
`tests/replay`, which reads them without the extension.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import pytest
from azure.durable_functions import SyncDurableFunctionsClient
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import json_format

from orchestrations.durable_functions import DURABLE_FUNCTIONS
from polysync_core.domain.runs.identity import RunId, instance_id
from tests.faults.local_system import LocalSystem, has_ended, is_submitted
from tests.host_kinds import HostKind, on
from tests.integration.devhost.host_process import eventually
from tests.replay.embedded_replay import compare_history
from tests.replay.history_replay import HISTORIES, replay

pytestmark = [pytest.mark.devhost, on(HostKind.FUNCTIONS)]

FOLDER = HISTORIES / "durable-extension"
DEFINITIONS = """
tasks:
  - name: first-nap
    job: nap
    parameters: {seconds: 0.1}
  - name: second-nap
    job: nap
    parameters: {seconds: 0.1}
    dependencies: [{task: first-nap}]
  - name: retried-nap
    job: flaky
    parameters: {failures: 1, key: history}
    retry: {enabled: true, maxRetryAttempts: 1, initialDelaySeconds: 1}
"""


@pytest.fixture(scope="module")
def histories(system: LocalSystem) -> Mapping[str, dict[str, Any]]:
    """The history of an orchestration of each kind, by its name."""
    system.apply(DEFINITIONS)
    first = system.host.post("/tasks/first-nap/run", {})["runId"]
    retried = system.host.post("/tasks/retried-nap/run", {})["runId"]
    cancelled = system.run(60)
    system.wait_for([cancelled], is_submitted)
    system.cancel(cancelled)
    system.wait_for([first, retried], has_ended)
    instances = {
        "task_run.with_dependent": instance_id(RunId(first), 1),
        "task_run.failed_attempt": instance_id(RunId(retried), 1),
        "task_run.second_attempt": instance_id(RunId(retried), 2),
        "task_run.cancelled": instance_id(RunId(cancelled), 1),
    }
    found = {name: stored_history(system, each) for name, each in instances.items()}
    if os.environ.get("ACCEPT"):
        FOLDER.mkdir(exist_ok=True)
        for name, history in found.items():
            text = json.dumps(history, separators=(",", ":"))
            (FOLDER / f"{name}.json").write_text(text + "\n")
    return found


def stored_history(system: LocalSystem, instance: str) -> dict[str, Any]:
    """Return the history of an ended orchestration in the format of the recordings."""
    binding = (system.host.data / "client.json").read_text()
    client = SyncDurableFunctionsClient.get_cached(binding)

    def whole() -> list[pb.HistoryEvent] | None:
        request = pb.StreamInstanceHistoryRequest(instanceId=instance)
        events = [
            each for chunk in client._stub.StreamInstanceHistory(request) for each in chunk.events
        ]
        return events if any(each.HasField("executionCompleted") for each in events) else None

    events = eventually(whole)
    started = next(each.executionStarted for each in events if each.HasField("executionStarted"))
    return {
        "orchestration": started.name,
        "instance": instance,
        "executions": [[json_format.MessageToDict(event) for event in events]],
    }


@pytest.mark.parametrize(
    "name",
    [
        "task_run.with_dependent",
        "task_run.failed_attempt",
        "task_run.second_attempt",
        "task_run.cancelled",
    ],
)
def test_both_engines_continue_from_every_episode_of_a_real_history(
    histories: Mapping[str, dict[str, Any]], name: str
) -> None:
    history = histories[name]
    assert replay(history, DURABLE_FUNCTIONS.orchestrations[history["orchestration"]]) >= 2
    assert compare_history(history).live() == {}
