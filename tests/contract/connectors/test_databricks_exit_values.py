"""Outputs from exit values, against notebooks that really exit with one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.outbound.http_exchange import DEFAULT_SIZE_LIMIT
from polysync_core.platforms.connector import ProviderStatus
from tests.contract.connectors.bench import Behaviour, Rig, Stage
from tests.contract.connectors.benches.azure_databricks import a_job, notebook

PLAIN = a_job(JobType.DATABRICKS_NOTEBOOK, "/etl/exit")
READS_EXIT_VALUE = a_job(JobType.DATABRICKS_NOTEBOOK, "/etl/exit", outputsFromExitValue=True)


@pytest.fixture
def rig(stage: Stage) -> Iterator[Rig]:
    bench = notebook(stage)
    bench.simulator.clear_faults()
    yield Rig(bench, size_limit=DEFAULT_SIZE_LIMIT)
    bench.simulator.clear_faults()


def exited(rig: Rig, value: str, **parameters: Any) -> str:
    """Return the id of a run that has ended, without having looked at its exit value."""
    order = rig.order(job=PLAIN, parameters={"value": value, **parameters})
    submitted = rig.job.submit(order)
    assert rig.follow(PLAIN, submitted).outputs == {}
    return submitted.external_run_id


@pytest.mark.parametrize(
    ("value", "outputs"),
    [
        pytest.param('{"rows": 7, "day": "1"}', {"rows": 7, "day": "1"}, id="an object"),
        pytest.param("7 rows", {"result": "7 rows"}, id="a text"),
    ],
)
def test_the_exit_value_becomes_outputs_only_where_the_job_asks_for_it(
    rig: Rig, value: str, outputs: dict[str, Any]
) -> None:
    report = rig.job.read(READS_EXIT_VALUE, exited(rig, value))

    assert (report.outputs, report.outputs_missing) == (outputs, None)


def test_a_notebook_without_an_exit_value_has_no_outputs(rig: Rig) -> None:
    order = rig.order(Behaviour.SUCCEEDS)
    submitted = rig.job.submit(order)

    report = rig.follow(READS_EXIT_VALUE, submitted)

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {})


def test_an_exit_value_that_was_cut_is_not_taken_for_the_whole(rig: Rig) -> None:
    report = rig.job.read(READS_EXIT_VALUE, exited(rig, "x", times=6_000_000))

    assert (report.status, report.outputs) == (ProviderStatus.SUCCESS, {})
    assert "exit with the path of the data instead" in str(report.outputs_missing)


@pytest.mark.parametrize("status", [403, 404])
def test_a_run_whose_exit_value_cannot_be_had_has_succeeded_all_the_same(
    rig: Rig, status: int
) -> None:
    run_id = exited(rig, "7")
    rig.bench.simulator.fault(endpoint="jobs/runs/get-output", fault="status", status=status)

    report = rig.job.read(READS_EXIT_VALUE, run_id)

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
def test_an_exit_value_that_may_be_had_later_is_asked_for_again(
    rig: Rig, script: dict[str, Any], error: type[Exception]
) -> None:
    run_id = exited(rig, "7")
    rig.bench.simulator.fault(endpoint="jobs/runs/get-output", fault="status", **script)

    with pytest.raises(error):
        rig.job.read(READS_EXIT_VALUE, run_id)

    assert rig.job.read(READS_EXIT_VALUE, run_id).outputs == {"result": "7"}
