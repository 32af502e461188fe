"""Secrets pass through success, failure and faults; nothing stored or sent contains them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from durabletask.client import TaskHubGrpcClient

from polysync_core.telemetry import names
from polysync_core.telemetry.actions import ACTIONS
from tests.fakes.ingestion import Ingestion, ingestion
from tests.faults.local_system import TOKEN, LocalSystem, has_ended, local_system
from tests.host_kinds import HostKind
from tests.integration.devhost.host_process import HostProcess, eventually

pytestmark = pytest.mark.devhost

CANARY = "canary-91c4e7ab-parameter"
ECHO = "0.1091827364501"
"""A secret that the notebook returns as an output."""
EXPORTER_METRICS = {
    "_OTELRESOURCE_",
    *("Item_Success_Count", "Item_Dropped_Count", "Item_Retry_Count"),
}
"""Metrics that the exporter of Azure adds about itself."""
ALWAYS = {
    *(names.RUNS_ACCEPTED.name, names.RUN_WAIT.name, names.RUN_DURATION.name),
    *(names.ATTEMPT_FAILURES.name, names.CALL_DURATION.name, names.TICK_DURATION.name),
}
"""Metrics that the app sends in every minute."""
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


def answers_about(system: LocalSystem, ids: list[str]) -> str:
    """Return every answer of the API that might contain a secret."""
    pages = [f"/task-runs/{run_id}{part}" for run_id in ids for part in ("", "/history", "/events")]
    pages += ["/task-runs?limit=100", "/definitions", "/tasks/secretive", "/platforms/lakehouse"]
    texts = [system.host.http.get(page).text for page in pages]
    texts += [system.host.http.post(f"/{kind}/test").text for kind in ("vaults/local",)]
    return "".join(texts)


def engine_memory(host: HostProcess, kind: HostKind) -> str:
    """Return all inputs, outputs, failures and histories that the engine holds.

    The embedded engine keeps nothing outside its process: it writes no file and has no port.
    """
    if kind is HostKind.EMBEDDED:
        return ""
    listening = {
        each.laddr.port
        for process in (psutil.Process(host.process.pid), *host.children())
        if process.name() != "node"  # Azurite
        for each in process.net_connections("tcp")
        if each.status == psutil.CONN_LISTEN
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
    """Return the content of every file that the host and its storage wrote."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@dataclass(frozen=True)
class Aftermath:
    """Everything that is stored, shown or sent after the runs."""

    runs: list[dict[str, Any]]
    refused: httpx.Response
    submissions: int
    seen: str
    """Every answer of the API, and the memory of the engine."""
    kept: bytes
    """Every file, and the log."""
    sent: Ingestion


