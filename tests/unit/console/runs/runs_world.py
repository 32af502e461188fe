"""Runs behind one slot, in every status, with hostile texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.definitions.contention import (
    ConcurrencyProfile,
    ConcurrencySettings,
    ProfileType,
)
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.outputs import Outputs
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, finish, with_attempt
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.builders import a_job, a_platform
from tests.unit.api.security.protected_app import principal_header

HOSTILE = "<script>alert('x')</script>"


class RunsWorld:
    """An app with the Tasks `load` and `clean`, whose Platform has one slot."""

    def __init__(self, **settings: str) -> None:
        self.app = FakeApp(
            a_platform(contention_profiles=["slots"]),
            ConcurrencyProfile(
                name="slots",
                type=ProfileType.CONCURRENCY,
                settings=ConcurrencySettings(max_concurrent_tasks=1),
            ),
            a_job(
                parameters=[
                    {"name": "day", "default": "${run.scheduledTime:%Y}"},
                    {"name": "rows", "dataType": "Int", "default": 7},
                    {"name": "total", "dataType": "Int", "direction": "Output"},
                ]
            ),
            Task(name="load", job="sales-load", tags={"team": "sales"}),
            Task(name="clean", job="sales-load", dependencies=[{"task": "load"}]),  # type: ignore[list-item]
            settings=settings_of(**settings) if settings else None,
        )

    def accept(self, task: str = "load", **body: Any) -> TaskRun:
        """Accept a run, which takes the slot if it is free."""
        services = self.app.services
        request = RunRequest(task=task, parameters={}, actor="test", **body)
        run = services.task_runs.run_once(request, self.app.engine)  # type: ignore[arg-type]
        self.app.clock.advance(seconds=1)
        return run

    def begin(self, run: TaskRun, status: str = "Running", url: str | None = None) -> TaskRun:
        """Begin the attempt of a run, as its platform reports it."""
        stored = self._stored(run)
        begun = begin_attempt(stored.run, at=self.app.clock(), actor="polysync")
        attempt = begun.attempts[-1]
        shown = replace(
            attempt,
            external_run_id="4711",
            provider_status=status,
            monitor_url=url,
            submitted_at=self.app.clock(),
            parameters={},
        )
        return self.app.services.ports.runs.save(stored, with_attempt(begun, shown)).run

    def end(
        self,
        run: TaskRun,
        status: RunStatus = RunStatus.SUCCEEDED,
        *,
        error: str | None = None,
        cause: FailureCause | None = None,
        outputs: dict[str, Any] | None = None,
    ) -> TaskRun:
        """End a run, and free its slot."""
        runs = self.app.services.ports.runs
        stored = self._stored(run)
        if stored.run.status is RunStatus.QUEUED and status is not RunStatus.SKIPPED:
            self.begin(run)
            stored = self._stored(run)
        outcome = Outcome(
            status=status,
            reason=f"It ended as {status}.",
            cause=cause or (FailureCause.ARTEFACT if status is RunStatus.FAILED else None),
            error=error,
            outputs=Outputs(values=outputs or {}),
        )
        ended = runs.save(
            stored, finish(stored.run, outcome, at=self.app.clock(), actor="polysync")
        )
        runs.deactivate(ended.run)
        self.app.engine.release(run.shard, run.run_id, 1)
        return ended.run

    def get(self, address: str, **query: Any) -> LexborHTMLParser:
        """Read a page."""
        answer = self.app.browser.get(address, params=query or None)
        assert answer.status_code == 200, answer.text
        return LexborHTMLParser(answer.text)

    def _stored(self, run: TaskRun) -> Any:
        stored = self.app.services.ports.runs.get(RunId(run.run_id))
        assert stored is not None
        return stored


def azure_world() -> RunsWorld:
    """Return a world in which people have roles."""
    return RunsWorld(POLYSYNC_ENVIRONMENT="production", WEBSITE_AUTH_ENABLED="True")


def headers_of(role: Role) -> dict[str, str]:
    return principal_header(role, preferred_username="maria@example.org")


def text_of(node: Any) -> str:
    """Return the visible text of a node on one line."""
    return " ".join(node.text(separator=" ").split())
