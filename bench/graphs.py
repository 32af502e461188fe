"""Measures the delay between an upstream run's end and its dependent run's start."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from bench import load
from bench.host import measured_host
from bench.report import row, spread, title
from bench.workloads import WORKLOADS, Workload, tasks_of

_PAGE = 100
_TIMEOUT_SECONDS = 600.0
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphFigures:
    """The measurements of a graph run."""

    makespan: float
    """From the acceptance of the root to the last recorded end."""
    critical_path: float
    """The duration of the longest path of naps."""
    lags: Sequence[float]
    """Seconds from the platform's end of the last parent to the submit of the child."""
    own_lags: Sequence[float]
    """The part after the recorded end, without the delay of polls."""


def chain(_: argparse.Namespace) -> None:
    """Measure a chain of twenty Tasks."""
    _graph(WORKLOADS["chain"])


def fan(_: argparse.Namespace) -> None:
    """Measure one Task that starts fifty, which start one."""
    _graph(WORKLOADS["fan"])


def _graph(workload: Workload) -> None:
    with measured_host() as host:
        asyncio.run(load.run_all(host.url, load.WARM_UP, seconds=0.1))
        use = run_graph(host.url, workload)
    title(workload.title)
    row("makespan", f"{use.makespan:.1f} s; the naps alone {use.critical_path:.1f} s")
    row("parent ended → child submitted", spread(use.lags))
    row("part after recorded end", spread(use.own_lags))


def run_graph(url: str, workload: Workload) -> GraphFigures:
    """Define the Tasks, run the first one, and wait for all runs."""
    nodes = workload.nodes
    with httpx.Client(base_url=url, timeout=60) as client:
        client.put("/definitions", json={"tasks": tasks_of(workload)}).raise_for_status()
        answer = client.post(f"/tasks/{nodes[0].name}/run").raise_for_status().json()
        runs = _until_ended(client, answer["graphRunId"], len(nodes))
    bad = [run for run in runs.values() if run["status"] != "Succeeded"]
    if bad:
        raise RuntimeError(f"{len(bad)} runs did not succeed; the first: {bad[0]}")
    return _figures(workload, runs)


def _until_ended(client: httpx.Client, graph: str, count: int) -> Mapping[str, Any]:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        runs = {run["task"]: run for run in _runs_of(client, graph)}
        if len(runs) == count and all(run["finishedAt"] for run in runs.values()):
            return runs
        time.sleep(_POLL_SECONDS)
    raise RuntimeError(f"The graph run {graph} did not end.")


def _runs_of(client: httpx.Client, graph: str) -> list[Any]:
    found: list[Any] = []
    query: dict[str, Any] = {"graphRunId": graph, "limit": _PAGE}
    while True:
        page = client.get("/task-runs", params=query).raise_for_status().json()
        found += page["items"]
        if page["continuationToken"] is None:
            return found
        query["continuationToken"] = page["continuationToken"]


def _figures(workload: Workload, runs: Mapping[str, Any]) -> GraphFigures:
    lags: list[float] = []
    own: list[float] = []
    for node in workload.nodes:
        if not node.upstream:
            continue
        submitted = _time(_last_attempt(runs[node.name])["submittedAt"])
        parents = [runs[name] for name in node.upstream]
        ended = max(_time(_last_attempt(parent)["finishedAt"]) for parent in parents)
        recorded = max(_time(parent["finishedAt"]) for parent in parents)
        lags.append(submitted - ended)
        own.append(submitted - recorded)
    began = _time(runs[workload.nodes[0].name]["queuedAt"])
    return GraphFigures(
        makespan=max(_time(run["finishedAt"]) for run in runs.values()) - began,
        critical_path=workload.critical_path,
        lags=lags,
        own_lags=own,
    )


def _last_attempt(run: Mapping[str, Any]) -> Mapping[str, Any]:
    return run["attempts"][-1]


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