@pytest.fixture(scope="module")
def aftermath(host_kind: HostKind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """Run Tasks with secrets on a host that sends telemetry."""
    folder = tmp_path_factory.mktemp("secrets")
    with pytest.MonkeyPatch.context() as environment, ingestion() as sent:
        secrets = {"POLYSYNC_TEST_CANARY": CANARY, "POLYSYNC_TEST_ECHO": ECHO}
        for name, value in {**secrets, **sent.environment}.items():
            environment.setenv(name, value)
        environment.delenv("POLYSYNC_TEST_ABSENT", raising=False)
        with local_system(folder, kind=host_kind) as system:
            yield _aftermath(system, host_kind, folder, sent)


def _aftermath(system: LocalSystem, kind: HostKind, folder: Path, sent: Ingestion) -> Aftermath:
    system.apply(DEFINITIONS)
    ids = [run_of(system, task) for task in ("secretive", "unresolved", "echoing")]
    for fault in ({"fault": "lost-response"}, {"fault": "status", "status": 403}):
        system.wait_for(ids, has_ended)
        system.databricks.inject_fault(endpoint="jobs/runs/submit", **fault)
        ids.append(run_of(system, "secretive"))
    refused = system.host.http.post("/tasks/secretive/run", json={"parameters": {"key": CANARY}})
    runs = system.wait_for(ids, has_ended)
    seen = answers_about(system, ids) + engine_memory(system.host, kind) + refused.text
    eventually(
        lambda: len([each for each in sent.items("dependencies") if each.name == "run"]) == 5
    )
    eventually(lambda: {each.name for each in sent.items("customMetrics")} >= ALWAYS)
    submissions = len(system.databricks.started())
    system.host.end()
    kept = files_below(folder / "data") + system.host.log_text().encode()
    return Aftermath(runs, refused, submissions, seen, kept, sent)


def test_no_secret_is_stored_or_shown(aftermath: Aftermath) -> None:
    runs, seen, kept = aftermath.runs, aftermath.seen, aftermath.kept
    causes = [run["attempts"][0]["cause"] for run in runs]
    assert causes == [None, "Secret", None, None, "Submit"]
    assert runs[2]["outputs"] == {"slept": {"redacted": True}}
    assert aftermath.refused.status_code == 422
    assert aftermath.submissions == 3
    assert "vault://local/POLYSYNC_TEST_CANARY" in seen  # proves that the search covers the data
    assert b"POLYSYNC_TEST_CANARY" in kept
    for secret in (CANARY, ECHO, TOKEN):
        assert secret not in seen
        assert secret.encode() not in kept


def test_telemetry_contains_no_secret_and_no_address(aftermath: Aftermath) -> None:
    sent = b"".join(aftermath.sent.bodies)
    assert (
        runs_of(aftermath, "secretive")[0].encode() in sent
    )  # proves that the search covers the data
    for hidden in (CANARY, ECHO, TOKEN, "jobs/runs/submit", "run_id="):
        assert hidden.encode() not in sent


def test_telemetry_has_the_documented_names_and_dimensions(aftermath: Aftermath) -> None:
    sent = aftermath.sent
    split = {each.name: set(each.attributes) for each in names.METRICS}
    for metric in sent.items("customMetrics"):
        if metric.name not in EXPORTER_METRICS:
            assert set(metric.dimensions) <= split[metric.name]
    for line in (*sent.items("traces"), *sent.items("exceptions")):
        if "action" in line.dimensions:
            fields = ACTIONS[line.dimensions["action"]].fields
            assert set(line.dimensions) <= {*fields, "action", "logger_name"}
    known = {*names.ATTRIBUTES}
    for span in sent.items("dependencies"):
        # The exporter turns the address and the method of a call into columns.
        assert set(span.dimensions) <= known
    assert {"run_accepted", "attempt_submitted", "run_ended"} <= {
        line.dimensions.get("action") for line in sent.items("traces")
    }


def test_every_run_is_one_trace_from_its_request_to_its_platform_calls(
    aftermath: Aftermath,
) -> None:
    spans = aftermath.sent.items("dependencies")
    for run in aftermath.runs:
        own = {each.id: each for each in spans if each.operation == run["traceId"]}
        (whole_app,) = [each for each in own.values() if each.name == "run"]
        accept = own[whole_app.parent]
        request = own[accept.parent]
        assert (request.name, accept.name) == ("POST /tasks/{name}/run", "accept")
        assert whole_app.dimensions[names.RUN_ID] == run["runId"]
        attempts = {each.id for each in own.values() if each.name == "attempt"}
        assert {own[each].parent for each in attempts} == {whole_app.id}
        calls = [each for each in own.values() if names.STEP in each.dimensions]
        assert {each.parent for each in calls} <= attempts
        lines = [line for line in aftermath.sent.items("traces") if line.parent in attempts]
        assert {line.dimensions.get("run_id", run["runId"]) for line in lines} == {run["runId"]}
        if run["attempts"][0]["externalRunId"]:
            assert run["attempts"][0]["externalRunId"] in {
                each.dimensions.get(names.EXTERNAL_RUN_ID) for each in calls
            }


def runs_of(aftermath: Aftermath, task: str) -> list[str]:
    return [run["runId"] for run in aftermath.runs if run["task"] == task]


def run_of(system: LocalSystem, task: str) -> str:
    return system.host.post(f"/tasks/{task}/run", {})["runId"]
