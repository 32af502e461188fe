"""The contract of every job type: what it tells about a failed run."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ProviderStatus, RunNotFound
from polysync_core.platforms.plugin import Capability
from tests.contract.connectors.job_type_case import ATTEMPTS, Behaviour, ConnectorHarness, Step
from tests.contract.connectors.steps import UNREADABLE, needs, refusal


@pytest.fixture(scope="session")
def failed_runs() -> dict[str, str]:
    """The failed run of each job type, which the tests only read."""
    return {}


@pytest.fixture
def failed_run(harness: ConnectorHarness, failed_runs: dict[str, str]) -> str:
    """The id of a run that has failed."""
    needs(harness, Capability.FAILURE_DETAILS, Behaviour.FAILS)
    job_type = harness.case.job_type
    if job_type not in failed_runs:
        request = harness.request(Behaviour.FAILS)
        submitted = harness.job.submit(request)
        assert harness.poll_until_end(request.job, submitted).status is ProviderStatus.FAILED
        failed_runs[job_type] = submitted.external_run_id
    return failed_runs[job_type]


def details(harness: ConnectorHarness, run_id: str) -> Any:
    return harness.job.failure_details(harness.case.jobs[Behaviour.FAILS], run_id)


def test_the_failed_part_is_named_with_its_error(
    harness: ConnectorHarness, failed_run: str
) -> None:
    found = details(harness, failed_run)

    part, error = harness.case.failure
    texts = [f"{each.error}\n{each.trace}" for each in found.parts if each.part == part]
    assert any(error in text for text in texts), found
    assert found.note is None


def test_the_details_of_an_unknown_run_are_not_found(harness: ConnectorHarness) -> None:
    needs(harness, Capability.FAILURE_DETAILS)
    for run_id in harness.case.unknown_runs:
        with pytest.raises(RunNotFound):
            details(harness, run_id)


@pytest.mark.parametrize("fault", UNREADABLE)
def test_details_that_cannot_be_read_are_unavailable(
    harness: ConnectorHarness, failed_run: str, fault: dict[str, Any]
) -> None:
    harness.fault(Step.DETAILS, times=ATTEMPTS, **fault)

    if fault["fault"] == "huge":
        # An answer that is too long stays too long: the part has its name only.
        with_or_without(harness, failed_run)
    else:
        with pytest.raises(Unavailable):
            details(harness, failed_run)


def with_or_without(harness: ConnectorHarness, run_id: str) -> None:
    try:
        found = details(harness, run_id)
    except Unavailable:
        return
    assert "missing" in found.parts[0].error


def test_details_with_refused_credentials_have_the_cause_secret(
    harness: ConnectorHarness, failed_run: str
) -> None:
    harness.fault(Step.DETAILS, "status", status=401, times=2)

    assert refusal(lambda: details(harness, failed_run)).cause is FailureCause.SECRET
