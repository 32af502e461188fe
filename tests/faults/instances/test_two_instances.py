"""Two instances of the app share one task hub: scale-out, scale-in, and the loss of one."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.faults.instances.layers import check_layers, define_layers, start_layers
from tests.faults.instances.sharing import RECOVERY_SECONDS, has_worked
from tests.faults.local_system import LocalSystem
from tests.integration.devhost.host_process import eventually

pytestmark = [pytest.mark.devhost, pytest.mark.soak]

WORK_SECONDS = 60.0
"""The chains take 20 s on one quiet instance."""


def test_a_second_instance_takes_a_share_of_the_work(system: LocalSystem, tmp_path: Path) -> None:
    define_layers(system)
    start_layers(system)
    second = system.start(tmp_path / "second")
    check_layers(system, within=RECOVERY_SECONDS + WORK_SECONDS)
    start = time.monotonic()
    eventually(lambda: has_worked(system, second), within=RECOVERY_SECONDS)
    print(f"the second instance worked after {time.monotonic() - start:.0f} s more")


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGTERM, id="scale-in"), pytest.param(signal.SIGKILL, id="loss")],
)
def test_the_other_instance_takes_over_and_starts_no_run_twice(
    system: LocalSystem, tmp_path: Path, number: signal.Signals
) -> None:
    define_layers(system)
    first = system.host
    second = system.start(tmp_path / "second")
    eventually(lambda: has_worked(system, second), within=RECOVERY_SECONDS)
    before = len(system.databricks.started())
    start_layers(system)
    eventually(lambda: len(system.databricks.started()) >= before + 12)
    first.end(number)
    system.host = second
    check_layers(system, within=RECOVERY_SECONDS + WORK_SECONDS)
