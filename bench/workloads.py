"""Defines the benchmark workloads: independent runs, a chain and a fan of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One run: its name, its duration in seconds, and the runs that must end before."""

    name: str
    seconds: float
    upstream: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Runs that are started together or by each other."""

    title: str
    nodes: Sequence[Node]

    @property
    def roots(self) -> Sequence[Node]:
        """The runs that wait for no other run."""
        return [node for node in self.nodes if not node.upstream]

    @property
    def critical_path(self) -> float:
        """The seconds of the longest path of runs."""
        ends: dict[str, float] = {}
        for node in self.nodes:
            before = max((ends[name] for name in node.upstream), default=0.0)
            ends[node.name] = before + node.seconds
        return max(ends.values())


def independent(count: int, *, seconds: float = 2.0) -> Workload:
    """Return runs that wait for nothing."""
    nodes = [Node(name=f"nap-{number:05}", seconds=seconds) for number in range(count)]
    return Workload(title=f"{count:,} independent runs of {seconds:g} s", nodes=nodes)


def chain(length: int) -> Workload:
    """Return runs of different durations, each of which starts the next one."""
    nodes = [
        Node(
            name=f"chain-{number:02}",
            seconds=round(0.5 + number * 7 % 11 * 0.3, 1),
            upstream=[f"chain-{number - 1:02}"] if number else [],
        )
        for number in range(length)
    ]
    return Workload(title=f"a chain of {length} runs", nodes=nodes)


def fan(width: int, *, seconds: float = 2.0) -> Workload:
    """Return one run that starts many, and one run after all of them."""
    middle = [f"fan-{number:03}" for number in range(width)]
    nodes = [
        Node(name="fan-root", seconds=seconds),
        *(Node(name=name, seconds=seconds, upstream=["fan-root"]) for name in middle),
        Node(name="fan-join", seconds=seconds, upstream=middle),
    ]
    return Workload(title=f"1 → {width} → 1 runs of {seconds:g} s", nodes=nodes)


def tasks_of(workload: Workload) -> list[dict[str, Any]]:
    """Return the Tasks of a workload, instances of the Job `nap`."""
    return [
        {
            "name": node.name,
            "job": "nap",
            "parameters": {"seconds": node.seconds},
            "dependencies": [{"task": name} for name in node.upstream],
        }
        for node in workload.nodes
    ]


WORKLOADS: Mapping[str, Workload] = {
    "few": independent(50),
    "runs": independent(200),
    "many": independent(2_000),
    "chain": chain(20),
    "fan": fan(50),
}
