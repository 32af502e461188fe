"""Outputs from exit values, with notebooks that are executed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.outbound.http_exchange import DEFAULT_SIZE_LIMIT
from polysync_core.platforms.connector import ProviderStatus
from tests.contract.connectors.cases.azure_databricks import a_job, notebook
from tests.contract.connectors.job_type_case import Behaviour, ConnectorHarness, Simulators

PLAIN = a_job(JobType.DATABRICKS_NOTEBOOK, "/etl/exit")
READS_EXIT_VALUE = a_job(JobType.DATABRICKS_NOTEBOOK, "/etl/exit", outputsFromExitValue=True)


@pytest.fixture
def harness(simulators: Simulators) -> Iterator[ConnectorHarness]:
    case = notebook(simulators)
    case.simulator.clear_faults()
    yield ConnectorHarness(case, size_limit=DEFAULT_SIZE_LIMIT)
    case.simulator.clear_faults()


def exited(harness: ConnectorHarness, value: str, **parameters: Any) -> str:
    """Return the id of an ended run whose exit value was not read."""
    request = harness.request(job=PLAIN, parameters={"value": value, **parameters})
    submitted = harness.job.submit(request)
    assert harness.poll_until_end(PLAIN, submitted).outputs == {}
    return submitted.external_run_id


@pytest.mark.parametrize(
    ("value", "outputs"),
    [
        pytest.param('{"rows": 7, "day": "1"}', {"rows": 7, "day": "1"}, id="an object"),
        pytest.param("7 rows", {"result": "7 rows"}, id="a text"),
    ],
)
def test_the_exit_value_becomes_outputs_only_if_the_job_requests_it(
    harness: ConnectorHarness, value: str, outputs: dict[str, Any]
) -> None:
    report = harness.job.read(READS_EXIT_VALUE, exited(harness, value))

    assert (report.outputs, report.outputs_missing) == (outputs, None)


def test_a_notebook_without_an_exit_value_has_no_outputs(harness: ConnectorHarness) -> None:
    request = harness.request(Behaviour.SUCCEEDS)
    submitted = harness.job.submit(request)

    report = harness.poll_until_end(READS_EXIT_VALUE, submitted)

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {})


def test_a_truncated_exit_value_is_not_used(harness: ConnectorHarness) -> None:
    report = harness.job.read(READS_EXIT_VALUE, exited(harness, "x", times=6_000_000))

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {})
    assert "exit with the path of the data instead" in str(report.outputs_missing)


@pytest.mark.parametrize("status", [403, 404])
def test_a_run_succeeds_even_if_its_exit_value_is_not_available(
    harness: ConnectorHarness, status: int
) -> None:
    run_id = exited(harness, "7")
    harness.case.simulator.fault(endpoint="jobs/runs/get-output", fault="status", status=status)

    report = harness.job.read(READS_EXIT_VALUE, run_id)

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {})
    assert report.outputs_missing


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ({"status": 503, "headers": {"Retry-After": "60"}}, Unavailable),
        ({"status": 401, "times": 2}, PlatformRefused),
    ],
    ids=["the platform is busy", "the credential is refused"],
)
def test_an_exit_value_that_is_temporarily_unavailable_is_read_again(
    harness: ConnectorHarness, script: dict[str, Any], error: type[Exception]
) -> None:
    run_id = exited(harness, "7")
    harness.case.simulator.fault(endpoint="jobs/runs/get-output", fault="status", **script)

    with pytest.raises(error):
        harness.job.read(READS_EXIT_VALUE, run_id)

    assert harness.job.read(READS_EXIT_VALUE, run_id).outputs == {"result": "7"}
