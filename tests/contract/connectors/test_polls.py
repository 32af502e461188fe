"""The contract of every job type: polls and cancellations of runs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.errors import (
    Unavailable,
    Uncertain,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import CannotStop, ProviderStatus, RunNotFound
from polysync_core.platforms.plugin import Capability
from tests.contract.connectors.job_type_case import (
    ATTEMPTS,
    Behaviour,
    ConnectorHarness,
    Step,
)
from tests.contract.connectors.steps import UNREADABLE, needs, reading, refusal


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_failed_poll_raises_unavailable_and_no_state(
    harness: ConnectorHarness, fault: dict[str, Any]
) -> None:
    poll = reading(harness)
    harness.fault(Step.READ, times=ATTEMPTS, **fault)

    with pytest.raises(Unavailable):
        poll()


def test_an_unknown_state_is_not_final(harness: ConnectorHarness) -> None:
    poll = reading(harness)
    harness.fault(Step.READ, "wrong-type", replace=dict(harness.case.unknown_state))

    report = poll()

    assert report.status is ProviderStatus.UNKNOWN
    assert not report.status.is_final


def test_a_throttled_poll_has_a_retry_after(harness: ConnectorHarness) -> None:
    poll = reading(harness)
    harness.fault(Step.READ, "status", status=429, headers={"Retry-After": "90"})

    with pytest.raises(Unavailable) as caught:
        poll()

    assert caught.value.retry_after == 90


def test_a_poll_with_refused_credentials_has_the_cause_secret(harness: ConnectorHarness) -> None:
    poll = reading(harness)
    harness.fault(Step.READ, "status", status=401, times=2)

    assert refusal(poll).cause is FailureCause.SECRET


def test_an_unknown_run_is_not_found(harness: ConnectorHarness) -> None:
    job = harness.case.jobs[Behaviour.SUCCEEDS]
    for run_id in harness.case.unknown_runs:
        with pytest.raises(RunNotFound):
            harness.job.read(job, run_id)
        if Capability.CANCEL in harness.case.capabilities:
            with pytest.raises(RunNotFound):
                harness.job.cancel(job, run_id)


def test_a_run_is_listed(harness: ConnectorHarness) -> None:
    needs(harness, Capability.RUNS)
    request = harness.request()
    submitted = harness.job.submit(request)
    harness.poll_until_end(request.job, submitted)

    newest = next(harness.job.runs(request.job))

    assert newest.external_run_id == submitted.external_run_id
    assert newest.report.status is ProviderStatus.SUCCESS


def test_a_run_is_stopped_and_a_second_stop_is_not_an_error(harness: ConnectorHarness) -> None:
    needs(harness, Capability.CANCEL, Behaviour.HANGS)
    request = harness.request(Behaviour.HANGS)
    submitted = harness.job.submit(request)
    assert not harness.job.read(request.job, submitted.external_run_id).status.is_final

    harness.job.cancel(request.job, submitted.external_run_id)
    report = harness.poll_until_end(request.job, submitted)
    harness.job.cancel(request.job, submitted.external_run_id)

    stopped = report.status is ProviderStatus.CANCELLED
    assert stopped or (report.status is ProviderStatus.FAILED and report.may_be_stopped)


def test_stopping_a_successful_run_does_not_change_it(harness: ConnectorHarness) -> None:
    needs(harness, Capability.CANCEL)
    request = harness.request()
    submitted = harness.job.submit(request)
    harness.poll_until_end(request.job, submitted)

    harness.job.cancel(request.job, submitted.external_run_id)

    assert harness.job.read(request.job, submitted.external_run_id).status is ProviderStatus.SUCCESS


def test_a_stop_with_a_lost_answer_can_be_repeated(harness: ConnectorHarness) -> None:
    needs(harness, Capability.CANCEL, Behaviour.HANGS)
    request = harness.request(Behaviour.HANGS)
    submitted = harness.job.submit(request)
    harness.fault(Step.CANCEL, "lost-response", times=ATTEMPTS)
    try:
        harness.job.cancel(request.job, submitted.external_run_id)
    except (Uncertain, Unavailable):
        harness.job.cancel(request.job, submitted.external_run_id)

    assert harness.poll_until_end(request.job, submitted).status.is_final


def test_a_job_type_without_cancel_raises_cannot_stop(harness: ConnectorHarness) -> None:
    if Capability.CANCEL in harness.case.capabilities:
        pytest.skip(f"{harness.case.job_type} can stop")
    request = harness.request()
    submitted = harness.job.submit(request)

    with pytest.raises(CannotStop):
        harness.job.cancel(request.job, submitted.external_run_id)
