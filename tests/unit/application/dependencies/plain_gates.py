"""A simple model of gates: lists and sets, without storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from polysync_core.domain.definitions.tasks import Condition
from polysync_core.domain.runs.run import RunStatus

MEETS = {
    Condition.ON_SUCCESS: "Succeeded",
    Condition.ON_FAILURE: "Failed",
    Condition.ON_COMPLETION: "Succeeded Failed Cancelled",
    Condition.ON_SKIPPED: "Skipped",
}


class Outcome(NamedTuple):
    """One outcome; `roots` are the root runs with their Tasks."""

    at: int
    run: str
    task: str
    status: RunStatus
    roots: frozenset[tuple[str, str]]


class Fired(NamedTuple):
    """A run that the gate must create."""

    consumed: frozenset[str]
    skipped: bool


type Edges = Mapping[str, Condition]


def ancestors(task: str, graph: Mapping[str, Edges]) -> set[str]:
    """Return a Task and its ancestors."""
    found = {task}
    for upstream in graph[task]:
        found |= ancestors(upstream, graph)
    return found


@dataclass
class PlainGate:
    """The gate of one Task."""

    edges: Edges
    graph: Mapping[str, Edges]
    held: list[Outcome] = field(default_factory=list)

    def arrive(self, outcome: Outcome) -> list[Fired]:
        """Add an outcome and return the runs that result."""
        self.held.append(outcome)
        fired: list[Fired] = []
        while (used := self._next()) is not None:
            newest = {each.task: each for each in sorted(used)}
            bad = any(
                each.status.value not in MEETS[self.edges[task]] for task, each in newest.items()
            )
            fired.append(Fired(frozenset(each.run for each in used), bad))
            self.held = [each for each in self.held if each not in used]
        return fired

    def _next(self) -> list[Outcome] | None:
        complete = [each for each in self._families() if not self._awaited(each)]
        for family in complete:
            newest = {each.task: each for each in sorted(family)}
            bad = [t for t, each in newest.items() if each.status.value not in MEETS[self.edges[t]]]
            if bad or set(newest) == set(self.edges):
                return family
        chosen: list[Outcome] = []
        for task in self.edges:
            there = sorted(each for family in complete for each in family if each.task == task)
            if not there:
                return None
            chosen += next(family for family in complete if there[0] in family)
        return [each for each in self.held if each in chosen]

    def _awaited(self, family: Iterable[Outcome]) -> set[str]:
        roots = {task for each in family for _, task in each.roots}
        coming = {task for task in self.edges if ancestors(task, self.graph) & roots}
        return coming - {each.task for each in family}

    def _families(self) -> list[list[Outcome]]:
        """Group the outcomes that share a root run, directly or through others."""
        families: list[list[Outcome]] = []
        for outcome in self.held:
            kin = [f for f in families if any(each.roots & outcome.roots for each in f)]
            families = [f for f in families if f not in kin]
            families.append([outcome, *(each for f in kin for each in f)])
        return sorted(families, key=min)
