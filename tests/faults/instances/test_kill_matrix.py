"""Kills of the engine, or of the whole host, while runs are in every phase."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import psutil
import pytest

from devhost.durable_extension.program import NAME
from tests.faults.local_system import LocalSystem
from tests.faults.phases import define_phases, start_phases
from tests.integration.devhost.host_process import TIMEOUT, eventually, is_alive

pytestmark = [pytest.mark.devhost, pytest.mark.soak]

RECOVERY_SECONDS = 80.0
"""The Durable extension hides the messages of a dead host for one minute (`host.json`)."""
WORK_SECONDS = 40.0


def kill_engine(system: LocalSystem) -> None:
    """Kill the program of the Durable extension; the host notices it and ends."""
    (program,) = [each for each in system.host.children() if NAME in each.name()]
    program.kill()
    system.host.process.wait(timeout=TIMEOUT)


def kill_host(system: LocalSystem) -> None:
    """Kill the host with its worker and engine."""
    children = [psutil.Process(each.pid) for each in system.host.children()]
    system.host.end(signal.SIGKILL)
    eventually(lambda: not any(map(is_alive, children)))


@pytest.mark.parametrize("kill", [kill_engine, kill_host])
def test_a_kill_in_every_phase_loses_no_run_and_starts_none_twice(
    system: LocalSystem, kill: Callable[[LocalSystem], None]
) -> None:
    define_phases(system)
    phases = start_phases(system, "first")
    kill(system)
    system.host.close()
    killed = time.monotonic()
    system.restart()
    ready = time.monotonic() - killed
    phases.check_ends(system, within=RECOVERY_SECONDS + WORK_SECONDS)
    print(f"ready after {ready:.0f} s, all ended after {time.monotonic() - killed:.0f} s")
