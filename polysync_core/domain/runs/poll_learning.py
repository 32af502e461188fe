"""When to look at a run next, where it is known how long the last runs of the kind took.

The next look is where it is worth most: it costs a request, and what ended before it has waited.
So looks are rare until runs begin to end, close together where many ended within a short time, and
ever less frequent once a run takes longer than all before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt

from polysync_core.domain.runs.polling import Plan

MIN_PAST_RUNS = 3
"""Fewer runs than these say nothing."""
MAX_PAST_RUNS = 10
"""The newest runs that are gone by."""

_RARE_FACTOR, _RARE_LONGEST = 3.0, 45.0
"""How much rarer than by the plan of the job type looks are where no run has ended, and how rare at
the most: a failure or a run shorter than all before it is found within this."""
_AMONG = 20.0
"""Among the ends of past runs, looks are as frequent as by the plan of the job type, or as this."""
_NEIGHBOURS = 3
"""An end is taken to be anywhere as near as its third-nearest neighbour: ten are few."""
_SURE = 0.01
"""No end is known better than to this part of the age."""
_CANDIDATES = 4
"""Places for the next look that are weighed up between two bounds of where runs ended."""
_THRIFT = 2.0
"""Makes looks dearer, and so rarer, than they are by the plan of the job type."""
_CLOSEST = 0.002
"""Looks are not closer together than half the plan's first delay, nor than this part of the age."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The age at which a past run had ended."""

    by: float
    exact: bool = True
    """Whether it ended then, as its platform tells; else it was only seen to have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedPlan:
    """A plan shaped by how long the last runs took."""

    start: Plan
    """The plan of the job type."""
    windows: tuple[tuple[float, float], ...]
    """A past run each: between which ages it is taken to have ended."""
    median: float
    latest: float
    """The greatest age at which a past run ended."""

    def delay(self, age: float) -> float:
        """Return the seconds from a look at a run of this age to the next one."""
        closest = max(self.start.first / 2, min(_CLOSEST * age, self.start.delay(age)))
        soonest = age + closest
        if age >= self._end:
            overdue = sqrt(2 * self._price * (age - self.latest + self._end - self.latest))
            return max(closest, min(overdue, self.start.delay(age)))
        last = max(age + self._longest(age), soonest)
        return self._best(age, soonest, last) - age

    @property
    def _end(self) -> float:
        return max(end for _, end in self.windows)

    @property
    def _price(self) -> float:
        """How many seconds of waiting one look is worth: as it is by the plan of the job type, for
        runs of which nothing is known but that they take as long as these in the mean."""
        return _THRIFT * self.median / (2 * self.start.looks(self.median) ** 2)

    def _longest(self, age: float) -> float:
        """Return the longest delay at an age, whatever past runs did."""
        planned = self.start.delay(age)
        rare = _RARE_FACTOR * planned
        among = max(planned, min(self.start.delay(self.median), _AMONG))
        if not any(begin <= age < end for begin, end in self.windows):
            ahead = min(begin for begin, _ in self.windows if begin > age) - age
            return min(rare, _RARE_LONGEST, ahead + among)
        return min(rare, among)

    def _best(self, age: float, soonest: float, last: float) -> float:
        """Return the age, `last` at the latest, at which a look costs least for each run that it
        finds ended, its own price and the waiting of these runs taken together."""
        alive = len(self.windows) + 1 - self._ended(age)
        price, best, least = self._price, last, inf
        for at, ended, waited in self._prospects(age, last):
            early = max(soonest - at, 0.0)
            cost = (price * alive + waited + early * ended) / ended if ended > 0 else inf
            if cost < least:
                best, least = at + early, cost
        return best

    def _prospects(self, age: float, last: float) -> Iterator[tuple[float, float, float]]:
        """Yield places for the next look, with how many of the past runs would end from now until
        there, and how long they would have waited in all."""
        bounds = sorted({age, *(each for window in self.windows for each in window if each > age)})
        known = self._ended(age)
        ended = ages = 0.0
        for begin, end in pairwise(bounds):
            step = (end - begin) / _CANDIDATES
            for number in range(1, _CANDIDATES + 1):
                at = begin + number * step
                if at > last:
                    return
                more = self._ended(at) - known - ended
                ended, ages = ended + more, ages + more * (at - step / 2)
                yield at, ended, at * ended - ages

    def _ended(self, age: float) -> float:
        """Return how many of the past runs had ended at an age."""
        return sum(
            1.0 if age >= end else max(age - begin, 0.0) / (end - begin)
            for begin, end in self.windows
        )


def learned(start: Plan, past: Sequence[Ended]) -> Plan | LearnedPlan:
    """Return the plan of a job type as past runs shape it, where there are enough of them."""
    if len(past) < MIN_PAST_RUNS:
        return start
    ages = sorted(each.by for each in past)
    return LearnedPlan(
        start=start,
        windows=tuple(_window(start, each, ages) for each in past),
        median=ages[len(ages) // 2],
        latest=ages[-1],
    )


def _window(start: Plan, ended: Ended, ages: Sequence[float]) -> tuple[float, float]:
    nearest = sorted(abs(ended.by - age) for age in ages)
    blur = max(nearest[min(_NEIGHBOURS, len(ages) - 1)], _SURE * ended.by, 0.1)
    # Else a run that was seen late would make the next one be looked at, and seen, no earlier.
    late = 0.0 if ended.exact else start.delay(ended.by)
    return max(ended.by - late - blur, 0.0), ended.by + blur
