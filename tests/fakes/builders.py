"""Builds Jobs, platforms and runs with default values for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.runs.identity import RunId, derived_run_id
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def run_id(name: str = "a") -> RunId:
    return derived_run_id("test", name)


def a_job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "name": "sales-load",
        "platform": "lakehouse",
        "job_type": JobType.DATABRICKS_NOTEBOOK,
        "external_id": "/etl/sales-load",
    }
    return Job(**(fields | changes))


def a_platform(**changes: Any) -> Platform:
    fields: dict[str, Any] = {
        "name": "lakehouse",
        "type": PlatformType.AZURE_DATABRICKS,
        "auth": Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
    }
    return Platform(**(fields | changes))


def a_run(**changes: Any) -> TaskRun:
    fields: dict[str, Any] = {
        "run_id": run_id(),
        "task": "sales-load-daily",
        "job": a_job(),
        "shard": "main",
        "status": RunStatus.QUEUED,
        "reason": "Waiting for its start.",
        "trigger_type": TriggerType.MANUAL,
        "graph_run_id": run_id(),
        "priority": 100,
        "queued_at": NOON,
    }
    return TaskRun(**(fields | changes))


class FakeClock:
    """A clock that a test advances."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **distance: float) -> None:
        self.now += timedelta(**distance)


def problems_of(check: Callable[[], object]) -> Sequence[Problem]:
    """Return the problems of the `Invalid` that a check raises; none if it passes."""
    try:
        check()
    except Invalid as error:
        return error.problems
    return ()
