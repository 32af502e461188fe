"""The embedded engine in virtual time, and a client of it whose calls may fail.

A test drives the engine step by step in one thread. The engine may be lost with the process, as on
one machine, or survive it, as on Azure.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from durabletask.task import Task

from orchestrations.context import OrchestrationContext
from orchestrations.dispatcher_messages import Start
from orchestrations.durable_functions import DURABLE_FUNCTIONS
from orchestrations.names import TASK_RUN
from orchestrations.task_run import task_run
from polysync_core.domain.clock import Clock
from polysync_embedded.engine.dispatchers import Dispatchers
from polysync_embedded.engine.engine import EmbeddedEngine
from polysync_embedded.engine.ports import Loop
from tests.fakes.virtual_loop import VirtualClock, VirtualLoop, VirtualWorkers

type Step = Callable[[str, Callable[[], Any]], Any]

SIGNALS = frozenset({"enqueue", "release", "restore_lease", "update_policies", "wake"})
"""The calls whose message may arrive late, twice or never."""


class RecordingDispatchers(Dispatchers):
    """Dispatchers that record which leases end."""

    def __init__(self, *, clock: Clock, loop: Loop, start: Callable[[Start], None]) -> None:
        super().__init__(clock=clock, loop=loop, start=start)
        self.released: list[tuple[str, int]] = []

    def apply(self, shard: str, operation: str, message: Any) -> None:
        before = self.copy_of(shard).leases
        super().apply(shard, operation, message)
        after = self.copy_of(shard).leases
        for run_id, lease in before.items():
            if run_id not in after or after[run_id].attempt != lease.attempt:
                self.released.append((run_id, lease.attempt))


class VirtualEngine(EmbeddedEngine):
    """An engine that does one step at a time, with messages that take their time."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.loop = VirtualLoop(clock)
        self.workers = VirtualWorkers()
        self.delay: Callable[[], float] = lambda: 0.0
        """Returns the seconds until the next message reaches its Dispatcher."""
        self.begun: list[dict[str, Any]] = []
        """The inputs of the attempts whose orchestrations have begun."""
        self._repetitions = 0
        orchestrations = {**DURABLE_FUNCTIONS.orchestrations, TASK_RUN: self._task_run}
        functions = replace(DURABLE_FUNCTIONS, orchestrations=orchestrations)
        super().__init__(clock=clock, loop=self.loop, workers=self.workers, functions=functions)
        self._dispatchers = RecordingDispatchers(
            clock=clock, loop=self.loop, start=self._orchestrations.start
        )

    @property
    def released(self) -> list[tuple[str, int]]:
        """Return the run and attempt of each lease that ended."""
        return self._dispatchers.released

    def start_again(self) -> None:
        """Begin another execution of each attempt, as a start message does that arrives twice.

        The executions work at the same time. That is more than an engine does.
        """
        for work in self.begun:
            self._repetitions += 1
            repeated = f"{work['run']}~{work['attempt']}~{self._repetitions}"
            self._orchestrations.start(Start(TASK_RUN, work, repeated))

    def _task_run(
        self, context: OrchestrationContext, work: dict[str, Any]
    ) -> Generator[Task[Any], Any]:
        if set(work) == {"run", "attempt", "shard"} and work not in self.begun:
            self.begun.append(work)
        return task_run(context, work)

    def after(self, seconds: float, step: Callable[[], None]) -> None:
        """Run a step later."""
        self.loop.at(self._clock.now + timedelta(seconds=seconds), step)

    def _signal(self, shard: str, operation: str, message: Any) -> None:
        deliver = partial(super()._signal, shard, operation, message)
        if (seconds := self.delay()) > 0:
            self.after(seconds, deliver)
        else:
            deliver()


class UnreliableClient:
    """The `Engine` port as the app gets it; `step` may inject a fault into each call."""

    def __init__(self, engine: Callable[[], VirtualEngine], step: Step) -> None:
        self._engine = engine
        self._step = step

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            return self._step(name, lambda: getattr(self._engine(), name)(*arguments))

        return call
