"""A copilot for each test."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.jobs import Parameter
from tests.fakes.copilot import Copilot


@pytest.fixture(scope="session")
def one_copilot() -> Copilot:
    return Copilot()


@pytest.fixture
def copilot(one_copilot: Copilot) -> Copilot:
    """A copilot before a platform with one notebook on it."""
    one_copilot.begin()
    one_copilot.world.shelf.put("/etl/sales-load", Parameter(name="day", default="1"))
    return one_copilot


@pytest.fixture
def settled(copilot: Copilot) -> Copilot:
    """The same with the notebook imported as a Job, and a Task of it."""
    copilot.ask("import_platform_jobs", platform="lakehouse", confirm=True)
    copilot.ask("create_task_from_job", job="sales-load", task="daily", confirm=True)
    copilot.audit.entries.clear()
    return copilot
