"""A simple model of windows and of the own past: lists of hours, without storage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.unit.application.dependencies.plain_gates import MEETS

type Runs = dict[int, list[str | None]]
"""By fire time, the outcomes of its runs in the order of their acceptance; None has not ended."""


@dataclass
class PlainWindows:
    """An upstream and a Task that fire every few hours; times are whole hours."""

    every: int
    upstream_every: int
    conditions: Sequence[str]
    limit: int | None
    past: bool
    begin: int
    """The hour in which both Tasks were defined; they fire in later hours."""
    now: int = 0
    upstream: Runs = field(default_factory=dict)
    runs: Runs = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    """The fire times of the Task without a decision."""
    released: set[int] = field(default_factory=set)
    """The fire times whose run need not wait for its past."""

    def advance(self) -> None:
        """Let one hour pass."""
        self.now += 1
        if self.now % self.upstream_every == 0:
            self.upstream[self.now] = [None]
        if self.now % self.every == 0:
            self.waiting.append(self.now)
        self.settle()

    def settle(self) -> None:
        """Decide about the fire times that need not wait, and release the runs."""
        for at in list(self.waiting):
            outcome = self._decided(at)
            if outcome is not None:
                self.waiting.remove(at)
                self.runs[at] = ["Skipped" if outcome == "skip" else None]
            elif self.past:
                break
        self.released |= {at for at in self.runs if not self.past or self._has_good_past(at)}

    def started(self) -> Iterator[int]:
        """Yield the fire times whose first run has started and not ended."""
        return (at for at, runs in self.runs.items() if runs[0] is None and at in self.released)

    def window(self, at: int) -> list[int]:
        """Return the hours of the upstream between two fire times of the Task."""
        hours = [each for each in range(at + 1) if each % self.upstream_every == 0]
        inside = [each for each in hours if each > at - self.every] or hours[-1:]
        return [each for each in inside if each > self.begin]

    def _decided(self, at: int) -> str | None:
        window = self.window(at)
        outcomes = [self.upstream[each][-1] for each in window]
        if not window:
            return "skip"
        if None in outcomes:
            is_over = self.limit is not None and self.now >= at + self.limit
            return "skip" if is_over else None
        accepted = {each for condition in self.conditions for each in MEETS[condition].split()}
        return "run" if accepted.issuperset(outcomes) else "skip"

    def _has_good_past(self, at: int) -> bool:
        for before in sorted((each for each in self.runs if each < at), reverse=True):
            ended = [each for each in self.runs[before] if each != "Skipped"]
            if ended:
                return ended[-1] == "Succeeded"
        return True
