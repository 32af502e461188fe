"""Defines the interface of a compared orchestrator, and the figures of a workload."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.processes import Program
from bench.workloads import Workload


class Peer(Protocol):
    """An orchestrator that runs workloads on the simulator."""

    @property
    def programs(self) -> Sequence[Program]:
        """The programs whose CPU time and memory are measured."""
        ...

    def run(self, workload: Workload) -> float:
        """Run a workload; return the seconds until the end of all runs is recorded."""
        ...


class OpenPeer(Protocol):
    """Starts a peer that calls the simulator at an address, and stops it."""

    def __call__(self, folder: Path, platform: str) -> AbstractContextManager[Peer]:
        """Start the peer with its data in an empty folder."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one workload on one orchestrator."""

    makespan: float
    """Seconds from the first request to the last recorded end."""
    runs_per_second: float
    reaction: float
    """Median seconds from the known end of the last upstream run to the submit; 0 without any."""
    end_found: float
    """Median seconds from the end of a run to the answer that reported the end."""
    requests: float
    """Requests to the platform for each run."""
    cpu_milliseconds: float
    """CPU time for each run."""
    memory_megabytes: float
    """The largest memory (PSS)."""


def figures(
    workload: Workload,
    recorded: Sequence[dict[str, Any]],
    *,
    makespan: float,
    cpu: float,
    memory: float,
) -> Figures:
    """Return the figures; raise if a run was lost, duplicated or not followed to its end."""
    by_name = _by_name(workload, recorded)
    count = len(workload.nodes)
    lags = [
        by_name[node.name]["submitted"] - max(by_name[name]["end_known"] for name in node.upstream)
        for node in workload.nodes
        if node.upstream
    ]
    return Figures(
        makespan=makespan,
        runs_per_second=count / makespan,
        reaction=statistics.median(lags) if lags else 0.0,
        end_found=statistics.median(run["end_known"] - run["ends"] for run in recorded),
        requests=sum(1 + run["reads"] for run in recorded) / count,
        cpu_milliseconds=cpu / count * 1000,
        memory_megabytes=memory,
    )


def _by_name(workload: Workload, recorded: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    if len(recorded) != len(workload.nodes):
        raise RuntimeError(f"{len(workload.nodes)} runs were due, {len(recorded)} were submitted.")
    unknown = [run["name"] for run in recorded if run["end_known"] is None]
    if unknown:
        raise RuntimeError(f"{len(unknown)} runs were not followed to their end: {unknown[0]}")
    if len(workload.roots) == len(workload.nodes):
        # Independent runs: their names do not matter.
        names = [node.name for node in workload.nodes]
        return dict(zip(names, recorded, strict=True))
    found = {}
    for node in workload.nodes:
        (run,) = [run for run in recorded if node.name in run["name"]]
        found[node.name] = run
    return found
