"""Computes the delays between status polls from the durations of past runs.

The next poll comes where it is worth most: a poll costs a request, and a late poll lets an ended
run wait. So polls are rare until past runs began to end, frequent where many of them ended, and
ever rarer once a run takes longer than all past runs.

A short run is polled once before its likely end, and then such that its end is found within 15 % of
its duration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt

from polysync_core.domain.runs.polls.plans import PollPlan

MIN_PAST_RUNS = 3
"""With fewer past runs that were not short, the plan of the job type is used."""
MAX_PAST_RUNS = 10
"""The number of newest runs that are considered."""

_RARE_FACTOR, _MAX_RARE_DELAY = 4.5, 45.0
"""Before the first past end, delays grow by this factor, up to this limit. A failure, or a run
shorter than all past runs, is found within the limit."""
_MAX_DELAY_AMONG_ENDS = 20.0
"""Among past ends, delays are those of the job type's plan at the median, or at most this."""
_NEAREST = 3
"""An end is blurred up to its third-nearest other end, because ten runs are few."""
_MIN_BLUR = 0.01
"""The least blur of an end, as a part of its age."""
_CANDIDATES = 4
"""Candidates for the next poll between two bounds of past ends."""
_POLL_PRICE_FACTOR = 2.0
"""Makes polls more expensive, and so rarer, than the job type's plan implies."""
SHORT = 60.0
"""Runs are short if their median duration is at most this; one past run suffices for them."""
_SHORT_DELAY = 0.15
"""The longest wanted delay between the end of a short run and its poll, as a part of its age."""
_SHORT_MIN_DELAY = 0.1
"""The least delay between two polls of a short run, as a part of its age."""
_EARLY_POLL_FROM = 10.0
"""A short run is polled before its likely end only if that is later than this age."""
_EARLY_POLL_PART = 1 / 3
"""The age of that early poll, as a part of the likely end."""
_SHORT_BLUR = 0.04
"""The blur of the latest end of short runs, as a part of its age. One or two ends have this one."""
_MIN_DELAY_FACTOR = 0.002
"""The least delay as a part of the age; half the plan's first delay is the other lower bound."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    """The age at which a past run had ended."""

    by: float
    exact: bool = True
    """True if the platform reported this age; otherwise a poll found the end at this age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedPlan:
    """A poll plan shaped by the durations of past runs."""

    start: PollPlan
    """The plan of the job type."""
    windows: tuple[tuple[float, float], ...]
    """For each past run, the ages between which it is assumed to have ended."""
    median: float
    latest: float
    """The greatest age at which a past run ended."""

    def delay(self, age: float) -> float:
        """Return the seconds from a poll at this age to the next one."""
        factor = _SHORT_MIN_DELAY if self._is_short else _MIN_DELAY_FACTOR
        least = max(self.start.first / 2, min(factor * age, self.start.delay(age)))
        soonest = age + least
        if age >= self._end:
            overdue = sqrt(2 * self._poll_price * (age - self.latest + self._end - self.latest))
            if self._is_short:
                overdue = max(overdue, _SHORT_DELAY * age)
            return max(least, min(overdue, self.start.delay(age)))
        last = max(age + self._max_delay(age), soonest)
        return self._best_age(age, soonest, last) - age

    @property
    def _end(self) -> float:
        return max(end for _, end in self.windows)

    @property
    def _poll_price(self) -> float:
        """The cost of one poll in seconds of detection delay.

        The job type's default plan implies this price at the median duration.
        """
        if self._is_short:
            # A second poll is worth this price if one poll finds some ends later than wanted.
            return _SHORT_DELAY / 2 * self.median
        return _POLL_PRICE_FACTOR * self.median / (2 * self.start.polls(self.median) ** 2)

    @property
    def _is_short(self) -> bool:
        return self.median <= SHORT

    def _max_delay(self, age: float) -> float:
        """Return the longest allowed delay at an age."""
        planned = self.start.delay(age)
        rare = _RARE_FACTOR * planned
        among = max(planned, min(self.start.delay(self.median), _MAX_DELAY_AMONG_ENDS))
        if not any(begin <= age < end for begin, end in self.windows):
            expected = min(begin for begin, _ in self.windows if begin > age)
            early = expected * _EARLY_POLL_PART
            if not self._is_short or expected > SHORT:
                return min(rare, _MAX_RARE_DELAY, expected - age + among)
            if expected > _EARLY_POLL_FROM and age < early:
                return early - age
            return min(expected - age + among, _MAX_RARE_DELAY)
        return min(rare, among)

    def _best_age(self, age: float, soonest: float, last: float) -> float:
        """Return the age of the cheapest next poll, at most `last`.

        The cost is the price of the poll plus the waiting of the runs that it finds ended, divided
        by the number of these runs.
        """
        alive = len(self.windows) + 1 - self._ended(age)
        price, best, least = self._poll_price, last, inf
        for at, ended, waited in self._candidates(age, last):
            early = max(soonest - at, 0.0)
            cost = (price * alive + waited + early * ended) / ended if ended > 0 else inf
            if cost < least:
                best, least = at + early, cost
        return best

    def _candidates(self, age: float, last: float) -> Iterator[tuple[float, float, float]]:
        """Yield ages for the next poll, each with two figures about the past runs.

        The figures are the number of past runs that end by then, and their total waiting time.
        """
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
        """Return the number of past runs that had ended at an age; blurred ends count in part."""
        return sum(
            1.0 if age >= end else max(age - begin, 0.0) / (end - begin)
            for begin, end in self.windows
        )


def learned(start: PollPlan, past: Sequence[RunEnd]) -> PollPlan | LearnedPlan:
    """Return a plan from past runs; too few runs give the job type's plan."""
    ages = sorted(each.by for each in past)
    median = ages[len(ages) // 2] if ages else inf
    if len(past) < MIN_PAST_RUNS and median > SHORT:
        return start
    return LearnedPlan(
        start=start,
        windows=tuple(_window(start, each, ages) for each in past),
        median=median,
        latest=ages[-1],
    )


def _window(start: PollPlan, ended: RunEnd, ages: Sequence[float]) -> tuple[float, float]:
    nearest = sorted(abs(ended.by - age) for age in ages)
    blur = max(nearest[min(_NEAREST, len(ages) - 1)], _MIN_BLUR * ended.by, 0.1)
    if len(ages) < MIN_PAST_RUNS:
        blur = max(_SHORT_BLUR * ended.by, 0.1)
    # Without this margin, an end that was found late would make the next poll just as late.
    late = 0.0 if ended.exact else start.delay(ended.by)
    end = ended.by + blur
    if ages[-1] <= SHORT:
        # A run that is a little shorter than the others must not be found late.
        end = min(end, ages[-1] + max(_SHORT_BLUR * ages[-1], 0.1))
    return max(ended.by - late - blur, 0.0), end
