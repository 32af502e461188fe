"""The app in one process and in virtual time, with faults at every step.

The use cases, the orchestrations, the Dispatcher and the activities, the embedded engine, and all
storage code above the HTTP client are the real ones. A crash ends all work and loses the memory of
the process. The tables and the platform survive it, and so does the engine if the test says so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest

from orchestrations import activities
from polysync_core.adapters import table_ports
from polysync_core.application.ports import Engine
from polysync_core.application.runs.job_runs import JobRequest
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.composition import build
from polysync_core.domain.errors import Unavailable, Uncertain
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.services import Services
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.schedules import TableSchedules
from tests.fakes.app import FakeVaults, settings_of
from tests.fakes.platform import TimedPlatform
from tests.fakes.runs import Crash
from tests.fakes.tables import Call, TableService
from tests.fakes.virtual_loop import VirtualClock
from tests.faults.faults import Disturbance, Fault, FaultPlan, Service
from tests.faults.stepped_call import SteppedCall
from tests.faults.virtual_engine import SIGNALS, UnreliableClient, VirtualEngine
from tests.faults.virtual_ports import VirtualDefinitions, VirtualQueue

SETTINGS = settings_of(POLYSYNC_RUN_EVENTS_QUEUE="run-events")
TICK = 60.0
LONGEST_WAIT = 20 * 60.0
"""Longer than the reconciler waits before it repairs anything."""


class VirtualApp:
    """One process of the app, with the storage, platform and engine that it uses."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        plan: FaultPlan | None = None,
        *,
        definitions: VirtualDefinitions | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self.plan = plan or FaultPlan()
        self.plan.before = {
            Fault.ENGINE_LOST: self.lose_engine,
            Fault.STARTED_AGAIN: lambda: self.engine.start_again(),
            Fault.OVERTAKEN: self.overtake,
        }
        self.clock = VirtualClock()
        self.tables = TableService()
        self.tables.intercept = self._storage_step
        self.platform = TimedPlatform(self.clock, partial(self._step, Service.PLATFORM))
        self.engine = VirtualEngine(self.clock)
        self.clock_error = 0.0
        """The error of the process's clock in seconds; timers and the engine have none."""
        self.drops_signals = False
        """Whether every signal from the app to the engine is lost."""
        self.definitions = definitions or VirtualDefinitions()
        self.vaults = FakeVaults(dict(secrets or {}))
        self.messages: dict[str, list[str]] = {}
        """The messages that were sent, by queue."""
        self.accepted: set[RunId] = set()
        self.crashes = 0
        self._calls: list[SteppedCall] = []
        self._disturbed: tuple[random.Random, Disturbance] | None = None
        self._next_tick = self.clock.seconds() + TICK
        self.client: Engine = cast(
            "Engine", UnreliableClient(lambda: self.engine, self._engine_step)
        )
        self.process = self._new_process()
        monkeypatch.setattr(activities, "services", lambda: self.process)

    # Requests

    def start(self, task: str = "nap", *, key: str | None = None, downstream: bool = True) -> None:
        """Request a run of a Task. `accepted` lists the runs whose acceptance was answered."""
        request = RunRequest(
            task=task, parameters={}, idempotency_key=key, actor="test", downstream=downstream
        )

        def start() -> None:
            run = self.process.task_runs.run_once(request, self.client)
            self.accepted.add(run.run_id)

        self._request(start)

    def execute(self, job: str = "nap", *, key: str | None = None) -> None:
        """Request a run of a Job without a Task."""
        request = JobRequest(job=job, parameters={}, idempotency_key=key, actor="test")

        def execute() -> None:
            run = self.process.job_runs.execute(request, self.client)
            self.accepted.add(run.run_id)

        self._request(execute)

    def cancel(self, run_id: RunId) -> None:
        """Request the cancellation of a run."""
        self._request(
            lambda: self.process.task_runs.cancel(run_id, actor="test", engine=self.client)
        )

    def restart(self) -> None:
        """End the process in the middle of its work, and start a new one."""
        self._crash()

    def lose_engine(self) -> None:
        """Lose the memory of the engine while the process lives on."""
        self.engine = VirtualEngine(self.clock)

    def overtake(self) -> None:
        """Begin a second execution of each attempt, and let all orchestrations work."""
        self.engine.start_again()
        while self.engine.loop.run_next() or self.engine.workers.run_next():
            pass

    def reconcile(self) -> None:
        """Run one pass of the reconciler."""
        self._request(lambda: self.process.reconciler.reconcile(self.client))

    # Time

    def disturb(self, seed: int, disturbance: Disturbance) -> None:
        """Disturb messages and interleave calls from now on."""
        self._disturbed = random.Random(seed), disturbance

    def advance(self, seconds: float) -> None:
        """Let time pass, and do the work that is due."""
        end = self.clock.seconds() + seconds
        while True:
            self._do_due_work()
            due = self.engine.loop.next_due()
            moment = min(due.timestamp() if due else end, self._next_tick, end)
            self._advance_to(moment)
            if moment == end and self.clock.seconds() >= end:
                break

    def run_until_idle(self) -> None:
        """Let time pass without further faults until no work is left."""
        self.plan.at = 0
        self.drops_signals = False
        self._finish_work()
        self._disturbed = None
        self.engine.delay = lambda: 0.0
        self.advance(2 * TICK)
        self.clock.advance(LONGEST_WAIT)
        self.advance(2 * TICK)
        # Work that was recovered this late, such as the last run of a chain, must end too.
        self._finish_work()

    def _finish_work(self) -> None:
        for _ in range(40):
            self.advance(TICK)
            if not (self.engine.live() or self._calls or self.platform.busy()):
                break

    def stored(self) -> list[TaskRun]:
        """Return all stored runs, without any fault."""
        table = self.tables.tables.get("Runs", {})
        runs = TableRuns(self.tables.storage())
        self.tables.intercept = lambda _, do: do()
        try:
            return [stored.run for key in list(table) if (stored := runs.get(RunId(key[0])))]
        finally:
            self.tables.intercept = self._storage_step

    def _do_due_work(self) -> None:
        while True:
            self.engine.loop.fire_due()
            if self._disturbed is None:
                if not (self.engine.loop.run_next() or self._run_activity()):
                    return
            elif not self._take_turn(*self._disturbed):
                return

    def _advance_to(self, moment: float) -> None:
        # One microsecond more, because the clock rounds the due time of a timer.
        self.clock.advance(max(0.0, moment - self.clock.seconds()) + 1e-6)
        if self.clock.seconds() >= self._next_tick:
            self._next_tick += TICK * (1 + (self.clock.seconds() - self._next_tick) // TICK)
            self.reconcile()

    # The process

    def _new_process(self) -> Services:
        tables = self.tables.storage(sleep=self.clock.advance)
        ports = replace(
            table_ports(
                tables,
                queue=self._queue,
                open_vault=self.vaults.open,
                open_connector=lambda platform, *, secrets: self.platform,
                post=self._receive,
            ),
            definitions=self.definitions,
            schedules=TableSchedules(tables, clock=self.clock),
            clock=lambda: self.clock() + timedelta(seconds=self.clock_error),
            monotonic=self.clock.seconds,
        )
        return build(ports, SETTINGS)

    def _queue(self, name: str) -> VirtualQueue:
        return VirtualQueue(name, self.messages.setdefault(name, []), self._step)

    def _receive(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Accept a delivery to a webhook."""

    def _crash(self) -> None:
        self.crashes += 1
        for call in self._calls:
            call.kill()
        self._calls = []
        self.process = self._new_process()
        if self.plan.engine_dies:
            self.lose_engine()

    def _request(self, request: Callable[[], Any]) -> None:
        """Send a request to the process. Its caller does not repeat it after a failure."""

        def answer() -> None:
            try:
                request()
            except (Unavailable, Uncertain):
                """The answer asks the caller to try again later."""

        self._execute(answer)

    def _run_activity(self) -> bool:
        calls = self.engine.workers.calls
        if not calls:
            return False
        call = calls.popleft()

        def run() -> None:
            try:
                call.execute()
            except Crash:
                calls.append(call)  # an engine that survives the process calls again
                raise

        self._execute(run)
        return True

    def _execute(self, work: Callable[[], None]) -> None:
        if self._disturbed is not None:
            self._calls.append(SteppedCall(work))
            return
        try:
            work()
        except Crash:
            self._crash()

    # Interleaving

    def _take_turn(self, rng: random.Random, chance: Disturbance) -> bool:
        """Let a random call or the engine continue. Return False if time must pass first."""
        self.engine.delay = lambda: (
            rng.uniform(0, chance.longest_delay) * (rng.random() < chance.late)
        )
        if rng.random() < chance.crash:
            self._crash()
        if self._calls and rng.random() < chance.slow:
            self._advance_to(self.clock.seconds() + rng.uniform(0, 20))
        engine_first = not self._calls or rng.random() < 0.5
        if engine_first and (self.engine.loop.run_next() or self._run_activity()):
            return True
        if not self._calls:
            return False
        self._resume(rng.choice(self._calls))
        return True

    def _resume(self, call: SteppedCall) -> None:
        try:
            call.resume()
        except Crash:
            self._calls.remove(call)
            self._crash()
        else:
            if call.done:
                self._calls.remove(call)

    # Steps

    def _step(
        self,
        service: Service,
        label: object,
        do: Callable[[], Any],
        interfere: Callable[[], None] | None = None,
    ) -> Any:
        for call in self._calls:
            if call.owns_thread:
                call.pause()
        now = self.clock.seconds()
        self.clock()
        return self.plan.run_step(service, label, now, do, interfere)

    def _storage_step(self, call: Call, do: Callable[[], Any]) -> Any:
        guarded = call.guarded
        interfere = None if guarded is None else partial(self.tables.touch, call.table, guarded)
        return self._step(Service.STORAGE, call, do, interfere)

    def _engine_step(self, name: str, do: Callable[[], Any]) -> Any:
        if name not in SIGNALS:
            return self._step(Service.ENGINE, name, do)
        return self._step(Service.ENGINE, name, lambda: self._deliver(do))

    def _deliver(self, do: Callable[[], Any]) -> Any:
        """Deliver a signal: at once, or lost, repeated or late if messages are disturbed."""
        if self.drops_signals:
            return None
        if self._disturbed is None:
            return do()
        rng, chance = self._disturbed
        if rng.random() < chance.lost:
            return None
        for _ in range(1 + (rng.random() < chance.repeated)):
            if rng.random() < chance.late:
                delay = rng.uniform(0, chance.longest_delay)
                self.engine.after(delay, do)
            else:
                do()
        return None
