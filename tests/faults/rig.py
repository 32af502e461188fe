"""The app in one process, its outside in virtual time, and everything that may go wrong between.

Real are the use cases, the orchestrations, entities and activities, the engine of the local host
and all of storage above the HTTP client. A crash ends what runs and forgets what the process knew;
tables, platform and (if the test says so) the engine's memory stay.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from orchestrations import activities
from orchestrations.engine import DurableEngine
from polysync_core.adapters import table_ports
from polysync_core.application.runs.job_runs import JobRequest
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.composition import build
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.definitions.tasks import Dependency, Task
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Unavailable, Uncertain
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.services import Services
from polysync_core.storage.runs import TableRuns
from tests.fakes.app import FakeVaults, settings_of
from tests.fakes.builders import a_job
from tests.fakes.definitions import FakeDefinitions
from tests.fakes.platform import TimedPlatform
from tests.fakes.runs import Crash
from tests.fakes.tables import Call, TableService
from tests.faults.actors import Actor
from tests.faults.faults import Plan, Service
from tests.faults.virtual_engine import (
    START,
    InProcessStub,
    VirtualClock,
    VirtualEngine,
    connect,
    govern_time,
)

PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)
TICK = 60.0
LONG = 20 * 60.0
"""Longer than any patience that the reconciler has with what is young."""


class _Definitions(FakeDefinitions):
    """The Tasks of a world as their store gives them."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def get(self, kind: Kind, name: str) -> StoredDefinition[Definition] | None:
        return self._world.definition(kind, name)

    def all(self, kind: Kind) -> Iterator[StoredDefinition[Definition]]:
        if kind is Kind.WEBHOOK:
            for webhook in self._world.webhooks:
                yield StoredDefinition(definition=webhook, etag="1", updated_at=START)

    def referrers(self, reference: Reference) -> Iterator[StoredDefinition[Definition]]:
        for name, dependencies in self._world.dependencies.items():
            if reference.name in {each.task for each in dependencies}:
                yield StoredDefinition(
                    definition=self._world.task(name), etag="1", updated_at=START
                )


class _Queue:
    """A queue that outlives the process; sending to it is a step that a fault may hit."""

    def __init__(self, name: str, messages: list[str], step: Callable[..., Any]) -> None:
        self._name = name
        self._messages = messages
        self._step = step

    def send(self, text: str, *, delay_seconds: int = 0) -> None:
        def put() -> None:
            self._messages.append(text)

        try:
            self._step(Service.STORAGE, f"send to {self._name}", put)
        except ServiceRequestError as error:
            raise Unavailable from error
        except ServiceResponseError as error:
            raise Uncertain from error


class _InTurn:
    """A pool without threads, so that the steps of a pass come in one order."""

    map = staticmethod(map)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chaos:
    """How messages and work are mixed up, in chances of one."""

    lost: float = 0.1
    repeated: float = 0.15
    late: float = 0.25
    latest: float = 90.0
    slow: float = 0.02
    """That time passes while something is in the middle of its work."""
    crash: float = 0.0


