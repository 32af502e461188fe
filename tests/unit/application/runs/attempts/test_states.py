"""The reason of a run's status while the run is under way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.interruptions import status_text
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from tests.fakes.builders import a_run
from tests.fakes.platform import CANCELLED, RUNNING
from tests.unit.application.runs.attempt_bench import Bench

STARTING = Report(status=ProviderStatus.STARTING)


def test_the_reason_follows_the_run() -> None:
    bench = Bench()
    bench.platform.reports = [STARTING]
    submitted_at = f"{bench.clock():%H:%MZ}"
    bench.submit()
    assert status_text(bench.run) == f"Submitted to Azure Databricks at {submitted_at}."
    bench.clock.advance(seconds=48)
    bench.poll()
    assert status_text(bench.run) == "Starting on Azure Databricks."
    bench.clock.advance(seconds=20)
    started = bench.clock()
    bench.platform.reports = [RUNNING]
    bench.poll()
    expected = f"Running on Azure Databricks since {started:%H:%M:%SZ}."
    assert status_text(bench.run) == expected
    bench.clock.advance(hours=1)
    bench.poll()
    assert status_text(bench.run) == expected


def test_the_reason_has_the_platforms_own_start() -> None:
    bench = Bench()
    started = bench.clock() + timedelta(days=1)
    bench.submit()
    bench.clock.advance(days=1, seconds=30)
    bench.platform.reports = [Report(status=ProviderStatus.RUNNING, started_at=started)]
    bench.poll()
    assert status_text(bench.run) == (
        f"Running on Azure Databricks since {started:%Y-%m-%d} {started:%H:%MZ}."
    )


@pytest.mark.parametrize(
    ("wait", "message", "expected"),
    [
        (Wait.PLATFORM_QUEUE, "limit of the job", "Queued on Azure Databricks: limit of the job."),
        (Wait.PLATFORM_QUEUE, None, "Queued on Azure Databricks."),
        (Wait.COMPUTE, None, "Waiting for compute on Azure Databricks."),
        (Wait.RETRY, None, "Waiting for a retry by Azure Databricks."),
        (Wait.RETRY, "attempt 2.", "Waiting for a retry by Azure Databricks: attempt 2."),
        (Wait.COMPUTE, "no nodes.", "Waiting for compute on Azure Databricks: no nodes."),
    ],
)
def test_a_wait_on_the_platform_has_the_platforms_reason(
    wait: Wait, message: str | None, expected: str
) -> None:
    bench = Bench()
    bench.platform.reports = [replace(STARTING, wait=wait, message=message)]
    bench.submit()
    bench.clock.advance(seconds=10)
    bench.poll()
    assert status_text(bench.run) == expected


def test_a_platforms_reason_holds_no_secret() -> None:
    bench = Bench(a_run(parameters={"key": "vault://team/key"}))
    bench.secrets["vault://team/key"] = Secret("hunter2-hunter2")
    bench.platform.reports = [
        replace(STARTING, wait=Wait.PLATFORM_QUEUE, message="full for hunter2-hunter2")
    ]
    bench.submit()
    bench.clock.advance(seconds=10)
    bench.poll()
    assert status_text(bench.run) == "Queued on Azure Databricks: full for (holds a secret)."
    bench.secrets["vault://team/key"] = Unavailable()
    bench.clock.advance(minutes=2)
    bench.poll()
    assert status_text(bench.run) == "Queued on Azure Databricks."


def test_a_changing_reason_costs_one_write_a_minute_at_most() -> None:
    bench = Bench()
    bench.platform.reports = [replace(STARTING, wait=Wait.PLATFORM_QUEUE, message="1")]
    bench.submit()
    bench.clock.advance(seconds=10)
    bench.poll()
    writes = bench.runs.writes
    for number in range(30):
        report = replace(STARTING, wait=Wait.PLATFORM_QUEUE, message=f"position {number}")
        bench.platform.reports = [report]
        bench.clock.advance(seconds=4)
        bench.poll()
    assert bench.runs.writes - writes == 2


def test_a_run_that_is_to_stop_says_since_when() -> None:
    bench = Bench()
    bench.platform.reports = [RUNNING]
    bench.submit()
    bench.clock.advance(seconds=10)
    bench.ask_to_cancel()
    asked = f"{bench.clock():%H:%M:%SZ}"
    bench.clock.advance(seconds=10)
    bench.poll()
    assert status_text(bench.run) == f"Stopping since {asked}: its cancellation was requested."


def test_a_run_out_of_time_says_that_it_is_stopping() -> None:
    bench = Bench(a_run(execution_timeout_seconds=60))
    bench.platform.reports = [RUNNING]
    bench.submit()
    bench.clock.advance(seconds=61)
    bench.poll()
    assert status_text(bench.run).startswith("Stopping since ")
    assert "time-out of 60 seconds" in status_text(bench.run)
    bench.platform.reports = [CANCELLED]
    assert bench.poll().done
