"""Both are started once, the original only where it is installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.appkit.asking import Side
from tests.contract.appkit.polysync_server import PolysyncServer
from tests.contract.appkit.rows import KEYS, TABLE
from tests.contract.appkit.servers import INSTALLED, OriginalProcess, environment
from tests.contract.appkit.stand import IMPATIENCE, OTHER, Given, give, workspace
from tests.contract.appkit.table import Row
from tests.fakes.simulators import SimulatorProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two, each in two forms: patient with Databricks, and impatient."""

    originals: Mapping[bool, Side]
    polysyncs: Mapping[bool, Side]

    def original(self, row: Row) -> Side:
        """Return the original that a row is asked of."""
        return self.originals[row.impatient]

    def polysync(self, row: Row) -> Side:
        """Return the Polysync that a row is asked of."""
        return self.polysyncs[row.impatient]


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both, serving, with a job for each row."""
    _require_the_original()
    with ExitStack() as stack:
        simulator = workspace(tmp_path_factory.mktemp("workspace"))
        stack.callback(simulator.stop)
        starting = [
            (_given(simulator, impatient=impatient), tmp_path_factory.mktemp("original"))
            for impatient in (False, True)
        ]
        # Both processes are under way before the first is waited for.
        originals = [_start_original(stack, simulator, *each) for each in starting]
        yield Pair(
            originals={
                impatient: _side(server.url, given, simulator)
                for impatient, server, (given, _) in zip(
                    (False, True), originals, starting, strict=True
                )
            },
            polysyncs={
                impatient: _start_polysync(stack, simulator, impatient=impatient)
                for impatient in (False, True)
            },
        )


def _given(simulator: SimulatorProcess, *, impatient: bool) -> Given:
    rows = [(KEYS[row.name], row) for row in TABLE if row.impatient is impatient]
    return give(simulator, rows, timeout=IMPATIENCE if impatient else 0)


def _start_original(
    stack: ExitStack, simulator: SimulatorProcess, given: Given, folder: Path
) -> OriginalProcess:
    variables = environment(simulator.url, given.variables)
    # It does not start without this variable, although no row is about its job.
    server = OriginalProcess(folder, given.config, {"DATABRICKS_JOB_ID": "1", **variables})
    stack.callback(server.stop)
    return server


def _start_polysync(stack: ExitStack, simulator: SimulatorProcess, *, impatient: bool) -> Side:
    given = _given(simulator, impatient=impatient)
    server = PolysyncServer(given.config, environment(simulator.url, given.variables))
    stack.callback(server.stop)
    return _side(server.url, given, simulator)


def _side(url: str, given: Given, simulator: SimulatorProcess) -> Side:
    return Side(url=url, jobs=given.jobs, other=OTHER, simulator=simulator)


def _require_the_original() -> None:
    if shutil.which("node") and INSTALLED.is_file():
        return
    told = "the original is not installed: `make test` does it, with npm"
    if os.environ.get("CI") == "true":
        pytest.fail(told)
    pytest.skip(told)
