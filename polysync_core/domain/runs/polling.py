"""When to look at a run next, where nothing is known of it but its job type.

A plan goes by the age of the attempt, the seconds since its submit, so that it goes on where it
was when an orchestration starts anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf

LEAST_DELAY = 0.5
LONGEST_WISH = 300.0
"""A platform may ask for more patience than the plan has, up to this."""

CANCELLING_DELAY = 2.0

_TROUBLE_BASE = 5.0
_TROUBLE_LONGEST = 300.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How far apart looks at a run are, by its age: `((0, 1), (10, 5))` is every second at first,
    and every 5 seconds from an age of 10 seconds on."""

    steps: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Raise `ValueError` where that is no plan."""
        ages = [age for age, _ in self.steps]
        if not ages or ages[0] != 0 or any(one >= other for one, other in pairwise(ages)):
            raise ValueError("the steps of a plan begin at the age 0 and are in order")
        if any(not LEAST_DELAY <= delay <= LONGEST_WISH for _, delay in self.steps):
            raise ValueError(f"the delays of a plan are {LEAST_DELAY} to {LONGEST_WISH:g} seconds")

    @property
    def first(self) -> float:
        """The seconds from the submit to the first look."""
        return self.steps[0][1]

    def delay(self, age: float) -> float:
        """Return the seconds from a look at a run of this age to the next one."""
        return next((delay for begin, delay in reversed(self.steps) if age >= begin), self.first)

    def looks(self, age: float) -> int:
        """Return how many looks it takes until one finds that a run of this age has ended."""
        at, count = 0.0, 0
        ends = [*(begin for begin, _ in self.steps[1:]), inf]
        for (_, delay), end in zip(self.steps, ends, strict=True):
            steps = max(ceil((min(end, age) - at) / delay), 0)
            at, count = at + steps * delay, count + steps
        return max(count, 1)


QUICK = Plan(
    (
        *((0, 1), (1, 1.25), (3.5, 2), (5.5, 3), (8.5, 4), (12.5, 6), (18.5, 9), (27.5, 14)),
        *((41.5, 20), (480, 15), (660, 20), (1200, 30)),
    )
)
"""For what may take seconds. The looks of the first minute are paid for by rarer ones until eight
minutes, so that a run of ten minutes is found within 15 seconds and costs 40 looks at the most."""

PATIENT = Plan(((0, 5), (10, 10), (20, 16.5), (480, 15), (660, 20), (1200, 30)))
"""For what never ends within a few seconds, such as what a platform gets machines for first."""


def at_least(planned: float, wish: float | None) -> float:
    """Return the delay that is planned, or what the platform asks for if that is longer."""
    return max(planned, min(wish or 0.0, LONGEST_WISH))


def delay_after_failure(failures: int, *, retry_after: float | None = None) -> float:
    """Return the seconds to wait after the `failures`-th call in a row that found nothing out."""
    planned = min(_TROUBLE_BASE * 2 ** min(failures - 1, 16), _TROUBLE_LONGEST)
    return max(planned, min(retry_after or 0.0, _TROUBLE_LONGEST))
