"""Fixtures: a copilot, and one with an imported Job and a Task."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.jobs import Parameter
from tests.fakes.copilot import Copilot


@pytest.fixture(scope="session")
def shared_copilot() -> Copilot:
    return Copilot()


@pytest.fixture
def copilot(shared_copilot: Copilot) -> Copilot:
    """A copilot of an app whose platform has one notebook."""
    shared_copilot.reset()
    shared_copilot.platform.put("/etl/sales-load", Parameter(name="day", default="1"))
    return shared_copilot


@pytest.fixture
def prepared(copilot: Copilot) -> Copilot:
    """A copilot whose notebook is imported as a Job that has a Task."""
    copilot.call("import_platform_jobs", platform="lakehouse", confirm=True)
    copilot.call("create_task_from_job", job="sales-load", task="daily", confirm=True)
    copilot.audit.entries.clear()
    return copilot
