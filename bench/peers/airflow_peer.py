"""Runs the benchmark workloads on Airflow, started as `airflow standalone`."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bench.host import free_port
from bench.peers.environments import environment_of
from bench.processes import Program
from bench.workloads import Workload

_START_SECONDS = 240
_RUN_SECONDS = 1_200
_DAGS = Path(__file__).with_name("airflow_dags.py")
_FINAL = frozenset({"success", "failed"})


@dataclass(slots=True)
class Airflow:
    """A running Airflow; implements `Peer`."""

    programs: Sequence[Program]
    api: httpx.Client
    platform: str
    workloads: Path
    _count: int = field(default=0)

    def run(self, workload: Workload) -> float:
        """Run a workload as one DAG with one task for each run."""
        self._count += 1
        dag = f"workload_{self._count}"
        content = {"url": self.platform, "nodes": [asdict(node) for node in workload.nodes]}
        (self.workloads / f"{dag}.json").write_text(json.dumps(content))
        # The time until Airflow has read the DAG does not count.
        self._until(lambda: self.api.get(f"/dags/{dag}").is_success, _START_SECONDS)
        began = datetime.now(UTC)
        body = {"logical_date": None}
        started = self.api.post(f"/dags/{dag}/dagRuns", json=body).raise_for_status().json()
        address = f"/dags/{dag}/dagRuns/{started['dag_run_id']}"
        self._until(lambda: self._state(address) in _FINAL, _RUN_SECONDS)
        ended = self.api.get(address).raise_for_status().json()
        if ended["state"] != "success":
            raise RuntimeError(f"The DAG ended as {ended['state']}.")
        return (datetime.fromisoformat(ended["end_date"]) - began).total_seconds()

    def _state(self, address: str) -> str | None:
        """Return the state of a DAG run; None while Airflow's database is too busy to answer."""
        answer = self.api.get(address)
        return None if answer.is_server_error else answer.raise_for_status().json()["state"]

    def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline or not self.programs[0].runs:
                raise RuntimeError(self.programs[0].log.read_text()[-3000:])
            time.sleep(0.5)


@contextmanager
def open_airflow(folder: Path, platform: str) -> Iterator[Airflow]:
    """Start Airflow for one machine; only the examples and the sign-in are switched off."""
    python = environment_of("airflow")
    home, port = folder / "airflow", free_port()
    dags, workloads = home / "dags", home / "workloads"
    for each in (dags, workloads):
        each.mkdir(parents=True)
    shutil.copy(_DAGS, dags)
    program = Program(
        command=[str(python.with_name("airflow")), "standalone"],
        logs_output=True,
        log=folder / "airflow.log",
        variables={
            "PATH": f"{python.parent}:/usr/bin:/bin",
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            # With the default of 32, its SQLite database is locked and the scheduler ends.
            "AIRFLOW__CORE__PARALLELISM": "8",
            # A new workload is read after seconds and not after minutes.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "2",
            "POLYSYNC_BENCH_WORKLOADS": str(workloads),
        },
    )
    with program:
        api = _signed_in(f"http://127.0.0.1:{port}", program)
        try:
            yield Airflow([program], api, platform, workloads)
        finally:
            api.close()


def _signed_in(address: str, program: Program) -> httpx.Client:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and program.runs:
        try:
            answer = httpx.get(f"{address}/auth/token", timeout=5).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.5)
        else:
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            return httpx.Client(base_url=f"{address}/api/v2", headers=headers, timeout=60)
    raise RuntimeError(f"Airflow did not start:\n{program.log.read_text()[-3000:]}")
