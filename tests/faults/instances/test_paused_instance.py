"""Pauses one of two instances while runs are in every phase, then resumes it.

The other instance takes its work meanwhile, so the same orchestrations and activities are executed
a second time.
"""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from tests.faults.instances.sharing import RECOVERY_SECONDS, has_worked
from tests.faults.local_system import LocalSystem
from tests.faults.phases import define_phases, start_phases
from tests.integration.devhost.host_process import HostProcess, eventually

pytestmark = [pytest.mark.devhost, pytest.mark.soak]

WORK_SECONDS = 60.0


@pytest.mark.parametrize(
    "pause",
    [
        pytest.param(45.0, id="before the messages are visible again"),
        pytest.param(75.0, id="after the other instance has the messages"),
    ],
)
def test_a_second_execution_in_every_phase_starts_no_run_twice(
    system: LocalSystem, tmp_path: Path, pause: float
) -> None:
    define_phases(system)
    first = system.host
    second = system.start(tmp_path / "second")
    eventually(lambda: has_worked(system, second), within=2 * RECOVERY_SECONDS)
    phases = start_phases(system, "first")
    processes = _processes(first)
    for each in processes:
        each.suspend()
    system.host = second
    try:
        time.sleep(pause)
    finally:
        for each in processes:
            each.resume()
    phases.check_ends(system, within=RECOVERY_SECONDS + WORK_SECONDS)


def _processes(instance: HostProcess) -> list[psutil.Process]:
    """Return the host, its worker and its engine."""
    return [psutil.Process(instance.process.pid), *instance.children()]
