"""Tests of the poll plans of job types, and of the delays after failed calls."""

from __future__ import annotations

from itertools import accumulate

import hypothesis.strategies as st
import pytest
from hypothesis import given

from bench.polls import follow
from polysync_core.domain.runs.polls.plans import (
    FAST,
    MAX_RETRY_AFTER,
    SLOW,
    PollPlan,
    at_least,
    delay_after_failure,
)
from polysync_core.platforms.registry import platform_plugin, platform_types

AROUND_TEN_MINUTES = [540 + step / 5 for step in range(600)]


@st.composite
def plans(draw: st.DrawFn) -> PollPlan:
    delays = draw(st.lists(st.integers(1, 60), min_size=1, max_size=6))
    apart = draw(st.lists(st.integers(1, 400), min_size=len(delays) - 1, max_size=len(delays) - 1))
    ages = list(accumulate(apart, initial=0))
    return PollPlan(
        tuple((float(age), float(delay)) for age, delay in zip(ages, delays, strict=True))
    )


@pytest.mark.parametrize(
    "plan",
    {kind.plan for name in platform_types() for kind in platform_plugin(name).jobs.values()},
    ids=lambda plan: f"first poll after {plan.first:g} s",
)
def test_a_run_of_ten_minutes_takes_40_polls_and_its_end_is_found_within_15_seconds(
    plan: PollPlan,
) -> None:
    found = [follow(plan, duration) for duration in AROUND_TEN_MINUTES]
    lags = sorted(age - end for (_, age), end in zip(found, AROUND_TEN_MINUTES, strict=True))

    assert plan.polls(600) <= 40
    assert sum(polls for polls, _ in found) / len(found) <= 40
    assert lags[int(0.95 * len(lags))] <= 15


def test_the_end_of_a_run_of_two_seconds_is_found_within_a_tenth_of_a_second() -> None:
    assert follow(FAST, 2.02) == (3, pytest.approx(2.1))


@given(st.floats(2, 60))
def test_without_a_past_the_end_of_a_short_run_is_found_within_a_third_of_its_length(
    duration: float,
) -> None:
    polls, found = follow(FAST, duration)
    assert found - duration <= duration / 3
    assert polls <= 17


def test_without_a_past_the_end_of_a_short_run_is_found_within_15_percent_on_average() -> None:
    durations = [2 * 30 ** (step / 2_000) for step in range(2_000)]
    delays = [(follow(FAST, each)[1] - each) / each for each in durations]
    assert sum(delays) / len(delays) <= 0.15


def test_a_job_type_that_starts_compute_first_has_the_slow_plan() -> None:
    jobs = platform_plugin("AzureDataFactory").jobs | platform_plugin("AzureAIFoundry").jobs
    assert {kind.plan for kind in jobs.values()} == {SLOW}
    assert platform_plugin("AzureDatabricks").jobs["DatabricksNotebook"].plan is FAST


@given(plans(), st.floats(0.01, 5_000))
def test_the_number_of_polls_equals_the_polls_that_follow_a_run(
    plan: PollPlan, duration: float
) -> None:
    assert plan.polls(duration) == follow(plan, duration)[0]


@given(st.sampled_from([FAST, SLOW]), st.floats(-1e9, 1e9))
def test_every_age_has_a_bounded_delay(plan: PollPlan, age: float) -> None:
    assert plan.first / 2 <= plan.delay(age) <= 30


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((), id="without steps"),
        pytest.param(((1, 5),), id="not from the beginning"),
        pytest.param(((0, 5), (9, 6), (9, 7)), id="two delays at one age"),
        pytest.param(((0, 0.1),), id="more often than a platform bears"),
        pytest.param(((0, 5), (9, float("nan"))), id="no delay at all"),
        pytest.param(((0, 5), (9, 3600)), id="hardly ever"),
    ],
)
def test_an_invalid_poll_plan_is_refused(steps: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="of a plan"):
        PollPlan(steps)


def test_a_retry_after_beyond_the_plan_is_respected() -> None:
    assert at_least(10, None) == at_least(10, 5) == 10
    assert at_least(10, 42) == 42
    assert at_least(10, 1e9) == MAX_RETRY_AFTER


def test_a_failing_platform_is_called_with_back_off() -> None:
    delays = [delay_after_failure(failures) for failures in range(1, 10)]
    assert delays == sorted(delays)
    assert delays[-1] == delay_after_failure(10_000) == 300
    assert delay_after_failure(1, retry_after=42) == 42
