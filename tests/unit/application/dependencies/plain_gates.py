"""A simple model of gates: lists and sets, without storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from polysync_core.domain.definitions.tasks import Join
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.runs.run import RunStatus

MEETS = {
    Condition.ON_SUCCESS: "Succeeded",
    Condition.ON_FAILURE: "Failed",
    Condition.ON_COMPLETION: "Succeeded Failed Cancelled",
    Condition.ON_SKIPPED: "Skipped",
    Condition.ALWAYS: "Succeeded Failed Cancelled Skipped",
}


class Result(NamedTuple):
    """The end of a run: its status, and its output `n`."""

    status: RunStatus
    n: int


class Outcome(NamedTuple):
    """One outcome; `roots` are the root runs with their Tasks."""

    at: int
    run: str
    task: str
    result: Result
    roots: frozenset[tuple[str, str]]


class Fired(NamedTuple):
    """A run that the gate must create."""

    consumed: frozenset[str]
    skipped: bool


class Edges(Mapping[str, Sequence[Condition]]):
    """The dependencies of a Task: upstreams with their conditions, and the join.

    An upstream in `tested` must also have an output `n` above zero.
    """

    def __init__(
        self,
        conditions: Mapping[str, Sequence[Condition]],
        join: Join,
        tested: frozenset[str] = frozenset(),
    ) -> None:
        self.conditions, self.join, self.tested = conditions, join, tested

    def __getitem__(self, upstream: str) -> Sequence[Condition]:
        return self.conditions[upstream]

    def __iter__(self) -> Iterator[str]:
        return iter(self.conditions)

    def __len__(self) -> int:
        return len(self.conditions)

    def meets(self, upstream: str, result: Result) -> bool:
        """Return whether an outcome is one that the dependency accepts."""
        accepted = " ".join(MEETS[each] for each in self[upstream])
        is_good = result.n > 0 or upstream not in self.tested
        return self.join is Join.ALL_DONE or (result.status.value in accepted.split() and is_good)

    def skips(self, outcomes: Mapping[str, Result]) -> bool:
        """Return whether these outcomes rule a run out."""
        good = [self.meets(upstream, result) for upstream, result in outcomes.items()]
        return not any(good) if self.join is Join.ANY else not all(good)

    def starts(self, outcomes: Mapping[str, Result]) -> bool:
        """Return whether these outcomes are enough for a run."""
        enough = bool(outcomes) if self.join is Join.ANY else set(outcomes) == set(self)
        return enough and not self.skips(outcomes)


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
            skipped = self.edges.skips(_newest(used))
            fired.append(Fired(frozenset(each.run for each in used), skipped))
            self.held = [each for each in self.held if each not in used]
        return fired

    def _next(self) -> list[Outcome] | None:
        complete = [each for each in self._families() if not self._awaited(each)]
        for family in complete:
            outcomes = _newest(family)
            if self.edges.skips(outcomes) or self.edges.starts(outcomes):
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


def _newest(outcomes: Iterable[Outcome]) -> dict[str, Result]:
    return {each.task: each.result for each in sorted(outcomes)}
