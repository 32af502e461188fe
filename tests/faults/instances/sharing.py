"""Finds out if an instance of the app takes a share of the work."""

from __future__ import annotations

from tests.faults.local_system import LocalSystem, is_submitted
from tests.integration.devhost.host_process import HostProcess

RECOVERY_SECONDS = 80.0
"""The Durable extension hides the messages of a dead instance for one minute (`host.json`)."""


def has_worked(system: LocalSystem, instance: HostProcess) -> bool:
    """Start a short run, and return whether the instance has submitted any run."""
    run = system.run(0.1)
    system.wait_for([run], is_submitted, within=RECOVERY_SECONDS)
    return "submitted" in instance.log_text()
