"""Defines the benchmark workloads as Airflow DAGs, loaded in Airflow's own Python environment.

A file `<id>.json` in the folder of `POLYSYNC_BENCH_WORKLOADS` holds the address of the simulator
and the runs of a workload.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

POLL_SECONDS = 0.5


def nap(url: str, name: str, seconds: float) -> None:
    """Run a notebook: submit it, then poll it until it has ended."""
    notebook = {"notebook_path": "/bench/nap", "base_parameters": {"seconds": str(seconds)}}
    body = {"run_name": name, "tasks": [{"task_key": "main", "notebook_task": notebook}]}
    with httpx.Client(base_url=url, timeout=60) as client:
        answer = client.post("/api/2.2/jobs/runs/submit", json=body)
        run_id = answer.raise_for_status().json()["run_id"]
        while True:
            time.sleep(POLL_SECONDS)
            answer = client.get("/api/2.2/jobs/runs/get", params={"run_id": run_id})
            state = answer.raise_for_status().json()["state"]
            if state["life_cycle_state"] == "TERMINATED":
                if state["result_state"] != "SUCCESS":
                    raise RuntimeError(state["result_state"])
                return


def dag_of(workload_id: str, url: str, nodes: list[dict[str, Any]]) -> DAG:
    """Return the DAG of a workload."""
    dag = DAG(
        workload_id,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        schedule=None,
        catchup=False,
        is_paused_upon_creation=False,
        max_active_tasks=10_000,
    )
    tasks: dict[str, PythonOperator] = {}
    for node in nodes:
        values = {"url": url, "name": node["name"], "seconds": node["seconds"]}
        tasks[node["name"]] = PythonOperator(
            task_id=node["name"], python_callable=nap, op_kwargs=values, dag=dag
        )
    for node in nodes:
        for name in node["upstream"]:
            tasks[name] >> tasks[node["name"]]
    return dag


for _file in sorted(Path(os.environ["POLYSYNC_BENCH_WORKLOADS"]).glob("*.json")):
    _workload = json.loads(_file.read_text())
    globals()[_file.stem] = dag_of(_file.stem, _workload["url"], _workload["nodes"])
