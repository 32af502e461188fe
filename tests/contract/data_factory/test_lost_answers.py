"""A start with a lost answer, on a platform without an idempotency key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import Uncertain
from polysync_core.platforms.connector import OutcomeUnknown, SubmitRequest
from tests.contract.connectors.cases.azure_data_pipelines import a_job, data_factory
from tests.contract.connectors.job_type_case import Behaviour, ConnectorHarness, Simulators, Step


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    simulators = Simulators(tmp_path_factory.mktemp("simulators"))
    yield simulators
    simulators.clear()


@pytest.fixture
def harness(simulators: Simulators) -> Iterator[ConnectorHarness]:
    case = data_factory(simulators)
    case.simulator.clear_faults()
    yield ConnectorHarness(case)
    list_lag(case.simulator, 0)
    case.simulator.clear_faults()


def list_lag(simulator: Any, seconds: float) -> None:
    simulator.control("PUT", "list-lag", {"seconds": seconds})


def a_request(harness: ConnectorHarness, **settings: Any) -> SubmitRequest:
    job = a_job(JobType.ADF_PIPELINE, Behaviour.SUCCEEDS, settings=settings)
    return harness.request(job=job)


def lost(
    harness: ConnectorHarness, request: SubmitRequest, *, effect: bool = True
) -> SubmitRequest:
    """Submit with a lost answer; return the request of the resend."""
    harness.fault(Step.SUBMIT, "lost-response", effect=effect)
    with pytest.raises(Uncertain):
        harness.job.submit(request)
    return replace(request, is_resend=True)


def test_nothing_is_sent_while_the_list_may_lag_and_then_the_run_is_adopted(
    harness: ConnectorHarness,
) -> None:
    list_lag(harness.case.simulator, 3600)
    request = lost(harness, harness.request())
    with pytest.raises(Uncertain, match="not be in the list yet"):
        harness.job.submit(request)
    list_lag(harness.case.simulator, 0)

    submitted = harness.job.submit(request)

    assert [submitted.external_run_id] == list(harness.case.started_runs(request))


def test_a_start_that_never_arrived_is_sent_again_after_the_lag_of_the_list(
    harness: ConnectorHarness,
) -> None:
    request = lost(harness, harness.request(), effect=False)
    harness.sleep(239)
    with pytest.raises(Uncertain):
        harness.job.submit(request)
    assert not harness.case.started_runs(request)
    harness.sleep(2)

    submitted = harness.job.submit(request)

    assert [submitted.external_run_id] == list(harness.case.started_runs(request))


def test_with_the_rule_never_no_second_run_starts(harness: ConnectorHarness) -> None:
    settings = {"attemptTokenParameter": "attempt", "resubmit": "Never"}
    found = lost(harness, a_request(harness, **settings))
    never = lost(harness, a_request(harness, **settings), effect=False)
    harness.sleep(300)

    assert [harness.job.submit(found).external_run_id] == list(harness.case.started_runs(found))
    with pytest.raises(OutcomeUnknown):
        harness.job.submit(never)
    assert not harness.case.started_runs(never)


def test_without_a_token_a_person_must_decide_and_the_error_names_the_remedy(
    harness: ConnectorHarness,
) -> None:
    request = lost(harness, a_request(harness))

    with pytest.raises(OutcomeUnknown, match=r"settings\.attemptTokenParameter"):
        harness.job.submit(request)


def test_without_a_token_an_idempotent_pipeline_is_started_again(
    harness: ConnectorHarness,
) -> None:
    request = lost(harness, a_request(harness, resubmit="WhenIdempotent"))
    harness.sleep(300)

    assert harness.job.submit(request).external_run_id


def test_of_two_runs_with_one_token_the_first_is_adopted(
    harness: ConnectorHarness, caplog: pytest.LogCaptureFixture
) -> None:
    """A person repeated the attempt's run by hand with the same parameters."""
    request = harness.request()
    first = harness.job.submit(request).external_run_id
    harness.job.submit(request)

    adopted = harness.job.submit(replace(request, is_resend=True)).external_run_id

    assert adopted == first
    assert "duplicate_detected" in {getattr(each, "action", None) for each in caplog.records}


def test_the_token_overrides_the_value_of_its_parameter(harness: ConnectorHarness) -> None:
    request = harness.request(parameters={"attempt": "by hand"})

    harness.job.submit(request)

    assert len(harness.case.started_runs(request)) == 1