class World:
    """One scenario's outside and the process in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self.clock = VirtualClock()
        govern_time(self.clock, monkeypatch)
        self.tables = TableService()
        self.tables.around = self._storage_step
        self.platform = TimedPlatform(self.clock, partial(self._step, Service.PLATFORM))
        self.engine = VirtualEngine(self.clock)
        self.deaf = False
        """Whether the engine hears none of the app's signals."""
        self.limits: dict[str, int] = {}
        self.dependencies: dict[str, tuple[Dependency, ...]] = {}
        self.webhooks: list[Webhook] = []
        self.messages: dict[str, list[str]] = {}
        """What was sent to each queue."""
        self.accepted: set[RunId] = set()
        self.crashes = 0
        self._actors: list[Actor] = []
        self._chaos: tuple[random.Random, Chaos] | None = None
        self._next_tick = self.clock.seconds() + TICK
        stub = InProcessStub(lambda: self.engine, self._engine_step)
        self.client = DurableEngine(connect(stub))
        self.process = self._started()
        monkeypatch.setattr(activities, "services", lambda: self.process)

    # What people do

    def start(self, task: str = "nap", *, key: str | None = None, downstream: bool = True) -> None:
        """Ask for a run; whether it was accepted shows in `accepted`, as its caller sees it."""
        request = RunRequest(
            task=task, parameters={}, idempotency_key=key, actor="test", downstream=downstream
        )

        def ask() -> None:
            run = self.process.task_runs.run_once(request, self.client)
            self.accepted.add(run.run_id)

        self._ask(ask)

    def execute(self, job: str = "nap", *, key: str | None = None) -> None:
        """Ask for a run of a Job without a Task."""
        request = JobRequest(job=job, parameters={}, idempotency_key=key, actor="test")

        def ask() -> None:
            run = self.process.job_runs.execute(request, self.client)
            self.accepted.add(run.run_id)

        self._ask(ask)

    def cancel(self, run_id: RunId) -> None:
        """Ask for a run's end."""
        self._ask(lambda: self.process.task_runs.cancel(run_id, actor="test", engine=self.client))

    def reconcile(self) -> None:
        """Make a pass of the minute tick."""
        self._ask(lambda: self.process.reconciler.reconcile(self.client))

    # How time passes

    def be_chaotic(self, seed: int, chaos: Chaos) -> None:
        """Mix up messages and work from now on."""
        self._chaos = random.Random(seed), chaos

    def pass_time(self, seconds: float) -> None:
        """Let the world go on for so long."""
        end = self.clock.seconds() + seconds
        while True:
            self._work_off()
            due = self.engine.timer_queue.next_due() or end
            moment = min(due, self._next_tick, end)
            self._come_to(moment)
            if moment == end and self.clock.seconds() >= end:
                break

    def come_to_rest(self) -> None:
        """Let the world go on without further trouble until nothing is left to do."""
        self.plan.at = 0
        self.deaf = False
        self._work_out()
        self._chaos = None
        self.engine.delay = lambda: 0.0
        self.pass_time(2 * TICK)
        self.clock.advance(LONG)
        self.pass_time(2 * TICK)
        # What was made good this late, such as the last of a chain, has to come to its end, too.
        self._work_out()

    def _work_out(self) -> None:
        for _ in range(40):
            self.pass_time(TICK)
            if not (self.engine.live() or self._actors or self.platform.busy()):
                break

    def stored(self) -> list[TaskRun]:
        """Return all runs as they are stored, past every fault."""
        table = self.tables.tables.get("Runs", {})
        runs = TableRuns(self.tables.storage())
        self.tables.around = lambda _, do: do()
        try:
            return [stored.run for key in list(table) if (stored := runs.get(RunId(key[0])))]
        finally:
            self.tables.around = self._storage_step

    def _work_off(self) -> None:
        while True:
            self.engine.fire_timers()
            if self._chaos is None:
                if not (self.engine.decide() or self._run_activity()):
                    return
            elif not self._take_a_turn(*self._chaos):
                return

    def _come_to(self, moment: float) -> None:
        # A microsecond more, which is what the clock cannot show of a timer's moment.
        self.clock.advance(max(0.0, moment - self.clock.seconds()) + 1e-6)
        if self.clock.seconds() >= self._next_tick:
            self._next_tick += TICK * (1 + (self.clock.seconds() - self._next_tick) // TICK)
            self.reconcile()

    # The process

    def _started(self) -> Services:
        ports = replace(
            table_ports(
                self.tables.storage(sleep=self.clock.advance),
                queue=self._queue,
                open_vault=FakeVaults().open,
                open_connector=lambda platform, *, secrets: self.platform,
                post=self._receive,
            ),
            definitions=_Definitions(self),
            clock=self.clock,
            monotonic=self.clock.seconds,
        )
        ports.runs._readers = _InTurn()  # type: ignore[attr-defined]
        return build(ports, settings_of())

    def _queue(self, name: str) -> _Queue:
        return _Queue(name, self.messages.setdefault(name, []), self._step)

    def _receive(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take an event that a webhook is sent."""

    def definition(self, kind: Kind, name: str) -> StoredDefinition[Definition] | None:
        """Return a stored definition; there is one of every name."""
        match kind:
            case Kind.TASK:
                found = self.task(name)
            case Kind.JOB:
                found = a_job(name=name)
            case Kind.PLATFORM:
                found = PLATFORM
            case _:
                return None
        return StoredDefinition(definition=found, etag="1", updated_at=START)

    def task(self, name: str) -> Task:
        """Return the definition of a Task; every name is one."""
        return Task(
            name=name,
            job="nap",
            max_concurrent_runs=self.limits.get(name),
            dependencies=self.dependencies.get(name, ()),
        )

    def _crash(self) -> None:
        self.crashes += 1
        for actor in self._actors:
            actor.kill()
        self._actors = []
        self.process = self._started()
        if self.plan.engine_dies:
            self.engine = VirtualEngine(self.clock)

    def _ask(self, request: Callable[[], Any]) -> None:
        """Make a request to the process; one that fails is not repeated by its caller."""

        def answered() -> None:
            try:
                request()
            except (Unavailable, Uncertain):
                """The caller is told to try again later."""

        self._carry_out(answered)

    def _run_activity(self) -> bool:
        if (work := self.engine.take_activity()) is None:
            return False
        engine = self.engine

        def run() -> None:
            try:
                engine.run_activity(work)
            except Crash:
                engine.redeliver(work)
                raise

        self._carry_out(run)
        return True

    def _carry_out(self, work: Callable[[], None]) -> None:
        if self._chaos is not None:
            self._actors.append(Actor(work))
            return
        try:
            work()
        except Crash:
            self._crash()

    # Turns

    def _take_a_turn(self, rng: random.Random, chaos: Chaos) -> bool:
        """Let one of those who can go on do so; False if time must pass first."""
        self.engine.delay = lambda: rng.uniform(0, chaos.latest) * (rng.random() < chaos.late)
        if rng.random() < chaos.crash:
            self._crash()
        if self._actors and rng.random() < chaos.slow:
            self._come_to(self.clock.seconds() + rng.uniform(0, 20))
        turn = not self._actors or rng.random() < 0.5
        if turn and (self.engine.decide() or self._run_activity()):
            return True
        if not self._actors:
            return False
        actor = rng.choice(self._actors)
        try:
            actor.resume()
        except Crash:
            self._actors.remove(actor)
            self._crash()
        else:
            if actor.done:
                self._actors.remove(actor)
        return True

    # Steps

    def _step(
        self,
        service: Service,
        label: str,
        do: Callable[[], Any],
        interfere: Callable[[], None] | None = None,
    ) -> Any:
        for actor in self._actors:
            if actor.runs_here:
                actor.pause()
        now = self.clock.seconds()
        self.clock()
        return self.plan.take(service, f"{label} ({service})", now, do, interfere)

    def _storage_step(self, call: Call, do: Callable[[], Any]) -> Any:
        guarded = call.guarded
        interfere = None if guarded is None else partial(self.tables.touch, call.table, guarded)
        return self._step(Service.STORAGE, str(call), do, interfere)

    def _engine_step(self, name: str, do: Callable[[], Any]) -> Any:
        if name not in {"SignalEntity", "RaiseEvent"}:
            return self._step(Service.ENGINE, name, do)
        return self._step(Service.ENGINE, name, lambda: self._send(do))

    def _send(self, do: Callable[[], Any]) -> Any:
        """Deliver a client's message: as it is, or as messages fare."""
        if self.deaf:
            return None
        if self._chaos is None:
            return do()
        rng, chaos = self._chaos
        if rng.random() < chaos.lost:
            return None
        for _ in range(1 + (rng.random() < chaos.repeated)):
            if rng.random() < chaos.late:
                self.engine.timer_queue.after(rng.uniform(0, chaos.latest), partial(_late, do))
            else:
                do()
        return None


def _late(deliver: Callable[[], Any]) -> None:
    try:
        deliver()
    except Exception as error:
        if not hasattr(error, "code"):
            raise
