"""The contract of every job type: an attempt is submitted once, on faulty platforms too."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import (
    PlatformRefused,
    Unavailable,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import ProviderStatus
from polysync_core.platforms.plugin import Capability
from polysync_core.platforms.send_observer import Withheld, observing_sends
from tests.contract.connectors.job_type_case import (
    ATTEMPTS,
    CANARY,
    Behaviour,
    ConnectorHarness,
    Step,
)
from tests.contract.connectors.steps import LOST, needs, refusal


class WithholdsAll:
    """Counts the announced requests, and withholds them."""

    announced = 0

    def before_send(self) -> None:
        self.announced += 1
        raise Withheld

    def not_arrived(self) -> None:
        raise AssertionError("nothing was sent")


def test_an_artefact_runs_to_success(harness: ConnectorHarness) -> None:
    request = harness.request()
    submitted = harness.job.submit(request)

    report = harness.poll_until_end(request.job, submitted)

    assert report.status is ProviderStatus.SUCCESS, report
    assert list(harness.case.started_runs(request)) == [submitted.external_run_id]
    assert (submitted.monitor_url or report.monitor_url or "").startswith("http")


def test_each_submit_is_announced_before_it_is_sent(harness: ConnectorHarness) -> None:
    observer = WithholdsAll()
    request = harness.request()
    with observing_sends(observer), pytest.raises(Withheld):
        harness.job.submit(request)
    assert observer.announced == 1
    assert list(harness.case.started_runs(request)) == []


def test_a_failing_artefact_is_reported_as_its_own_failure_with_a_message(
    harness: ConnectorHarness,
) -> None:
    needs(harness, Behaviour.FAILS)

    report = harness.run(Behaviour.FAILS)

    assert report.status is ProviderStatus.FAILED
    assert report.cause in {None, FailureCause.ARTEFACT}
    assert report.message


def test_outputs_arrive_with_the_final_report(harness: ConnectorHarness) -> None:
    needs(harness, Capability.OUTPUTS, Behaviour.RETURNS_OUTPUTS)

    report = harness.run(Behaviour.RETURNS_OUTPUTS)

    assert (dict(report.outputs), report.outputs_missing) == (dict(harness.case.outputs), None)


def test_a_missing_artefact_fails_with_the_cause_submit(harness: ConnectorHarness) -> None:
    needs(harness, Behaviour.MISSING)
    try:
        report = harness.run(Behaviour.MISSING)
    except PlatformRefused as error:
        cause, message = error.cause, str(error)
    else:
        assert report.status is ProviderStatus.FAILED
        cause, message = report.cause, report.message
    assert cause is FailureCause.SUBMIT
    assert message


def test_a_secret_is_sent_to_the_artefact(harness: ConnectorHarness) -> None:
    request = harness.request(parameters={"rows": Secret("8")})

    report = harness.poll_until_end(request.job, harness.job.submit(request))

    assert report.status is ProviderStatus.SUCCESS, report


def test_a_secret_without_its_parameters_type_is_never_sent(
    harness: ConnectorHarness,
) -> None:
    if not harness.case.typed:
        pytest.skip(f"{harness.case.job_type} takes texts")
    number = Parameter(name="rows", data_type=DataType.INT)
    job = harness.case.jobs[Behaviour.SUCCEEDS]
    others = [each for each in job.parameters if each.name != number.name]
    job = job.model_copy(update={"parameters": (number, *others)})
    request = harness.request(job=job, parameters={"rows": Secret(CANARY)})

    error = refusal(lambda: harness.job.submit(request))

    assert error.cause is FailureCause.PARAMETERS
    assert CANARY not in str(error)
    assert not harness.case.started_runs(request)


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_starts_one_run(harness: ConnectorHarness, fault: dict[str, Any]) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, **fault)

    submitted = harness.submit_until_answered(request)

    assert len(harness.case.started_runs(request)) == 1
    if submitted is not None:
        assert submitted.external_run_id in harness.case.started_runs(request)


def test_repeatedly_lost_answers_start_one_run(harness: ConnectorHarness) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "lost-response", times=2 * ATTEMPTS)

    harness.submit_until_answered(request)

    assert len(harness.case.started_runs(request)) == 1


def test_a_submit_that_never_arrived_starts_one_run(harness: ConnectorHarness) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "lost-response", effect=False)

    submitted = harness.submit_until_answered(request)

    assert len(harness.case.started_runs(request)) == (0 if submitted is None else 1)


@pytest.mark.parametrize("effect", [True, False])
def test_a_lost_answer_of_an_idempotent_job_ends_with_a_run(
    harness: ConnectorHarness, *, effect: bool
) -> None:
    succeeding = harness.case.jobs[Behaviour.SUCCEEDS]
    settings = {**succeeding.settings, "resubmit": "WhenIdempotent"}
    request = harness.request(job=succeeding.model_copy(update={"settings": settings}))
    harness.fault(Step.SUBMIT, "lost-response", effect=effect)

    submitted = harness.submit_until_answered(request)

    assert submitted is not None
    assert submitted.external_run_id in harness.case.started_runs(request)


def test_a_crash_after_a_submit_starts_no_second_run(harness: ConnectorHarness) -> None:
    """The answer is lost, so the attempt is submitted again as a resend."""
    request = harness.request()
    harness.job.submit(request)

    harness.submit_until_answered(request, is_resend=True)

    assert len(harness.case.started_runs(request)) == 1


def test_another_attempt_is_another_run(harness: ConnectorHarness) -> None:
    first, second = harness.request(), harness.request()
    harness.poll_until_end(first.job, harness.job.submit(first))
    harness.poll_until_end(second.job, harness.job.submit(second))

    assert len({*harness.case.started_runs(first), *harness.case.started_runs(second)}) == 2


def test_a_throttled_submit_has_a_retry_after_and_starts_nothing(
    harness: ConnectorHarness,
) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "status", status=429, headers={"Retry-After": "120"})

    with pytest.raises(Unavailable) as caught:
        harness.job.submit(request)

    assert caught.value.retry_after == 120
    assert not harness.case.started_runs(request)
