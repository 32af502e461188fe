"""Defines the delays between status polls of an attempt, and after failed calls.

A plan depends on the age of the attempt, the seconds since its submit. So polling continues in the
same rhythm after an orchestration starts again.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf

MIN_DELAY = 0.5
MAX_RETRY_AFTER = 300.0
"""The longest delay that a platform may ask for."""

CANCELLING_DELAY = 2.0

_FAILURE_DELAY = 5.0
_MAX_FAILURE_DELAY = 300.0
_MAX_FAULT_DELAY = 600.0
_REFUSAL_DELAY = 60.0
_MAX_REFUSAL_DELAY = 600.0


@dataclass(frozen=True, slots=True)
class PollPlan:
    """The delays between polls by the age of the run.

    `((0, 1), (10, 5))` polls every second at first, and every 5 seconds from an age of 10 seconds.
    """

    steps: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Raise `ValueError` for invalid steps."""
        ages = [age for age, _ in self.steps]
        if not ages or ages[0] != 0 or any(one >= other for one, other in pairwise(ages)):
            raise ValueError("the steps of a plan must begin at age 0 and be in order")
        if any(not MIN_DELAY <= delay <= MAX_RETRY_AFTER for _, delay in self.steps):
            raise ValueError(f"the delays of a plan must be {MIN_DELAY} to {MAX_RETRY_AFTER:g} s")

    @property
    def first(self) -> float:
        """The seconds from the submit to the first poll."""
        return self.steps[0][1]

    def delay(self, age: float) -> float:
        """Return the seconds from a poll at this age to the next one."""
        return next((delay for begin, delay in reversed(self.steps) if age >= begin), self.first)

    def polls(self, age: float) -> int:
        """Return the number of polls until a run of this duration is found ended."""
        at, count = 0.0, 0
        ends = [*(begin for begin, _ in self.steps[1:]), inf]
        for (_, delay), end in zip(self.steps, ends, strict=True):
            steps = max(ceil((min(end, age) - at) / delay), 0)
            at, count = at + steps * delay, count + steps
        return max(count, 1)


FAST = PollPlan(
    (
        *((0, 1), (1, 0.6), (1.6, 0.5), (2.1, 0.6), (2.7, 0.8), (3.5, 1), (4.5, 1.3), (5.8, 1.7)),
        *((7.5, 2.2), (9.7, 2.9), (12.6, 3.7), (16.3, 4.9), (21.2, 6.3), (27.5, 8.2), (35.7, 10)),
        *((45.7, 13), (58.7, 18), (76.7, 24), (100.7, 30), (480, 15), (660, 20), (1200, 30)),
    )
)
"""For runs that may take seconds. Until age 45, each poll comes at 1.3 times the age of the one
before, so an end is found within 15 % of the duration on average. Rare polls until minute eight pay
for that: the end of a ten-minute run is found within 15 seconds, and costs at most 40 polls."""

SLOW = PollPlan(((0, 5), (10, 10), (20, 16.5), (480, 15), (660, 20), (1200, 30)))
"""For runs that never end within seconds, for example because a cluster must start first."""


def at_least(planned: float, retry_after: float | None) -> float:
    """Return the longer of the planned delay and the platform's `retry_after`."""
    return max(planned, min(retry_after or 0.0, MAX_RETRY_AFTER))


def delay_after_failure(failures: int, *, retry_after: float | None = None) -> float:
    """Return the seconds to wait after the `failures`-th failed call in a row."""
    planned = min(_FAILURE_DELAY * 2 ** min(failures - 1, 16), _MAX_FAILURE_DELAY)
    return max(planned, min(retry_after or 0.0, _MAX_FAILURE_DELAY))


def delay_after_refusal(tries: int) -> float:
    """Return the seconds to wait after the `tries`-th refused call in a row.

    A refusal lasts until a person corrects something, so the call is repeated less often.
    """
    return min(_REFUSAL_DELAY * 2 ** min(tries - 1, 16), _MAX_REFUSAL_DELAY)


def delay_after_fault(faults: int) -> float:
    """Return the seconds to wait after the `faults`-th fault of Polysync in a row."""
    return min(_FAILURE_DELAY * 2**faults, _MAX_FAULT_DELAY)
