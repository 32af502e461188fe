"""An app whose queue of deliveries is processed in virtual time."""

from __future__ import annotations

import heapq
import json
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.events import events_of
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, finish, new_run
from polysync_core.settings import DELIVERIES
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.builders import a_job, a_platform, a_run, run_id

SLACK_URL = "https://hooks.slack.example/services/T0/B0/canary-91ab"
TEAM: dict[str, Any] = {"name": "team", "type": "Slack", "url": "vault://local/SLACK"}


class Rig:
    """Publishes events of runs, and lets the time pass."""

    def __init__(self, *receivers: dict[str, Any], **settings: str) -> None:
        self.app = FakeApp(
            a_platform(),
            a_job(),
            read_definition(Kind.VAULT, {"name": "local", "provider": "Environment"}),
            *(read_definition(Kind.RECEIVER, each) for each in receivers or [TEAM]),
            settings=settings_of(
                POLYSYNC_PUBLIC_URL="https://polysync.example.com",
                POLYSYNC_WEBHOOK_ATTEMPTS="3",
                **settings,
            ),
        )
        self.app.vaults.values |= {"local/SLACK": SLACK_URL, "local/KEY": "canary-key"}
        self.clock = self.app.clock
        self._names, self._order = count(), count()
        self._due: list[tuple[datetime, int, str]] = []

    def publish(self, run: TaskRun, *, after: int = 0) -> TaskRun:
        """Publish the events of a run from a history entry on."""
        for event in events_of(run, after=after):
            self.app.services.publisher.publish(event)
        self._take()
        return run

    def queued(self, **changes: Any) -> TaskRun:
        """Publish the begin of a run that is stored."""
        named = {"run_id": run_id(f"r{next(self._names)}"), "queued_at": self.clock(), **changes}
        run = new_run(a_run(**named), actor="api")
        stored = self.app.services.ports.runs.insert(run)
        assert stored is not None
        return self.publish(run)

    def ended(self, status: str, **changes: Any) -> TaskRun:
        """Publish the whole life of a run that ends now."""
        cause = changes.pop("cause", FailureCause.ARTEFACT)
        error = changes.pop("error", "Table sales is locked.")
        run = self.queued(**changes)
        if status != "Skipped":
            run = begin_attempt(run, at=self.clock(), actor="polysync")
        failed = status == "Failed"
        outcome = Outcome(
            status=RunStatus(status),
            reason="The attempt has ended.",
            cause=cause if failed else None,
            error=error if failed else None,
            monitor_url="https://adb.example.net/#job/1/run/2" if status != "Skipped" else None,
        )
        run = finish(run, outcome, at=self.clock(), actor="polysync")
        stored = self.app.services.ports.runs.get(run.run_id)
        assert stored is not None
        self.app.services.ports.runs.save(stored, run)
        return self.publish(run, after=1)

    def pass_time(self, **distance: float) -> None:
        """Process the messages that are due until a later time."""
        self._take()
        end = self.clock() + timedelta(**distance)
        while self._due and self._due[0][0] <= end:
            due, _, text = heapq.heappop(self._due)
            self.clock.now = max(due, self.clock.now)
            self.process(text)
        self.clock.now = end

    def process(self, text: str) -> None:
        """Process one message of the queue."""
        self.app.services.notifications.process(text)
        self._take()

    def waiting(self) -> list[str]:
        """Return the messages in the queue."""
        return [text for _, _, text in sorted(self._due)]

    def titles(self) -> list[str]:
        """Return the titles of the messages that Slack accepted."""
        return [json.loads(body)["text"] for _, _, body in self.app.receiver.posts]

    def bodies(self) -> list[Any]:
        """Return the bodies of the requests that were accepted."""
        return [json.loads(body) for _, _, body in self.app.receiver.posts]

    def poison(self) -> list[str]:
        """Return the abandoned messages."""
        return [sent.text for sent in self.app.queue(f"{DELIVERIES}-poison").sent]

    def _take(self) -> None:
        queue = self.app.queue(DELIVERIES)
        for sent in queue.sent:
            due = self.clock() + timedelta(seconds=sent.delay_seconds)
            heapq.heappush(self._due, (due, next(self._order), sent.text))
        queue.sent.clear()
