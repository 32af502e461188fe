"""Defines a test app whose Tasks have deadlines, with a clock that tests advance."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, finish
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.builders import a_platform
from tests.fakes.runs import Crash
from tests.fakes.scheduled import JOB, Scheduled
from tests.fakes.tables import Call

EARLY = {"name": "early", "cron": "0 5 * * *", "timeZone": "Europe/Berlin"}
"""Fires at 05:00 in Berlin."""


class Expecting(Scheduled):
    """Tasks with deadlines, and the events that the app sends."""

    def __init__(self) -> None:
        self.app = FakeApp(
            a_platform(),
            read_definition(Kind.JOB, JOB),
            settings=settings_of(POLYSYNC_RUN_EVENTS_QUEUE="events"),
        )
        self.restart = self.app.restart
        self.clock, self.engine, self.tables = self.app.clock, self.app.engine, self.app.tables

    def at(self, text: str) -> None:
        """Set the clock to a time in UTC."""
        self.clock.now = datetime.fromisoformat(f"{text}+00:00")

    def minute(self, **later: float) -> None:
        """Advance the clock, then process schedules and deadlines, as the minute timer does."""
        self.clock.advance(**later)
        self.tick()
        self.check()

    def check(self) -> None:
        """Check the deadlines that are due, as a host of its own does."""
        replace(self.services.deadline_check, workers=1, turn=Lock()).check(self.engine)

    def until(self, text: str, *, step: timedelta = timedelta(minutes=1)) -> None:
        """Run the minute timer until a time in UTC."""
        end = datetime.fromisoformat(f"{text}+00:00")
        while self.clock.now < end:
            self.clock.now = min(self.clock.now + step, end)
            self.minute()

    def watch(self, *, seconds: float) -> None:
        """Let a host watch all the time, as the embedded host does."""
        since, end = self.clock(), self.clock() + timedelta(seconds=seconds)
        while self.clock() < end:
            since, wait = self.services.schedule_watch.step(since, self.engine)
            self.clock.now += max(wait, timedelta(milliseconds=1))

    def begin(self, run: TaskRun) -> TaskRun:
        """Start the attempt of a run."""
        stored = self.runs.get(run.run_id)
        assert stored is not None
        return self.runs.save(stored, begin_attempt(stored.run, at=self.clock(), actor="test")).run

    def rerun(self, run: TaskRun) -> TaskRun:
        return self.services.task_runs.rerun(
            run.run_id, idempotency_key=None, actor="test", engine=self.engine
        )

    def run_once(self) -> TaskRun:
        request = RunRequest(task="load-daily", parameters={}, priority=None, actor="test")
        return self.services.task_runs.run_once(request, self.engine)

    def finish(self, run: TaskRun, status: RunStatus = RunStatus.SUCCEEDED) -> None:
        """End a run; start it before if it waits."""
        stored = self.runs.get(run.run_id)
        assert stored is not None
        running = stored.run
        if running.status is RunStatus.QUEUED:
            running = begin_attempt(running, at=self.clock(), actor="test")
        done = finish(running, Outcome(status=status, reason=""), at=self.clock(), actor="test")
        self.runs.save(stored, done)
        self.runs.deactivate(done)

    def run(self, run: TaskRun) -> TaskRun:
        stored = self.runs.get(run.run_id)
        assert stored is not None
        return stored.run

    def events(self) -> list[dict[str, Any]]:
        """Return the events about deadlines, each once, in order."""
        messages = [json.loads(sent.text) for sent in self.app.queue("events").sent]
        found = [each for each in messages if "deadline" in each]
        return list({each["eventId"]: each for each in found}.values())

    def news(self) -> list[str]:
        """Return the events in short: change, kind, deadline in UTC, cause."""
        return [
            f"{each['deadline']} {each['kind']} {each['deadlineAt'][5:16]} {each['cause']}"
            for each in self.events()
        ]

    @contextmanager
    def spoiled(self, intercept: Callable[[Call, Callable[[], Any]], Any]) -> Iterator[None]:
        """Intercept the storage calls; a crash ends the process, and a new one starts."""
        self.tables.intercept = intercept
        try:
            yield
        except Crash:
            self.restart()
        finally:
            self.tables.intercept = lambda _, do: do()
