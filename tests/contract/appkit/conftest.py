"""Starts both servers once per session, if the original is installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.appkit.conversation import Side
from tests.contract.appkit.polysync_server import PolysyncServer
from tests.contract.appkit.provisioned_jobs import (
    OTHER,
    SHORT_TIMEOUT,
    ProvisionedJobs,
    provision,
    workspace,
)
from tests.contract.appkit.rows import JOB_NAMES, TABLE
from tests.contract.appkit.servers import INSTALLED, OriginalProcess, environment
from tests.contract.appkit.table import Row
from tests.fakes.simulators import SimulatorProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two servers, each with the default and with a short time-out."""

    originals: Mapping[bool, Side]
    polysyncs: Mapping[bool, Side]

    def original(self, row: Row) -> Side:
        """Return the original server for a row."""
        return self.originals[row.short_timeout]

    def polysync(self, row: Row) -> Side:
        """Return the Polysync server for a row."""
        return self.polysyncs[row.short_timeout]


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both servers, with a job for each row."""
    _require_the_original()
    with ExitStack() as stack:
        simulator = workspace(tmp_path_factory.mktemp("workspace"))
        stack.callback(simulator.stop)
        starting = [
            (
                _provision(simulator, short_timeout=short_timeout),
                tmp_path_factory.mktemp("original"),
            )
            for short_timeout in (False, True)
        ]
        # Both processes start before the first wait.
        originals = [_start_original(stack, simulator, *each) for each in starting]
        yield Pair(
            originals={
                short_timeout: _side(server.url, jobs, simulator)
                for short_timeout, server, (jobs, _) in zip(
                    (False, True), originals, starting, strict=True
                )
            },
            polysyncs={
                short_timeout: _start_polysync(stack, simulator, short_timeout=short_timeout)
                for short_timeout in (False, True)
            },
        )


def _provision(simulator: SimulatorProcess, *, short_timeout: bool) -> ProvisionedJobs:
    rows = [(JOB_NAMES[row.name], row) for row in TABLE if row.short_timeout is short_timeout]
    return provision(simulator, rows, timeout=SHORT_TIMEOUT if short_timeout else 0)


def _start_original(
    stack: ExitStack, simulator: SimulatorProcess, jobs: ProvisionedJobs, folder: Path
) -> OriginalProcess:
    variables = environment(simulator.url, jobs.variables)
    # The original does not start without this variable, although no row uses its job.
    server = OriginalProcess(folder, jobs.config, {"DATABRICKS_JOB_ID": "1", **variables})
    stack.callback(server.stop)
    return server


def _start_polysync(stack: ExitStack, simulator: SimulatorProcess, *, short_timeout: bool) -> Side:
    jobs = _provision(simulator, short_timeout=short_timeout)
    server = PolysyncServer(jobs.config, environment(simulator.url, jobs.variables))
    stack.callback(server.stop)
    return _side(server.url, jobs, simulator)


def _side(url: str, jobs: ProvisionedJobs, simulator: SimulatorProcess) -> Side:
    return Side(url=url, jobs=jobs.jobs, other=OTHER, simulator=simulator)


def _require_the_original() -> None:
    if shutil.which("node") and INSTALLED.is_file():
        return
    reason = "the original is not installed: `make test` installs it with npm"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
