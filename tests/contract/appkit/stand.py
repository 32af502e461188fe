"""The stand on which the two are compared: one workspace, and a job a row for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.appkit.table import LONG, QUICK, Row, Setup
from tests.fakes.simulators import SimulatorProcess

OTHER = "other"
"""The key of a job that no row is about."""
ABANDONED = "abandoned"
"""The key of a job that goes on until it is stopped."""
POLL_INTERVAL = 20
"""Milliseconds."""
IMPATIENCE = 1_000
"""Milliseconds that an impatient server gives Databricks."""
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
class Given:
    """What a server is started with: its jobs, and how each is configured."""

    jobs: Mapping[str, int]
    variables: Mapping[str, str]
    """What the variable of each key says."""
    config: Mapping[str, Any]


def give(
    simulator: SimulatorProcess, rows: Sequence[tuple[str, Row]], *, timeout: int = 0
) -> Given:
    """Define a job for each row; return what a server for these rows is started with."""
    setups = {OTHER: Setup(), ABANDONED: Setup(notebook=LONG)}
    setups |= {key: row.setup for key, row in rows}
    jobs = {key: _define(simulator, key, setup) for key, setup in setups.items()}
    return Given(
        jobs=jobs,
        variables={key: setups[key].variable.format(id=jobs[key]) for key in jobs},
        config={
            "pollIntervalMs": POLL_INTERVAL,
            **({"timeout": timeout} if timeout else {}),
            "jobs": {key: _configured(setup) for key, setup in setups.items()},
        },
    )


def _define(simulator: SimulatorProcess, key: str, setup: Setup) -> int:
    task = {"task_key": "main", "notebook_task": {"notebook_path": f"/etl/{setup.notebook}"}}
    body = {"name": key, "tasks": [task]}
    return simulator.call("POST", "api/2.2/jobs/create", body, **_RIG)["job_id"]


def _configured(setup: Setup) -> dict[str, Any]:
    found = {
        "taskType": setup.task_type,
        "schema": setup.schema,
        "waitTimeout": setup.wait_timeout,
    }
    return {name: value for name, value in found.items() if value is not None}
