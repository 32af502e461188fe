"""Provisions the simulated workspace with a job for each row and server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.appkit.table import LONG, QUICK, Row, Setup
from tests.fakes.simulators import SimulatorProcess

OTHER = "other"
"""The name of a job that no row uses."""
ABANDONED = "abandoned"
"""The name of a job that runs until it is cancelled."""
POLL_INTERVAL = 20
"""Milliseconds."""
SHORT_TIMEOUT = 1_000
"""The short time-out for calls to Databricks, in milliseconds."""
NOTEBOOKS = {
    QUICK: 'dbutils.notebook.exit("done")\n',
    LONG: "import time\ntime.sleep(600)\n",
}
_RIG = {"Authorization": "Bearer rig"}


def workspace(folder: Path) -> SimulatorProcess:
    """Start a workspace with the notebooks of the table."""
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    for name, body in NOTEBOOKS.items():
        (notebooks / f"{name}.py").write_text(f"# Databricks notebook source\n{body}")
    options = ("--notebooks", str(notebooks), "--cluster-start", "0.01")
    return SimulatorProcess("simulators.databricks", folder, *options)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedJobs:
    """The jobs of a server and their configuration."""

    jobs: Mapping[str, int]
    variables: Mapping[str, str]
    """The values of the jobs' environment variables, by name."""
    config: Mapping[str, Any]


def provision(
    simulator: SimulatorProcess, rows: Sequence[tuple[str, Row]], *, timeout: int = 0
) -> ProvisionedJobs:
    """Create a job for each row and return the configuration of their server."""
    setups = {OTHER: Setup(), ABANDONED: Setup(notebook=LONG)}
    setups |= {name: row.setup for name, row in rows}
    jobs = {name: _create(simulator, name, setup) for name, setup in setups.items()}
    return ProvisionedJobs(
        jobs=jobs,
        variables={name: setups[name].variable.format(id=jobs[name]) for name in jobs},
        config={
            "pollIntervalMs": POLL_INTERVAL,
            **({"timeout": timeout} if timeout else {}),
            "jobs": {name: _configured(setup) for name, setup in setups.items()},
        },
    )


def _create(simulator: SimulatorProcess, name: str, setup: Setup) -> int:
    task = {"task_key": "main", "notebook_task": {"notebook_path": f"/etl/{setup.notebook}"}}
    body = {"name": name, "tasks": [task]}
    return simulator.call("POST", "api/2.2/jobs/create", body, **_RIG)["job_id"]


def _configured(setup: Setup) -> dict[str, Any]:
    found = {
        "taskType": setup.task_type,
        "schema": setup.schema,
        "waitTimeout": setup.wait_timeout,
    }
    return {name: value for name, value in found.items() if value is not None}
