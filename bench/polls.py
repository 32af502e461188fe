"""Compares fixed and learned poll delays by simulation: number of polls and detection delay."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import exp
from random import Random

from bench.report import row, title
from bench.stored.learning import learning
from polysync_core.domain.runs.polls.learning import MAX_PAST_RUNS, LearnedPlan, RunEnd, learned
from polysync_core.domain.runs.polls.plans import FAST, SLOW, PollPlan

type Durations = Iterator[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFigures:
    """The figures of many consecutive runs of one Task."""

    polls: float
    """Polls per run."""
    lag: float
    """Mean seconds from an end to the poll that finds it."""
    lag_p95: float

    def __str__(self) -> str:
        """Return the figures in one line."""
        return f"{self.polls:.1f} polls, {self.lag:.1f} s, {self.lag_p95:.1f} s"


PLANS = {"fast": FAST, "slow": SLOW}


def compare_plans(_: argparse.Namespace) -> None:
    """Compare fixed and learned poll plans."""
    title("Polls per run, and seconds from its end to the poll that finds it (mean, p95)")
    for name, plan in PLANS.items():
        for seconds in (20, 600, 3600):
            for kind, durations in DISTRIBUTIONS.items():
                by_plan, by_learning = (
                    simulate(plan, durations(seconds, Random(1)), 400, learning=learning)
                    for learning in (False, True)
                )
                row(f"{name}, {seconds} s, {kind}", f"fixed {by_plan}; learned {by_learning}")
    title("Storage operations of a learned poll plan")
    for stored in (1_000, 10_000):
        first, later = learning(stored)
        row(f"{stored} runs stored", f"{first} every ten minutes, else {later} per run")


def about(seconds: float, chance: Random) -> Durations:
    """Yield durations with a uniform distribution of ten per cent to both sides."""
    while True:
        yield seconds * chance.uniform(0.9, 1.1)


def constant(seconds: float, chance: Random) -> Durations:
    """Yield durations that differ by at most one per cent."""
    while True:
        yield seconds * chance.uniform(0.995, 1.005)


def growing(seconds: float, chance: Random) -> Durations:
    """Yield durations that grow by 0.5 % per run, from a factor of 0.5 to 3."""
    day = 0
    while True:
        yield seconds * min(0.5 * 1.005**day, 3.0) * chance.uniform(0.98, 1.02)
        day += 1


def lognormal(seconds: float, chance: Random) -> Durations:
    """Yield durations of which two thirds are within a third of the median."""
    while True:
        yield seconds * exp(chance.gauss(0, 0.3))


def bimodal(seconds: float, chance: Random) -> Durations:
    """Yield durations of a Task whose parameters decide between little and much work."""
    while True:
        yield seconds * chance.choice((0.1, 1.0)) * chance.uniform(0.95, 1.05)


def exponential(seconds: float, chance: Random) -> Durations:
    """Yield durations of which only the mean can be learned."""
    while True:
        yield chance.expovariate(1 / seconds)


DISTRIBUTIONS: Mapping[str, Callable[[float, Random], Durations]] = {
    each.__name__: each for each in (constant, about, growing, lognormal, bimodal, exponential)
}


def simulate(
    plan: PollPlan, durations: Durations, runs: int, *, learning: bool, exact_ends: bool = True
) -> PollFigures:
    """Poll consecutive runs with a fixed plan or a learned plan.

    With `exact_ends`, the platform reports the time of an end; otherwise only the poll knows it.
    """
    past: list[RunEnd] = []
    counts: list[int] = []
    lags: list[float] = []
    for duration in islice(durations, runs):
        polls, found = follow(learned(plan, past) if learning else plan, duration)
        end = RunEnd(by=duration) if exact_ends else RunEnd(by=found, exact=False)
        past = [end, *past][:MAX_PAST_RUNS]
        counts.append(polls)
        lags.append(found - duration)
    return PollFigures(
        polls=statistics.fmean(counts),
        lag=statistics.fmean(lags),
        lag_p95=sorted(lags)[int(0.95 * (len(lags) - 1))],
    )


def follow(plan: PollPlan | LearnedPlan, duration: float) -> tuple[int, float]:
    """Return the number of polls, and the age of the run at the last poll."""
    age, polls = plan.delay(0.0), 1
    while age < duration:
        age, polls = age + plan.delay(age), polls + 1
    return polls, age
