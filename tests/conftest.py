"""Options of the whole suite."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# As in the app; it must be set before the durable library is imported.
os.environ["AZURE_FUNCTIONS_DURABLE_STRICT_TYPING"] = "1"

# No example has a deadline, because a loaded machine is slow without a fault.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
_PATIENT = settings.get_profile("patient")
settings.register_profile("suite", _PATIENT, max_examples=60, stateful_step_count=40)
# Fewer examples for `make test-unit`; `make test` uses "suite".
settings.register_profile("quick", _PATIENT, max_examples=15, stateful_step_count=15)
# 2,000 times 100 operations of every state machine (`make soak`).
settings.register_profile(
    "soak", _PATIENT, max_examples=2000, stateful_step_count=100, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that take minutes, unless `-m` names them."""
    if "soak" in config.getoption("-m"):
        return
    left_out = [item for item in items if item.get_closest_marker("soak")]
    items[:] = [item for item in items if not item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """Exempt modules and collected tests from garbage collection, which would scan them often."""
    gc.collect()
    gc.freeze()
