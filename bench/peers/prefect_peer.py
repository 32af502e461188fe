"""Runs the benchmark workloads on Prefect, with one server and one worker process."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from bench.host import free_port
from bench.peers.environments import environment_of
from bench.processes import Program
from bench.workloads import Workload

_START_SECONDS = 120
_FLOW = Path(__file__).with_name("prefect_flow.py")


@dataclass(frozen=True, slots=True)
class Prefect:
    """A running Prefect; implements `Peer`."""

    programs: Sequence[Program]
    """The server, and the process that runs the flows."""

    def run(self, workload: Workload) -> float:
        """Run a workload as one flow with one task for each run."""
        flow = self.programs[1]
        flow.send(json.dumps([asdict(node) for node in workload.nodes]))
        return float(flow.line("makespan ").split()[1])


@contextmanager
def open_prefect(folder: Path, platform: str) -> Iterator[Prefect]:
    """Start Prefect as its documentation says for one machine, with its default settings."""
    python = environment_of("prefect")
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    variables = {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    server = Program(
        command=[str(python.with_name("prefect")), "server", "start", "--port", str(port)],
        logs_output=True,
        log=folder / "prefect-server.log",
        variables=variables,
    )
    flow = Program(
        command=[str(python), str(_FLOW), platform],
        log=folder / "prefect-flow.log",
        variables=variables,
    )
    with ExitStack() as stack:
        stack.enter_context(server)
        _wait_until_ready(f"{api}/health", server)
        stack.enter_context(flow).line("ready")
        yield Prefect([server, flow])


def _wait_until_ready(url: str, server: Program) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.runs:
        try:
            httpx.get(url, timeout=2).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"Prefect did not start:\n{server.log.read_text()[-2000:]}")
