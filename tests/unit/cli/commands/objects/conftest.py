"""Fixtures: the command line against an app with some definitions."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.contention import ConcurrencyProfile, ConcurrencySettings
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Task
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.fakes.command_line import AppCommands


@pytest.fixture
def app() -> FakeApp:
    return FakeApp(
        a_platform(contention_profiles=("cap",)),
        ConcurrencyProfile(
            name="cap",
            type="Concurrency",  # type: ignore[arg-type]
            settings=ConcurrencySettings(max_concurrent_tasks=2),
        ),
        a_job(tags={"team": "sales"}),
        a_job(name="other"),
        Task(
            name="sales-load-daily",
            job="sales-load",
            schedules=(Schedule(name="daily", cron="0 6 * * *"),),
        ),
        Task(name="other-daily", job="other", enabled=False),
    )


@pytest.fixture
def polysync(app: FakeApp, monkeypatch: pytest.MonkeyPatch) -> AppCommands:
    return AppCommands(app, monkeypatch)
