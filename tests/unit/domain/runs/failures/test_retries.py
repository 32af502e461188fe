"""The decision on retries of failed attempts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from polysync_core.domain.definitions.tasks import Backoff, Retry
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.retries import (
    INFRASTRUCTURE_CAUSES,
    RETRYABLE_CAUSES,
    delay_before_retry,
    may_ever_retry,
    retry_at,
)
from polysync_core.domain.runs.interruptions import request_cancel
from polysync_core.domain.runs.run import RunStatus, TaskRun, back_off, begin_attempt
from tests.fakes.builders import NOON, a_run, run_id

CAUSES = st.sampled_from(sorted(RETRYABLE_CAUSES))


def retry(**changes: object) -> Retry:
    return Retry.model_validate({"enabled": True, "maxRetryAttempts": 2, **changes})


def running(policy: Retry) -> TaskRun:
    return begin_attempt(a_run(retry=policy), at=NOON, actor="test")


def failed(cause: FailureCause | None = FailureCause.ARTEFACT) -> Outcome:
    return Outcome(status=RunStatus.FAILED, reason="It failed.", cause=cause)


def retries_of(policy: Retry, causes: list[FailureCause]) -> list[FailureCause]:
    """Return the failures that were retried, one after the other, until one is not."""
    run, retried = running(policy), []
    for cause in causes:
        until = retry_at(run, failed(cause), now=NOON)
        if until is None:
            break
        retried.append(cause)
        queued = back_off(run, failed(cause), until=until, at=NOON, actor="test")
        run = begin_attempt(queued, at=NOON, actor="test")
    return retried


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [
        pytest.param(Backoff.FIXED, [10, 10, 10, 10], id="fixed is always the same"),
        pytest.param(Backoff.LINEAR, [10, 20, 30, 35], id="linear grows by itself up to the cap"),
        pytest.param(Backoff.EXPONENTIAL, [10, 20, 35, 35], id="exponential doubles up to the cap"),
    ],
)
def test_the_wait_grows_as_the_policy_says(backoff: Backoff, delays: list[int]) -> None:
    policy = retry(backoff=backoff, initialDelaySeconds=10, maxDelaySeconds=35)
    waits = [delay_before_retry(policy, number, run_id=run_id()) for number in (1, 2, 3, 4)]
    assert waits == [timedelta(seconds=delay) for delay in delays]


def test_nothing_is_retried_unless_it_is_enabled() -> None:
    assert retry_at(running(Retry(max_retry_attempts=5)), failed(), now=NOON) is None


@pytest.mark.parametrize("cause", sorted(set(FailureCause) - RETRYABLE_CAUSES))
def test_a_cause_that_is_not_retryable_is_not_retried(cause: FailureCause) -> None:
    assert retry_at(running(retry()), failed(cause), now=NOON) is None


@pytest.mark.parametrize("cause", sorted(RETRYABLE_CAUSES))
def test_a_retryable_cause_is_retried(cause: FailureCause) -> None:
    until = retry_at(running(retry(initialDelaySeconds=7)), failed(cause), now=NOON)
    assert until == NOON + timedelta(seconds=7)


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.CANCELLED])
def test_a_success_or_a_cancellation_is_not_retried(status: RunStatus) -> None:
    assert retry_at(running(retry()), Outcome(status=status, reason="over"), now=NOON) is None


def test_a_run_that_is_to_be_cancelled_is_not_retried() -> None:
    asked = request_cancel(running(retry()), at=NOON, actor="api")
    assert retry_at(asked, failed(), now=NOON) is None


def test_a_run_that_may_still_run_is_not_retried() -> None:
    unseen = replace(failed(FailureCause.PLATFORM_UNREACHABLE), may_repeat=False)
    assert retry_at(running(retry()), unseen, now=NOON) is None


def test_infrastructure_failures_do_not_use_up_the_artefacts_retries() -> None:
    lost, artefact = FailureCause.LOST, FailureCause.ARTEFACT
    policy = retry(maxRetryAttempts=1, maxInfrastructureAttempts=2)
    failures = [lost, artefact, lost, artefact]
    assert retries_of(policy, failures) == [lost, artefact, lost]
    assert retries_of(policy, [lost, lost, lost]) == [lost, lost]


def test_without_a_separate_budget_infrastructure_failures_use_the_retry_budget() -> None:
    lost, artefact = FailureCause.LOST, FailureCause.ARTEFACT
    assert retries_of(retry(maxRetryAttempts=2), [lost, artefact, lost]) == [lost, artefact]


@given(
    attempts=st.integers(0, 6),
    budget=st.none() | st.integers(0, 6),
    causes=st.lists(CAUSES, min_size=20, max_size=20),
)
def test_no_budget_is_ever_exceeded(
    attempts: int, budget: int | None, causes: list[FailureCause]
) -> None:
    retried = retries_of(
        retry(maxRetryAttempts=attempts, maxInfrastructureAttempts=budget, initialDelaySeconds=0),
        causes,
    )
    infrastructure = sum(cause in INFRASTRUCTURE_CAUSES for cause in retried)
    if budget is None:
        assert len(retried) == attempts
    else:
        assert infrastructure <= budget
        assert len(retried) - infrastructure <= attempts
        # It ends because the budget that the last failure draws on is used up.
        last = causes[len(retried)]
        spent, most = (
            (infrastructure, budget)
            if last in INFRASTRUCTURE_CAUSES
            else (len(retried) - infrastructure, attempts)
        )
        assert spent == most


@given(
    backoff=st.sampled_from(Backoff),
    initial=st.integers(0, 86400),
    longest=st.integers(0, 86400),
    number=st.integers(1, 200),
    name=st.text(),
)
def test_jitter_shortens_a_wait_by_half_at_most_and_always_alike(
    backoff: Backoff, initial: int, longest: int, number: int, name: str
) -> None:
    facts = {
        "backoff": backoff,
        "initialDelaySeconds": min(initial, longest),
        "maxDelaySeconds": longest,
    }
    plain = delay_before_retry(retry(**facts), number, run_id=run_id(name))
    jittered = delay_before_retry(retry(**facts, jitter=True), number, run_id=run_id(name))
    assert plain <= timedelta(seconds=longest)
    assert plain / 2 <= jittered <= plain
    assert jittered == delay_before_retry(retry(**facts, jitter=True), number, run_id=run_id(name))


def test_runs_that_failed_together_do_not_retry_in_step() -> None:
    policy = retry(jitter=True)
    waits = {delay_before_retry(policy, 1, run_id=run_id(str(number))) for number in range(50)}
    assert len(waits) == 50


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, False),
        ({"enabled": True}, True),
        ({"enabled": True, "max_retry_attempts": 0}, False),
        ({"enabled": True, "max_retry_attempts": 0, "max_infrastructure_attempts": 1}, True),
        ({"max_retry_attempts": 5}, False),
    ],
)
def test_a_policy_allows_one_try_only_or_more(policy: dict[str, Any], expected: bool) -> None:
    assert may_ever_retry(Retry(**policy)) is expected
