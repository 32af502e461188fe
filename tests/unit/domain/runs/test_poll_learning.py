"""Tests of learned poll plans: bounded delays, and improvement over the default plans.

A deterministic simulation compares the plans.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bench.polls import DISTRIBUTIONS, Durations, follow, simulate
from polysync_core.domain.runs.polls.learning import (
    MAX_PAST_RUNS,
    MIN_PAST_RUNS,
    SHORT,
    RunEnd,
    learned,
)
from polysync_core.domain.runs.polls.plans import FAST, SLOW, PollPlan

pytestmark = pytest.mark.slow

STARTS = st.sampled_from([FAST, SLOW])
ENDS = st.builds(RunEnd, by=st.floats(0.01, 1e6), exact=st.booleans())
PASTS = st.lists(ENDS, min_size=MIN_PAST_RUNS, max_size=MAX_PAST_RUNS)
RUNS = 300


def of(*ages: float) -> list[RunEnd]:
    return [RunEnd(by=age) for age in ages]


@given(STARTS, PASTS, st.floats(0, 1e7))
def test_the_polls_of_every_past_have_a_minimum_and_a_maximum_delay(
    start: PollPlan, past: list[RunEnd], age: float
) -> None:
    assert start.first / 2 <= round(learned(start, past).delay(age), 6) <= 45


@given(PASTS, st.floats(0.01, 3_000))
def test_the_end_of_an_unusual_run_is_found_in_bounded_time_with_a_bounded_number_of_polls(
    past: list[RunEnd], duration: float
) -> None:
    polls, found = follow(learned(FAST, past), duration)
    assert found <= duration + 45.01
    # A run that ends before its usual end within a minute may be found only then.
    assert found <= max(6 * duration + 3.01, 1.2 * SHORT)
    # Looks half as far apart as the plan's first are the most that there can be.
    assert polls <= 2 * duration / FAST.first + 1


@given(STARTS, PASTS, st.floats(0, 1e5), st.randoms())
def test_the_order_of_past_runs_does_not_matter(
    start: PollPlan, past: list[RunEnd], age: float, chance: Random
) -> None:
    mixed = chance.sample(past, len(past))
    assert learned(start, mixed).delay(age) == pytest.approx(learned(start, past).delay(age))


@given(STARTS, st.lists(st.floats(SHORT + 0.01, 1e6), max_size=MIN_PAST_RUNS - 1))
def test_a_few_long_past_runs_do_not_change_the_plan(start: PollPlan, past: list[float]) -> None:
    assert learned(start, of(*past)) is start


@given(
    st.floats(2, 55),
    st.lists(st.floats(0.95, 1.05), min_size=1, max_size=10),
    st.floats(0.95, 1.05),
)
def test_after_the_first_short_run_at_most_three_polls_find_an_end_within_15_percent(
    seconds: float, past: list[float], now: float
) -> None:
    duration = seconds * now
    polls, found = follow(learned(FAST, of(*(seconds * each for each in past))), duration)
    assert polls <= 3
    # Two polls are at least half a second apart.
    assert found - duration <= max(0.15 * duration, 0.51)


@given(st.floats(2, SHORT), st.integers(1, MAX_PAST_RUNS))
def test_a_short_run_that_always_takes_equally_long_costs_two_polls(
    seconds: float, runs: int
) -> None:
    polls, found = follow(learned(FAST, of(*[seconds] * runs)), seconds)
    assert polls <= (1 if seconds < 10 else 2)
    assert found - seconds <= max(0.0501 * seconds, 0.11)


@given(st.floats(11, SHORT), st.integers(1, MAX_PAST_RUNS), st.floats(0.01, 1))
def test_an_early_end_of_a_short_run_is_found_at_its_usual_end_at_the_latest(
    seconds: float, runs: int, part: float
) -> None:
    _, found = follow(learned(FAST, of(*[seconds] * runs)), seconds * part)
    assert found <= 1.06 * seconds
    if part <= 0.3:
        assert found <= seconds / 3


@given(st.floats(5, 20_000), st.integers(MIN_PAST_RUNS, MAX_PAST_RUNS))
def test_the_end_of_a_run_with_a_constant_duration_is_found_at_once(
    duration: float, runs: int
) -> None:
    polls, found = follow(learned(FAST, of(*[duration] * runs)), duration)
    assert found - duration <= 0.0101 * duration + 0.51
    assert polls < FAST.polls(duration)


def test_a_run_is_polled_rarely_until_the_time_at_which_earlier_runs_ended() -> None:
    plan = learned(FAST, of(590, 595, 600, 605, 610))
    assert plan.delay(300) > FAST.delay(300) > plan.delay(592)


def test_a_run_that_takes_longer_than_all_others_is_polled_less_and_less_often() -> None:
    plan = learned(FAST, of(590, 595, 600, 605, 610))
    overdue = [plan.delay(age) for age in (660, 700, 900, 2_000, 20_000)]
    assert overdue == sorted(overdue)
    assert overdue[-1] == FAST.delay(20_000)


def test_between_two_likely_ends_the_polls_are_rare() -> None:
    plan = learned(FAST, of(59, 60, 61, 62, 600, 605, 610, 615))
    assert plan.delay(300) > 2 * plan.delay(602)
    assert follow(plan, 60.5)[1] < 63
    assert follow(plan, 608)[1] < 618


@pytest.mark.parametrize("seconds", [20, 120, 600])
@pytest.mark.parametrize("durations", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
def test_a_learned_plan_costs_fewer_polls_and_finds_ends_sooner(
    durations: Callable[[float, Random], Durations], seconds: float
) -> None:
    fixed, learning = (
        simulate(FAST, durations(seconds, Random(1)), RUNS, learning=learning)
        for learning in (False, True)
    )
    assert learning.polls < fixed.polls
    if seconds <= SHORT:
        # Fewer polls are worth a delay of a part of the duration.
        assert learning.polls < 0.7 * fixed.polls
        assert learning.lag < 0.15 * seconds
        return
    assert learning.lag < fixed.lag
    assert learning.lag_p95 < fixed.lag_p95


@pytest.mark.parametrize("durations", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
def test_past_runs_without_a_pattern_cost_few_reads(
    durations: Callable[[float, Random], Durations],
) -> None:
    """If only the mean duration is known, no plan beats the slow one."""
    fixed, learning = (
        simulate(SLOW, durations(600, Random(1)), RUNS, learning=learning)
        for learning in (False, True)
    )
    assert learning.polls < 1.05 * fixed.polls
    assert learning.lag < fixed.lag


@pytest.mark.parametrize("seconds", [20, 120, 600])
def test_the_end_of_a_run_is_not_found_later_and_later(seconds: float) -> None:
    """Learned durations include the delay of a poll; these delays must not add up."""
    steady = DISTRIBUTIONS["constant"]
    fixed, learning = (
        simulate(FAST, steady(seconds, Random(1)), RUNS, learning=learning, exact_ends=False)
        for learning in (False, True)
    )
    assert learning.polls < fixed.polls
    assert learning.lag < (0.15 if seconds <= SHORT else 0.05) * seconds
