"""What looks at runs cost and how late they find an end: simulated, the same in every process."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import exp
from random import Random

from bench import lists
from bench.emulator import emulator
from bench.printing import row, title
from polysync_core.domain.runs.poll_learning import MAX_PAST_RUNS, Ended, LearnedPlan, learned
from polysync_core.domain.runs.polling import FAST, SLOW, PollPlan

type Durations = Iterator[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What became of many runs of one Task, one after the other."""

    looks: float
    """Requests a run."""
    lag: float
    """Mean seconds from an end to the look that found it."""
    lag_p95: float

    def __str__(self) -> str:
        """Return the figures in one line."""
        return f"{self.looks:.1f} looks, {self.lag:.1f} s, {self.lag_p95:.1f} s"


PLANS = {"quick": FAST, "patient": SLOW}


def looks(_: argparse.Namespace) -> None:
    """What looking at runs costs and how late an end is found, by fixed plans and learned ones."""
    title("Looks a run, and seconds from its end to the look that finds it (mean, p95)")
    for name, plan in PLANS.items():
        for seconds in (20, 600, 3600):
            for kind, durations in DISTRIBUTIONS.items():
                by_plan, by_learning = (
                    watch(plan, durations(seconds, Random(1)), 400, learning=learning)
                    for learning in (False, True)
                )
                row(f"{name}, {seconds} s, {kind}", f"fixed {by_plan}; learned {by_learning}")
    title("Storage operations of learning from the last runs of a Task")
    with emulator() as connection:
        for stored in (1_000, 10_000):
            first, later = lists.learning(connection, stored)
            row(f"{stored} runs stored", f"{first} every ten minutes, else {later} a run")


def about(seconds: float, chance: Random) -> Durations:
    """Yield durations within a fifth of each other, each as likely as any other."""
    while True:
        yield seconds * chance.uniform(0.9, 1.1)


def constant(seconds: float, chance: Random) -> Durations:
    """Yield durations that differ by a part in a hundred."""
    while True:
        yield seconds * chance.uniform(0.995, 1.005)


def growing(seconds: float, chance: Random) -> Durations:
    """Yield durations that grow by half a per cent a run, from half to three times as long."""
    day = 0
    while True:
        yield seconds * min(0.5 * 1.005**day, 3.0) * chance.uniform(0.98, 1.02)
        day += 1


def lognormal(seconds: float, chance: Random) -> Durations:
    """Yield durations two thirds of which are within a third of the median."""
    while True:
        yield seconds * exp(chance.gauss(0, 0.3))


def bimodal(seconds: float, chance: Random) -> Durations:
    """Yield durations as of a Task whose parameters decide between little and much work."""
    while True:
        yield seconds * chance.choice((0.1, 1.0)) * chance.uniform(0.95, 1.05)


def exponential(seconds: float, chance: Random) -> Durations:
    """Yield durations from which nothing can be learned but their mean."""
    while True:
        yield chance.expovariate(1 / seconds)


DISTRIBUTIONS: Mapping[str, Callable[[float, Random], Durations]] = {
    each.__name__: each for each in (constant, about, growing, lognormal, bimodal, exponential)
}


def watch(
    plan: PollPlan, durations: Durations, runs: int, *, learning: bool, told_ends: bool = True
) -> Watched:
    """Follow so many runs, one after the other, by a plan that learns from them or does not.

    `told_ends` is whether the platform tells when a run ended; else it is only seen.
    """
    past: list[Ended] = []
    counts: list[int] = []
    lags: list[float] = []
    for duration in islice(durations, runs):
        looks, found = follow(learned(plan, past) if learning else plan, duration)
        end = Ended(by=duration) if told_ends else Ended(by=found, exact=False)
        past = [end, *past][:MAX_PAST_RUNS]
        counts.append(looks)
        lags.append(found - duration)
    return Watched(
        looks=statistics.fmean(counts),
        lag=statistics.fmean(lags),
        lag_p95=sorted(lags)[int(0.95 * (len(lags) - 1))],
    )


def follow(plan: PollPlan | LearnedPlan, duration: float) -> tuple[int, float]:
    """Return how many looks it takes to find the end of a run, and the age at which it is found."""
    age, looks = plan.delay(0.0), 1
    while age < duration:
        age, looks = age + plan.delay(age), looks + 1
    return looks, age
