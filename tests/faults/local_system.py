"""A local host that a test may kill, and a Databricks simulator that survives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import yaml

from tests.host_kinds import HostKind
from tests.integration.devhost.host_process import ROOT, TIMEOUT, HostProcess, eventually

TOKEN = "canary-5f1d2c9e-token"
APPKIT = {"pollIntervalMs": 100, "jobs": {"lake_nap": {"taskType": "notebook"}}}


class DatabricksSimulator:
    """The Databricks simulator in its own process, so that it survives the host."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._process = subprocess.Popen(
            [sys.executable, "-m", "simulators.databricks", "--port", "0", "--data", str(data)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().removeprefix("ready ").strip()

    def define(self, notebook: str) -> int:
        """Create a job with one notebook, and return its id."""
        task = {"task_key": "only", "notebook_task": {"notebook_path": notebook}}
        answer = httpx.post(
            f"{self.url}/api/2.2/jobs/create",
            json={"name": notebook, "tasks": [task]},
            headers={"Authorization": f"Bearer {TOKEN}"},
        )
        return answer.raise_for_status().json()["job_id"]

    def started(self) -> list[str]:
        """Return the submit token of every started run, without repeated submits."""
        lines = (self.data / "submissions.jsonl").read_text().splitlines()
        return [entry["token"] for entry in map(json.loads, lines) if not entry["repeat"]]

    def inject_fault(self, **fault: Any) -> None:
        """Let the next request of an endpoint fail."""
        body = {"faults": [fault]}
        httpx.post(f"{self.url}/simulator/faults", json=body).raise_for_status()

    def close(self) -> None:
        """Stop the simulator and its notebooks."""
        self._process.terminate()
        self._process.wait(timeout=TIMEOUT)
        if self._process.stdout is not None:
            self._process.stdout.close()


class LocalSystem:
    """The app on a local host, with a Databricks simulator and the benchmark's definitions."""

    def __init__(
        self,
        folder: Path,
        base: int | None = None,
        *,
        kind: HostKind,
        shared_storage: bool = False,
        code: Path = ROOT,
    ) -> None:
        os.environ["DATABRICKS_TOKEN"] = TOKEN
        self.databricks = DatabricksSimulator(folder / "workspace")
        self._variables = {
            "DATABRICKS_HOST": self.databricks.url,
            "DATABRICKS_JOB_LAKE_NAP": str(self.databricks.define("/bench/nap")),
            "POLYSYNC_APPKIT": json.dumps(APPKIT),
        }
        self._kind = kind
        self._base = base
        self._shared_storage = shared_storage
        self._started: list[HostProcess] = []
        self.host = self.start(folder / "data", code)
        self._base = self.host.base
        self.apply((ROOT / "examples/bench/definitions.yaml").read_text())

    def start(self, data: Path, code: Path = ROOT) -> HostProcess:
        """Start an instance of the app; with shared storage, beside the instances that run."""
        host = HostProcess(
            data,
            app=code,
            code=code,
            base=self._base,
            shared_storage=self._shared_storage,
            kind=self._kind,
            variables=self._variables,
        )
        self._started.append(host)
        return host.ready()

    def apply(self, text: str) -> None:
        """Apply definitions, with the address of the simulator."""
        document = yaml.safe_load(text)
        for platform in document.get("platforms", []):
            platform["attributes"]["workspaceUrl"] = self.databricks.url
        self.host.http.put("/definitions", json=document).raise_for_status()

    def run(self, seconds: float, task: str = "nap") -> str:
        """Start a run and return its id."""
        return self.run_task(task, {"seconds": str(seconds)})

    def run_task(self, task: str, parameters: Mapping[str, str] = MappingProxyType({})) -> str:
        """Start a run with parameters, and return its id."""
        return self.host.post(f"/tasks/{task}/run", {"parameters": dict(parameters)})["runId"]

    def runs(self, ids: list[str]) -> list[dict[str, Any]]:
        """Return the current state of the runs."""
        return [self.host.get(f"/task-runs/{run_id}") for run_id in ids]

    def wait_for(
        self, ids: list[str], met: Callable[[dict[str, Any]], bool], within: float = TIMEOUT
    ) -> list[dict[str, Any]]:
        """Wait until every run meets a condition."""

        def poll() -> list[dict[str, Any]] | None:
            runs = self.runs(ids)
            return runs if all(map(met, runs)) else None

        return eventually(poll, within=within)

    def cancel(self, run_id: str) -> dict[str, Any]:
        """Cancel a run, and return it after its end."""
        self.host.http.post(f"/task-runs/{run_id}/cancel").raise_for_status()
        return self.wait_for([run_id], has_ended)[0]

    def kill(self) -> None:
        """Kill the host with its engine, as a crash of the machine does."""
        self.host.end(signal.SIGKILL)
        self.host.close()

    def restart(self) -> None:
        """Start a new host with the same data and ports."""
        self.host = self.start(self.host.data)

    def close(self) -> None:
        """Stop the hosts and the simulator."""
        for host in self._started:
            host.close()
        self.databricks.close()


@contextmanager
def local_system(
    folder: Path, base: int | None = None, *, kind: HostKind, **options: Any
) -> Iterator[LocalSystem]:
    """Yield a local system and close it. Its ports begin at `base`, or are free ones."""
    opened = LocalSystem(folder, base, kind=kind, **options)
    try:
        yield opened
    finally:
        opened.close()


def has_ended(run: dict[str, Any]) -> bool:
    """Return True if the run has its outcome."""
    return run["finishedAt"] is not None


def is_submitted(run: dict[str, Any]) -> bool:
    """Return True if the latest attempt has its external run id."""
    return bool(run["attempts"]) and run["attempts"][-1]["externalRunId"] is not None
