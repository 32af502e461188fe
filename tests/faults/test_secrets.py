"""A secret runs through success, failure and faults; then everything that was kept is searched."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest
from durabletask.client import TaskHubGrpcClient

from tests.faults.stand import TOKEN, Stand, has_ended, stand
from tests.integration.devhost.host_process import HostProcess

pytestmark = pytest.mark.devhost

CANARY = "canary-91c4e7ab-parameter"
ECHO = "0.1091827364501"
"""A secret that the notebook gives back as an output."""
DEFINITIONS = """
jobs:
  - name: secretive
    platform: lakehouse
    jobType: DatabricksNotebook
    externalId: /bench/nap
    parameters:
      - {name: seconds, dataType: Float, default: 0.1}
      - {name: key, dataType: Secret}
  - name: echoing
    platform: lakehouse
    jobType: DatabricksNotebook
    externalId: /bench/nap
    settings: {outputsFromExitValue: true}
    parameters:
      - {name: seconds, dataType: Secret}
      - {name: slept, dataType: Float, direction: Output, sensitive: true}
tasks:
  - {name: echoing, job: echoing, parameters: {seconds: "vault://local/POLYSYNC_TEST_ECHO"}}
  - {name: secretive, job: secretive, parameters: {key: "vault://local/POLYSYNC_TEST_CANARY"}}
  - {name: unresolved, job: secretive, parameters: {key: "vault://local/POLYSYNC_TEST_ABSENT"}}
"""


def answers_about(site: Stand, ids: list[str]) -> str:
    """Return every answer of the API that might show what was used."""
    pages = [f"/task-runs/{run_id}{part}" for run_id in ids for part in ("", "/history", "/events")]
    pages += ["/task-runs?limit=100", "/definitions", "/tasks/secretive", "/platforms/lakehouse"]
    texts = [site.host.http.get(page).text for page in pages]
    texts += [site.host.http.post(f"/{kind}/test").text for kind in ("vaults/local",)]
    return "".join(texts)


def engine_memory(host: HostProcess) -> str:
    """Return inputs, outputs, failures and histories of all that the durable engine holds."""
    process = psutil.Process(host.process.pid)
    listening = {
        each.laddr.port for each in process.net_connections("tcp") if each.status == "LISTEN"
    }
    for port in listening - {host.port}:
        with TaskHubGrpcClient(host_address=f"127.0.0.1:{port}") as client:
            try:
                states = client.get_all_orchestration_states()
            except Exception:  # noqa: S112 - the other port is the worker's HTTP server
                continue
            histories = [client.get_orchestration_history(s.instance_id) for s in states]
            entities = client.get_all_entities()
            return repr(states) + repr(histories) + repr([vars(each) for each in entities])
    raise AssertionError("the engine was not found")


def files_below(folder: Path) -> bytes:
    """Return the content of every file that the host and its storage have written."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_no_secret_is_kept_or_shown_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYSYNC_TEST_CANARY", CANARY)
    monkeypatch.setenv("POLYSYNC_TEST_ECHO", ECHO)
    os.environ.pop("POLYSYNC_TEST_ABSENT", None)
    with stand(tmp_path) as site:
        site.apply(DEFINITIONS)
        ids = [run_of(site, task) for task in ("secretive", "unresolved", "echoing")]
        for fault in ({"fault": "lost-response"}, {"fault": "status", "status": 403}):
            site.wait_for(ids, has_ended)
            site.workspace.misbehave(endpoint="jobs/runs/submit", **fault)
            ids.append(run_of(site, "secretive"))
        refused = site.host.http.post("/tasks/secretive/run", json={"parameters": {"key": CANARY}})
        runs = site.wait_for(ids, has_ended)
        seen = answers_about(site, ids) + engine_memory(site.host) + refused.text
    kept = files_below(tmp_path / "data") + site.host.said().encode()

    causes = [run["attempts"][0]["cause"] for run in runs]
    assert causes == [None, "Secret", None, None, "Submit"]
    assert runs[2]["outputs"] == {"slept": {"redacted": True}}
    assert refused.status_code == 422
    assert len(site.workspace.started()) == 3
    assert "vault://local/POLYSYNC_TEST_CANARY" in seen  # the search looks where it should
    assert b"POLYSYNC_TEST_CANARY" in kept
    for secret in (CANARY, ECHO, TOKEN):
        assert secret not in seen
        assert secret.encode() not in kept


def run_of(site: Stand, task: str) -> str:
    return site.host.post(f"/tasks/{task}/run", {})["runId"]
